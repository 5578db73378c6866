import type { IntegrationSummary } from '@shared/domain'
import { Link } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { IconButton } from '../../ui/button'
import { cx } from '../../ui/cx'
import { formatFigure, formatNumber, formatSpan } from '../../ui/format'
import { RelativeTime } from '../../ui/time'
import { useNow } from '../../ui/use-now'
import { ActionsButton, ActionsMenu } from './actions-menu'
import { ActiveSwitch } from './active-switch'
import { EventChips } from './event-chips'
import styles from './integration-table.module.css'
import type { ListSearch, SortColumn } from './list-search'
import { targetText, typeText } from './words'

interface Props {
  readonly rows: readonly IntegrationSummary[]
  readonly sort: ListSearch
  readonly onSort: (sort: ListSearch) => void
  readonly onDelete: (integration: IntegrationSummary) => void
}

export function IntegrationTable({ rows, sort, onSort, onDelete }: Props) {
  const eventsHead = useRef<HTMLTableCellElement>(null)
  const chipsWidth = useWidth(eventsHead)
  const head = { sort, onSort }
  return (
    <>
      <table className={styles.table}>
        <thead>
          <tr>
            <SortHead column="id" label="Integration ID" className={styles.id} {...head} />
            <th ref={eventsHead} scope="col" className={styles.events}>
              Events
            </th>
            <th scope="col" className={styles.target}>
              Target
            </th>
            <SortHead column="backlog" label="Backlog" numeric className={styles.figure} {...head} />
            <SortHead
              column="delivered"
              label="Delivered"
              numeric
              className={cx(styles.figure, styles.delivered)}
              {...head}
            />
            <SortHead column="attempted" label="Last attempt" className={styles.attempted} {...head} />
            <th scope="col" className={styles.state}>
              State
            </th>
            <th scope="col" className={styles.actions}>
              <span className={styles.hidden}>Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} integration={row} chipsWidth={chipsWidth} onDelete={onDelete} />
          ))}
        </tbody>
      </table>
      <ActionsMenu />
    </>
  )
}

interface RowProps {
  readonly integration: IntegrationSummary
  readonly chipsWidth: number
  readonly onDelete: (integration: IntegrationSummary) => void
}

function Row({ integration, chipsWidth, onDelete }: RowProps) {
  const { id, selection, delivered, rejected, lastAttemptAt, lastAttemptFailed } = integration
  const target = targetText(integration.target)
  return (
    <tr data-integration={id}>
      <th scope="row" className={styles.id}>
        <Link to="/integrations/$id/events" params={{ id }} className={styles.name} title={id}>
          {id}
        </Link>
        <span className={styles.second}>{typeText(integration)}</span>
        <span className={cx(styles.second, styles.narrowTarget)}>{target.place}</span>
      </th>
      <td className={styles.events}>
        <EventChips selection={selection} width={chipsWidth} />
      </td>
      <td className={styles.target}>
        <span className={styles.first}>{target.kind}</span>
        <span className={styles.second} title={target.address}>
          {target.place}
        </span>
      </td>
      <td className={styles.figure}>
        <Backlog integration={integration} />
      </td>
      <td className={styles.figure}>
        <span className={styles.first} title={formatNumber(delivered)}>
          {formatFigure(delivered)}
        </span>
        {rejected > 0 && (
          <Link to="/integrations/$id/rejected" params={{ id }} className={cx(styles.second, styles.bad)}>
            {formatFigure(rejected)} rejected
          </Link>
        )}
      </td>
      <td className={styles.attempted}>
        {lastAttemptAt === null ? (
          <span className={styles.none}>Never</span>
        ) : (
          <>
            <span className={styles.first}>
              <RelativeTime at={lastAttemptAt} />
            </span>
            <span className={cx(styles.second, lastAttemptFailed && styles.bad)}>
              {lastAttemptFailed ? 'Failure' : 'Success'}
            </span>
          </>
        )}
      </td>
      <td className={styles.state}>
        <ActiveSwitch integration={integration} />
      </td>
      <td className={styles.actions}>
        <div className={styles.buttons}>
          <ActionsButton id={id} />
          <IconButton label="Delete" aria-label={`Delete ${id}`} danger onClick={() => onDelete(integration)}>
            <Trash2 size={15} strokeWidth={1.75} aria-hidden="true" />
          </IconButton>
        </div>
      </td>
    </tr>
  )
}

function Backlog({ integration: { backlog, oldestPendingAt, waiting } }: { readonly integration: IntegrationSummary }) {
  const now = useNow()
  if (backlog === 0) return <span className={styles.none}>0</span>
  return (
    <>
      <span
        className={styles.first}
        title={waiting > 0 ? `${formatNumber(waiting)} of them wait for their next try` : undefined}
      >
        {formatFigure(backlog)}
      </span>
      {oldestPendingAt !== null && (
        <span className={styles.second} title="Age of the oldest event of the backlog">
          {formatSpan(Math.max(0, now - oldestPendingAt))} lag
        </span>
      )}
    </>
  )
}

interface SortHeadProps {
  readonly column: SortColumn
  readonly label: string
  readonly numeric?: boolean
  readonly className: string | undefined
  readonly sort: ListSearch
  readonly onSort: (sort: ListSearch) => void
}

function SortHead({ column, label, numeric = false, className, sort, onSort }: SortHeadProps) {
  const current = (sort.sort ?? 'id') === column
  const descending = current && sort.desc === true
  // Names are looked up from A on, figures from the largest.
  const firstDescending = column !== 'id'
  const next = current ? !descending : firstDescending
  const Arrow = descending ? ArrowDown : ArrowUp
  return (
    <th scope="col" className={className} aria-sort={current ? (descending ? 'descending' : 'ascending') : undefined}>
      <button
        type="button"
        className={cx(styles.sort, numeric && styles.sortNumeric)}
        onClick={() => onSort({ sort: column, desc: next })}
      >
        {label}
        <Arrow size={12} aria-hidden="true" className={cx(styles.arrow, current && styles.shownArrow)} />
      </button>
    </th>
  )
}

function useWidth(ref: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(160)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return width
}
