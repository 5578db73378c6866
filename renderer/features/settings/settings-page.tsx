import type { Settings } from '@shared/domain'
import { AppError } from '@shared/errors'
import { settingsDefaults, settingsUpdate } from '@shared/schemas/settings'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { SearchX } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { infoQuery, settingsQuery } from '../../query/queries'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { formatNumber } from '../../ui/format'
import { PageHeader } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { TextField } from '../../ui/text-field'
import { toastSuccess } from '../../ui/toast'
import { defaultText, fieldText, fieldValue, findSettings, type Setting } from './setting-list'
import styles from './settings-page.module.css'

/** The settings of the workspace; each is saved by itself, when its field is left or Enter is pressed. */
export function SettingsPage() {
  const { data, error, refetch } = useQuery(settingsQuery)
  const workspace = useQuery(infoQuery).data?.workspace
  const [search, setSearch] = useState('')
  const found = findSettings(search)
  const groups = [...new Set(found.map(({ group }) => group))]
  return (
    <>
      <PageHeader title="Settings">
        <SearchField
          label="Search settings"
          className={styles.search}
          delayMs={80}
          value={search}
          onChange={setSearch}
        />
      </PageHeader>
      {!data && error ? (
        <ErrorState title="The settings could not be loaded" error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows rows={6} rowHeight={64} />
      ) : found.length === 0 ? (
        <EmptyState
          icon={SearchX}
          title="No setting matches"
          actions={<Button onClick={() => setSearch('')}>Clear search</Button>}
        >
          Nothing about “{search}”.
        </EmptyState>
      ) : (
        <div className={styles.content}>
          <div className={styles.column}>
            <p className={styles.intro}>
              They belong to the workspace{workspace === undefined ? '' : ` ${workspace}`} and apply at once.
            </p>
            {groups.map((group) => (
              <section key={group} className={styles.group} aria-label={group}>
                <h2 className={styles.groupTitle}>{group}</h2>
                {found
                  .filter((setting) => setting.group === group)
                  .map((setting) => (
                    <Field key={setting.key} setting={setting} values={data} />
                  ))}
              </section>
            ))}
          </div>
        </div>
      )}
    </>
  )
}

interface FieldProps {
  readonly setting: Setting
  readonly values: Settings
}

function Field({ setting, values }: FieldProps) {
  const client = useQueryClient()
  const saved = fieldText(setting, values)
  const [draft, setDraft] = useState<string | null>(null)
  const [problem, setProblem] = useState<string>()
  const save = useMutation({
    mutationFn: (change: Partial<Settings>) => call('settings.update', change),
    onSuccess: (next) => {
      client.setQueryData(settingsQuery.queryKey, next)
      setDraft(null)
      toastSuccess(`${setting.label}: saved`)
      return client.invalidateQueries({ queryKey: keys.info })
    },
  })
  const commit = (text: string) => {
    setProblem(undefined)
    if (text.trim() === saved) return setDraft(null)
    const value = fieldValue(setting, text)
    if (value === undefined) return setProblem('Enter a number.')
    const parsed = settingsUpdate.safeParse({ [setting.key]: value })
    if (!parsed.success) return setProblem(problemOf(setting, parsed.error.issues[0]))
    save.mutate(parsed.data as Partial<Settings>)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    commit(draft ?? saved)
  }
  const refused = save.isError && draft !== null ? sentenceOf(save.error) : undefined
  const isDefault = values[setting.key] === settingsDefaults[setting.key]
  return (
    <form className={styles.field} onSubmit={onSubmit} data-setting={setting.key}>
      <TextField
        label={setting.label}
        hint={setting.hint}
        error={problem ?? refused}
        inputMode={setting.kind === 'number' ? 'decimal' : 'url'}
        mono={setting.kind === 'address'}
        className={setting.kind === 'number' ? styles.short : undefined}
        placeholder={setting.empty}
        value={draft ?? saved}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => draft !== null && commit(draft)}
        trailing={setting.unit === undefined ? undefined : <span className={styles.unit}>{setting.unit}</span>}
      />
      {!isDefault && (
        <Button
          small
          variant="ghost"
          className={styles.reset}
          pending={save.isPending}
          onClick={() => {
            setDraft(null)
            setProblem(undefined)
            save.mutate({ [setting.key]: settingsDefaults[setting.key] })
          }}
        >
          Back to {defaultText(setting)}
        </Button>
      )}
      {save.error instanceof AppError && save.error.code === 'permission_denied' && (
        <Callout tone="warning">{save.error.message}</Callout>
      )}
    </form>
  )
}

interface Issue {
  readonly code?: string | undefined
  readonly minimum?: unknown
  readonly maximum?: unknown
  readonly message: string
}

/** Bounds in the unit of the field; everything else in the words of the schema. */
function problemOf({ factor = 1, unit }: Setting, issue: Issue | undefined): string {
  const inUnit = (bound: unknown) => {
    const number = Number(bound) / factor
    return unit === undefined
      ? formatNumber(number)
      : `${formatNumber(number)} ${number === 1 ? unit.replace(/s$/, '') : unit}`
  }
  if (issue?.code === 'too_small') return `At least ${inUnit(issue.minimum)}.`
  if (issue?.code === 'too_big') return `At most ${inUnit(issue.maximum)}.`
  if (issue?.code === 'invalid_type') return 'Enter a whole number.'
  return issue?.message ?? 'This value is not possible.'
}
