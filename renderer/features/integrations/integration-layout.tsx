import type { IntegrationSummary } from '@shared/domain'
import { AppError } from '@shared/errors'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Outlet } from '@tanstack/react-router'
import { ChevronRight, SearchX } from 'lucide-react'
import { integrationQuery } from '../../query/queries'
import { buttonClass } from '../../ui/button'
import { cx } from '../../ui/cx'
import { countOf, formatNumber } from '../../ui/format'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { useNow } from '../../ui/use-now'
import { RunningResends } from '../resends/running-resends'
import { ActiveSwitch } from './active-switch'
import styles from './integration-layout.module.css'
import { notesOf, targetText, timeLeft, typeText } from './words'

const route = getRouteApi('/integrations/$id')

/** What the screens of one integration have in common: which one it is, how it is doing, and the way between them. */
export function IntegrationLayout() {
  const { id } = route.useParams()
  const { data, error, refetch } = useQuery(integrationQuery(id))
  if (error instanceof AppError && error.code === 'integration_not_found') {
    return (
      <EmptyState
        icon={SearchX}
        title="There is no such integration"
        actions={
          <Link to="/event-stream/$view" params={{ view: 'all' }} className={buttonClass()}>
            All integrations
          </Link>
        }
      >
        {id} does not exist, or it was deleted.
      </EmptyState>
    )
  }
  if (error && !data) {
    return <ErrorState title="The integration could not be loaded" error={error} onRetry={() => void refetch()} />
  }
  return (
    <>
      <header className={styles.header}>
        <nav aria-label="Breadcrumb" className={styles.crumbs}>
          <Link to="/event-stream/$view" params={{ view: 'all' }} className={styles.crumb}>
            Event Stream
          </Link>
          <ChevronRight size={13} aria-hidden="true" />
          <h1 className={styles.title} title={id}>
            {id}
          </h1>
        </nav>
        {data && (
          <>
            <Facts integration={data} />
            <div className={styles.switch}>
              <ActiveSwitch integration={data} />
            </div>
          </>
        )}
      </header>
      <nav aria-label="Integration" className={styles.tabs}>
        <Link
          to="/integrations/$id/events"
          params={{ id }}
          className={styles.tab}
          activeOptions={{ includeSearch: false }}
        >
          Events
        </Link>
        <Link
          to="/integrations/$id/rejected"
          params={{ id }}
          className={styles.tab}
          activeOptions={{ includeSearch: false }}
        >
          Rejected Events
        </Link>
        <Link
          to="/integrations/$id/logs"
          params={{ id }}
          className={styles.tab}
          activeOptions={{ includeSearch: false }}
        >
          Logs
        </Link>
        <Link
          to="/integrations/$id/resends"
          params={{ id }}
          className={styles.tab}
          activeOptions={{ includeSearch: false }}
        >
          Re-sends
        </Link>
        <Link to="/integrations/$id/settings" params={{ id }} className={styles.tab}>
          Settings
        </Link>
        {data && <Figures integration={data} />}
      </nav>
      {data && <Notes integration={data} />}
      <RunningResends id={id} />
      <Outlet />
    </>
  )
}

function Facts({ integration }: { readonly integration: IntegrationSummary }) {
  const target = targetText(integration.target)
  const left = timeLeft(integration, useNow())
  return (
    <p className={styles.facts}>
      <span>
        {typeText(integration)}
        {left !== null && `, ${left}`}
      </span>
      <span className={styles.target} title={target.address}>
        {target.kind} {target.place}
      </span>
    </p>
  )
}

function Notes({ integration }: { readonly integration: IntegrationSummary }) {
  const now = useNow()
  const notes = notesOf(integration, now)
  if (notes.length === 0) return null
  return (
    <div className={styles.notes}>
      {notes.map(({ tone, text }) => (
        <p key={text} className={styles.note} data-tone={tone}>
          {text}
        </p>
      ))}
    </div>
  )
}

function Figures({ integration }: { readonly integration: IntegrationSummary }) {
  const { delivered, rejected, rejectedDeleted, backlog, expired } = integration
  return (
    <p className={styles.figures}>
      <span>{formatNumber(delivered)} delivered</span>
      <span
        className={cx(rejected > 0 && styles.bad)}
        title={rejectedDeleted > 0 ? `${formatNumber(rejectedDeleted)} of them were deleted from the list` : undefined}
      >
        {formatNumber(rejected)} rejected
      </span>
      {expired > 0 && <span>{formatNumber(expired)} expired</span>}
      <span title="Matching events that were neither delivered nor rejected yet. They appear here once attempted.">
        {backlog === 0 ? 'No backlog' : `${countOf(backlog, 'event')} in the backlog`}
      </span>
    </p>
  )
}
