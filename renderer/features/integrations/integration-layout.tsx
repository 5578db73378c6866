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
import { ActiveSwitch } from './active-switch'
import styles from './integration-layout.module.css'
import { targetText, typeText } from './words'

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
        <Link to="/integrations/$id/settings" params={{ id }} className={styles.tab}>
          Settings
        </Link>
        {data && <Figures integration={data} />}
      </nav>
      <Outlet />
    </>
  )
}

function Facts({ integration }: { readonly integration: IntegrationSummary }) {
  const target = targetText(integration.target)
  return (
    <p className={styles.facts}>
      <span>{typeText(integration)}</span>
      <span className={styles.target} title={target.address}>
        {target.kind} {target.place}
      </span>
    </p>
  )
}

function Figures({ integration }: { readonly integration: IntegrationSummary }) {
  const { delivered, rejected, backlog } = integration
  return (
    <p className={styles.figures}>
      <span>{formatNumber(delivered)} delivered</span>
      <span className={cx(rejected > 0 && styles.bad)}>{formatNumber(rejected)} rejected</span>
      <span title="Matching events that were neither delivered nor rejected yet. They appear here once attempted.">
        {backlog === 0 ? 'No backlog' : `${countOf(backlog, 'event')} in the backlog`}
      </span>
    </p>
  )
}
