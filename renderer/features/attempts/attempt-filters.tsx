import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button, IconButton } from '../../ui/button'
import { fromLocalInput, toLocalInput } from '../../ui/local-input'
import { Segmented } from '../../ui/radio'
import { Select } from '../../ui/select'
import styles from './attempt-filters.module.css'
import { type AttemptSearch, hasFilters, type Period } from './attempt-search'

interface Props {
  readonly search: AttemptSearch
  /** `typing` marks steps that are not worth a way back. */
  readonly onChange: (change: Partial<AttemptSearch>, typing?: boolean) => void
  readonly onClear: () => void
}

const DEBOUNCE_MS = 300

const periods: readonly { readonly value: Period | 'all'; readonly label: string }[] = [
  { value: 'all', label: 'All time' },
  { value: '15m', label: 'Last 15 minutes' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: 'custom', label: 'Custom range' },
]

export function AttemptFilters({ search, onChange, onClear }: Props) {
  return (
    <search className={styles.bar} aria-label="Filters">
      <EntityIdInput
        value={search.entityId ?? ''}
        onChange={(text) => onChange({ entityId: text || undefined }, true)}
      />
      <Segmented
        label="Status"
        value={search.status ?? 'all'}
        onChange={(status) => onChange({ status: status === 'all' ? undefined : status })}
        options={[
          { value: 'all', label: 'All' },
          { value: 'success', label: 'Success' },
          { value: 'failure', label: 'Failure' },
        ]}
      />
      <Select
        label="Time period"
        value={search.period ?? 'all'}
        options={periods}
        onChange={(value) => onChange({ period: value === 'all' ? undefined : value, from: undefined, to: undefined })}
      />
      {search.period === 'custom' && (
        <div className={styles.range}>
          <Moment label="From" value={search.from} onChange={(from) => onChange({ from }, true)} />
          <span aria-hidden="true">–</span>
          <Moment label="To" value={search.to} onChange={(to) => onChange({ to }, true)} />
        </div>
      )}
      {hasFilters(search) && (
        <Button variant="ghost" onClick={onClear}>
          Clear filters
        </Button>
      )}
    </search>
  )
}

interface EntityIdProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

function EntityIdInput({ value, onChange }: EntityIdProps) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // The address can change without typing: a way back, a link, Clear filters.
  useEffect(() => {
    clearTimeout(timer.current)
    setText(value)
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])

  const change = (next: string, delay = DEBOUNCE_MS) => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(next.trim()), delay)
  }
  return (
    <div className={styles.entity}>
      <Search size={14} aria-hidden="true" />
      <input
        type="text"
        className={styles.input}
        aria-label="Domain Entity ID"
        placeholder="Domain Entity ID"
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => event.key === 'Enter' && change(text, 0)}
      />
      {text !== '' && (
        <IconButton label="Clear Domain Entity ID" className={styles.clear} onClick={() => change('', 0)}>
          <X size={13} aria-hidden="true" />
        </IconButton>
      )}
    </div>
  )
}

interface MomentProps {
  readonly label: string
  readonly value: number | undefined
  readonly onChange: (value: number | undefined) => void
}

function Moment({ label, value, onChange }: MomentProps) {
  return (
    <input
      type="datetime-local"
      className={styles.moment}
      aria-label={label}
      value={value === undefined ? '' : toLocalInput(value)}
      onChange={(event) => onChange(fromLocalInput(event.target.value) ?? undefined)}
    />
  )
}
