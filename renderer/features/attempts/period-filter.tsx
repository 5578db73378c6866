import { fromLocalInput, toLocalInput } from '../../ui/local-input'
import { Select } from '../../ui/select'
import type { Period, PeriodSearch } from './period'
import styles from './period-filter.module.css'

const periods: readonly { readonly value: Period | 'all'; readonly label: string }[] = [
  { value: 'all', label: 'All time' },
  { value: '15m', label: 'Last 15 minutes' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
  { value: 'custom', label: 'Custom range' },
]

interface Props {
  readonly search: PeriodSearch
  /** `typing` marks steps that are not worth a way back. */
  readonly onChange: (change: PeriodSearch, typing?: boolean) => void
}

/** A time period: presets and a range of one's own. */
export function PeriodFilter({ search, onChange }: Props) {
  const { period, from, to } = search
  return (
    <>
      <Select
        label="Time period"
        value={period ?? 'all'}
        options={periods}
        onChange={(value) => onChange({ period: value === 'all' ? undefined : value, from: undefined, to: undefined })}
      />
      {period === 'custom' && (
        <div className={styles.range}>
          <Moment label="From" value={from} onChange={(next) => onChange({ from: next }, true)} />
          <span aria-hidden="true">–</span>
          <Moment label="To" value={to} onChange={(next) => onChange({ to: next }, true)} />
          {from !== undefined && to !== undefined && to <= from && (
            <span role="alert" className={styles.wrong}>
              The end has to be after the start.
            </span>
          )}
        </div>
      )}
    </>
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
