import type { IntegrationSummary, MinuteCount } from '@shared/domain'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, CircleAlert, Info, Trash2, TriangleAlert } from 'lucide-react'
import { type KeyboardEvent, memo, useEffect, useRef, useState } from 'react'
import { IconButton } from '../../ui/button'
import { cx } from '../../ui/cx'
import { formatFigure, formatNumber, formatSpan } from '../../ui/format'
import { RelativeTime } from '../../ui/time'
import { useNow } from '../../ui/use-now'
import { ActionsButton, ActionsMenu } from './actions-menu'
import { ActiveSwitch } from './active-switch'
import { EventChips } from './event-chips'
import { HealthStrip } from './health-strip'
import styles from './integration-table.module.css'
import type { ListSearch, SortColumn } from './list-search'
import { type Note, notesOf, targetText, timeLeft, typeText } from './words'

interface Props {
  readonly rows: readonly IntegrationSummary[]
  readonly sort: ListSearch
  readonly health: { readonly to: number; readonly byId: Readonly<Record<string, readonly MinuteCount[]>> } | undefined
  readonly onSort: (sort: ListSearch) => void
  readonly onDelete: (integration: IntegrationSummary) => void
}

/**
 * The list of integrations. Its rows are one stop in the tab order: arrows, Home and End move, Enter opens, Space is the toggle,
 * Delete deletes; the controls of a row are reached from it with Tab.
 */
export function IntegrationTable({ rows, sort, health, onSort, onDelete }: Props) {
  const navigate = useNavigate()
  const body = useRef<HTMLTableElement>(null)
  const eventsHead = useRef<HTMLTableCellElement>(null)
  const chipsWidth = useWidth(eventsHead)
  const [active, setActive] = useState<string | null>(null)
  const activeId = rows.some((row) => row.id === active) ? active : rows[0]?.id
  const head = { sort, onSort }

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const row = event.target instanceof HTMLElement && event.target.matches('tr') ? event.target : null
    const at = rows.findIndex((each) => each.id === row?.dataset.integration)
    const integration = rows[at]
    if (row === null || integration === undefined || event.altKey || event.ctrlKey || event.metaKey) return
    const moves: Record<string, number> = {
      ArrowDown: Math.min(rows.length - 1, at + 1),
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: rows.length - 1,
    }
    const to = moves[event.key]
    if (to !== undefined) {
      const { id } = rows[to]!
      setActive(id)
      body.current?.querySelector<HTMLElement>(`tr[data-integration="${id}"]`)?.focus()
    } else if (event.key === 'Enter') {
      void navigate({ to: '/integrations/$id/events', params: { id: integration.id } })
    } else if (event.key === ' ') {
      row.querySelector<HTMLElement>('[role="switch"]')?.click()
    } else if (event.key === 'Delete') {
      onDelete(integration)
    } else return
    event.preventDefault()
  }
  return (
    <>
      <table ref={body} className={styles.table} onKeyDown={onKeyDown}>
        <thead>
          <tr>
            <SortHead column="id" label="Integration ID" className={styles.id} {...head} />
            <th ref={eventsHead} scope="col" className={styles.events}>
              Events
            </th>
            <th scope="col" className={styles.target}>
              Target
            </th>
            <SortHead column="health" label="Last 60 min" className={styles.health} {...head} />
            <SortHead column="backlog" label="Backlog" numeric className={styles.figure} {...head} />
            <SortHead column="attempted" label="Last attempt" className={styles.attempted} {...head} />
            <th scope="col" className={styles.actions}>
              <span className={styles.hidden}>Actions</span>
            </th>
            <SortHead column="state" label="State" className={styles.state} {...head} />
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.id}
              integration={row}
              active={row.id === activeId}
              chipsWidth={chipsWidth}
              minutes={health?.byId[row.id]}
              to={health?.to ?? 0}
              onActive={setActive}
              onDelete={onDelete}
            />
          ))}
        </tbody>
      </table>
      <ActionsMenu />
    </>
  )
}

interface RowProps {
  readonly integration: IntegrationSummary
  readonly active: boolean
  readonly chipsWidth: number
  readonly minutes: readonly MinuteCount[] | undefined
  readonly to: number
  readonly onActive: (id: string) => void
  readonly onDelete: (integration: IntegrationSummary) => void
}

const Row = memo(function Row({ integration, active, chipsWidth, minutes, to, onActive, onDelete }: RowProps) {
  const { id, selection, lastAttemptAt, lastAttemptFailed, rejected, rejectedDeleted } = integration
  const now = useNow()
  const target = targetText(integration.target)
  const left = timeLeft(integration, now)
  const notes = notesOf(integration, now)
  const listed = rejected - rejectedDeleted
  const names = [...selection.entities, ...selection.events]
  return (
    <>
      <tr
        data-integration={id}
        tabIndex={active ? 0 : -1}
        className={cx(styles.row, notes.length > 0 && styles.noted)}
        onFocus={() => onActive(id)}
      >
        <th scope="row" className={styles.id}>
          <Link to="/integrations/$id/events" params={{ id }} className={styles.name} title={id}>
            {id}
          </Link>
          <span className={cx(styles.second, styles.wrapped)}>
            {typeText(integration)}
            {left !== null && `, ${left}`}
          </span>
          <span className={cx(styles.second, styles.narrowTarget)} title={names.join(', ')}>
            {names.length === 0 ? 'All events' : names.join(', ')} to {target.place}
          </span>
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
        <td className={styles.health}>
          <HealthStrip minutes={minutes} to={to} />
        </td>
        <td className={styles.figure}>
          <Backlog integration={integration} now={now} />
        </td>
        <td className={styles.attempted}>
          {lastAttemptAt === null ? (
            <span className={styles.none}>Never</span>
          ) : (
            <>
              <span className={styles.first}>
                <RelativeTime at={lastAttemptAt} />
              </span>
              {listed > 0 ? (
                <Link to="/integrations/$id/rejected" params={{ id }} className={cx(styles.second, styles.bad)}>
                  {formatFigure(listed)} rejected
                </Link>
              ) : (
                <span className={cx(styles.second, lastAttemptFailed && styles.bad)}>
                  {lastAttemptFailed ? 'Failure' : 'Success'}
                </span>
              )}
            </>
          )}
        </td>
        <td className={styles.actions}>
          <div className={styles.buttons}>
            <ActionsButton id={id} />
            <IconButton label="Delete" aria-label={`Delete ${id}`} danger onClick={() => onDelete(integration)}>
              <Trash2 size={15} strokeWidth={1.75} aria-hidden="true" />
            </IconButton>
          </div>
        </td>
        <td className={styles.state}>
          <ActiveSwitch integration={integration} />
        </td>
      </tr>
      {notes.length > 0 && (
        <tr className={styles.notes}>
          <td colSpan={8}>
            {notes.map((note) => (
              <Remark key={note.text} note={note} />
            ))}
          </td>
        </tr>
      )}
    </>
  )
})

const noteIcons = { danger: CircleAlert, warning: TriangleAlert, neutral: Info } as const

function Remark({ note: { tone, text } }: { readonly note: Note }) {
  const Icon = noteIcons[tone]
  return (
    <p className={styles.note} data-tone={tone}>
      <Icon size={13} aria-hidden="true" />
      {text}
    </p>
  )
}

interface BacklogProps {
  readonly integration: IntegrationSummary
  readonly now: number
}

function Backlog({ integration: { backlog, oldestPendingAt, waiting }, now }: BacklogProps) {
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
