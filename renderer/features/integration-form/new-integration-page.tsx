import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { ClipboardPaste } from 'lucide-react'
import { useRef, useState } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { infoQuery, integrationListQuery, integrationQuery } from '../../query/queries'
import { Button, buttonClass } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { countOf } from '../../ui/format'
import { PageHeader } from '../../ui/page'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { toastSuccess } from '../../ui/toast'
import { looksLikeDefinition, type Reading, readPasted } from './definition'
import { DetailsArea } from './details-area'
import { duplicateOf, emptyForm, type FormValues, toNewIntegration } from './form-model'
import { IntegrationFormView } from './integration-form-view'
import { LeaveGuard } from './leave-guard'
import { PasteDialog } from './paste-dialog'
import { ReadingRemark } from './reading-remark'
import { useIntegrationForm } from './use-integration-form'

const route = getRouteApi('/integrations/new')

/** *New Integration*: empty, for the address of a receiver, or like another integration. */
export function NewIntegrationPage() {
  const { callbackUrl, like } = route.useSearch()
  if (like !== undefined) return <Duplicate key={like} id={like} />
  return <NewIntegration key={callbackUrl} initial={emptyForm(callbackUrl)} />
}

function Duplicate({ id }: { readonly id: string }) {
  const original = useQuery(integrationQuery(id))
  const rows = useQuery(integrationListQuery).data?.rows
  if (original.isError && !original.data) {
    return (
      <ErrorState
        title="The integration to duplicate could not be loaded"
        error={original.error}
        onRetry={() => void original.refetch()}
      />
    )
  }
  if (!original.data || !rows) return <SkeletonRows rows={6} rowHeight={64} />
  const takenIds = rows.map((row) => row.id)
  return <NewIntegration initial={duplicateOf(original.data, takenIds)} from={id} />
}

interface Props {
  readonly initial: FormValues
  /** The integration that this one is like. */
  readonly from?: string
}

function NewIntegration({ initial, from }: Props) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const rows = useQuery(integrationListQuery).data?.rows
  const limit = useQuery(infoQuery).data?.integrationLimit
  const created = useRef(false)
  const [pasting, setPasting] = useState(false)
  const [reading, setReading] = useState<Reading | null>(null)

  const form = useIntegrationForm({
    initial,
    save: async (values) => {
      const { id } = await call('integrations.create', toNewIntegration(values))
      created.current = true
      void client.invalidateQueries({ queryKey: keys.integrations })
      toastSuccess(`Integration ${id} was created and is active`)
      await navigate({ to: '/integrations/$id/events', params: { id } })
    },
  })
  const take = (read: Reading) => {
    setPasting(false)
    form.fill(read)
    setReading(read)
  }
  const takeText = (text: string) => {
    if (!looksLikeDefinition(text)) return false
    const read = readPasted(text)
    if (typeof read === 'string') return false
    take(read)
    return true
  }
  const limitReached = limit !== undefined && rows !== undefined && rows.length >= limit
  return (
    <>
      <PageHeader title="New Integration">
        <Button icon={<ClipboardPaste size={14} aria-hidden="true" />} onClick={() => setPasting(true)}>
          Paste a definition…
        </Button>
      </PageHeader>
      <IntegrationFormView
        form={form}
        name="New Integration"
        onPasteText={takeText}
        remarks={
          <>
            {limitReached && (
              <Callout tone="warning" title="The maximum is reached">
                There are {countOf(rows.length, 'integration')} already, paused ones included. Delete one before you
                create another.
              </Callout>
            )}
            {from !== undefined && (
              <Callout tone="info" title={`Like ${from}`}>
                Everything of it is filled in except its secrets, which nobody can read: enter them anew.
              </Callout>
            )}
            {reading !== null && <ReadingRemark reading={reading} onDismiss={() => setReading(null)} />}
          </>
        }
        details={<DetailsArea form={form} />}
        submitLabel="Create"
        cancel={
          <Link to="/event-stream/$view" params={{ view: 'all' }} className={buttonClass()}>
            Cancel
          </Link>
        }
      />
      {pasting && <PasteDialog onRead={take} onClose={() => setPasting(false)} />}
      <LeaveGuard unsaved={() => form.isDirty && !created.current} title="Discard this integration?" />
    </>
  )
}
