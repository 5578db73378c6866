import type { Integration, IntegrationSummary } from '@shared/domain'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Copy } from 'lucide-react'
import { useState } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationQuery } from '../../query/queries'
import { Button, buttonClass } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { Definitions } from '../../ui/definitions'
import { formatSpan } from '../../ui/format'
import { SkeletonRows } from '../../ui/skeleton'
import { targetText } from '../integrations/words'
import { Area } from './area'
import { FixedDetails } from './fixed-details'
import { formOf, hasChanges, toUpdate } from './form-model'
import styles from './integration-form.module.css'
import { IntegrationFormView } from './integration-form-view'
import { LeaveGuard } from './leave-guard'
import { useIntegrationForm } from './use-integration-form'

const route = getRouteApi('/integrations/$id/settings')

/** *Edit Integration Details*: events, target details and delivery options; the rest is visible and fixed. */
export function EditIntegrationPage() {
  const { id } = route.useParams()
  // The layout around this screen speaks of an error.
  const { data } = useQuery(integrationQuery(id))
  if (data === undefined) return <SkeletonRows rows={6} rowHeight={64} />
  if (data.integrationType === 'temporary') return <Unchangeable integration={data} />
  return <EditForm key={id} current={data} />
}

function EditForm({ current }: { readonly current: IntegrationSummary }) {
  const client = useQueryClient()
  const [saved, setSaved] = useState<Integration>(current)
  const [justSaved, setJustSaved] = useState(false)
  const { id, options } = saved
  const running = current.status === 'running'

  const form = useIntegrationForm({
    initial: formOf(saved),
    saved,
    save: async (values) => {
      const updated = await call('integrations.update', toUpdate(values, saved))
      client.setQueryData<IntegrationSummary>(keys.integration(id), (old) => old && { ...old, ...updated })
      void client.invalidateQueries({ queryKey: keys.integrations })
      startFrom(updated)
      setJustSaved(true)
    },
  })
  const startFrom = (integration: Integration) => {
    setSaved(integration)
    form.form.reset(formOf(integration))
  }
  const changed = hasChanges(form.values, saved)
  const newer = current.updatedAt > saved.updatedAt && !form.saving
  const changedElsewhere = newer && editableOf(current) !== editableOf(saved)
  return (
    <>
      <IntegrationFormView
        form={form}
        name="Edit Integration Details"
        remarks={
          changedElsewhere && (
            <Callout
              tone="warning"
              title="It was changed meanwhile"
              action={
                <Button small onClick={() => startFrom(current)}>
                  Show what is saved now
                </Button>
              }
            >
              Somebody else has saved a change of {id}. What you save replaces only the fields that you have changed
              yourself.
            </Callout>
          )
        }
        details={<FixedDetails integration={saved} />}
        submitLabel="Save"
        savingText={
          running
            ? `Attempts in flight finish first, which may take ${formatSpan(options.totalTimeoutMs)}. Then delivery goes on where it was.`
            : 'Saving.'
        }
        savedText={
          justSaved && !changed ? (running ? 'Saved. Delivery goes on with the change.' : 'Saved.') : undefined
        }
        canSubmit={changed}
        cancel={
          <Button disabled={!form.isDirty || form.saving} onClick={() => form.form.reset(formOf(saved))}>
            Discard changes
          </Button>
        }
      />
      <LeaveGuard unsaved={() => changed} title="Discard the changes?" />
    </>
  )
}

function editableOf({ selection, target, options }: Integration): string {
  return JSON.stringify([selection, target, options])
}

function Unchangeable({ integration }: { readonly integration: Integration }) {
  const { id, selection, target } = integration
  const names = [...selection.entities, ...selection.events]
  const { kind, address } = targetText(target)
  return (
    <div className={styles.scroller}>
      <div className={styles.remarks}>
        <Callout
          tone="info"
          title="A temporary integration cannot be changed"
          action={
            <Link to="/integrations/new" search={{ like: id }} className={buttonClass('secondary', true)}>
              <Copy size={13} aria-hidden="true" />
              Duplicate
            </Link>
          }
        >
          It replays the events between two dates once, and a change would leave that replay half the one and half the
          other. Duplicate it to run another.
        </Callout>
      </div>
      <FixedDetails integration={integration} />
      <Area title="Events" about="What it consumes.">
        {names.length === 0 ? (
          <p>All events</p>
        ) : (
          <ul className={styles.names}>
            {names.map((name) => (
              <li key={name}>
                <code>{name}</code>
              </li>
            ))}
          </ul>
        )}
      </Area>
      <Area title="Integration Target" about="Where the events go.">
        <div className={styles.fixed}>
          <Definitions
            items={[
              ['Target', kind],
              ['Address', <code key="address">{address}</code>],
              ...(target.kind === 'webhook'
                ? ([['API Key', target.hasApiKey ? 'Saved' : 'None']] as const)
                : ([['AWS Access Key', `Saved, ends in ${target.accessKeyHint}`]] as const)),
            ]}
          />
        </div>
      </Area>
    </div>
  )
}
