import type { IntegrationSummary } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { CirclePause, CirclePlay, Plus, SearchX, Waypoints } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { figuresQuery, infoQuery, integrationListQuery, minutesQuery } from '../../query/queries'
import { Button, buttonClass } from '../../ui/button'
import { countOf } from '../../ui/format'
import { PageHeader } from '../../ui/page'
import { SearchField } from '../../ui/search-field'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { ImportButton } from '../imports/import-button'
import styles from './integration-list-page.module.css'
import { IntegrationTable } from './integration-table'
import type { ListSearch, ListView } from './list-search'
import { useDeletion } from './use-actions'
import { healthOf, listMatches } from './words'

const route = getRouteApi('/event-stream/$view')

const titles: Readonly<Record<ListView, string>> = {
  all: 'All integrations',
  active: 'Active integrations',
  paused: 'Paused integrations',
}

export function IntegrationListPage() {
  const { view } = route.useParams()
  const sort = route.useSearch()
  const navigate = route.useNavigate()
  const list = useQuery(integrationListQuery)
  const limit = useQuery(infoQuery).data?.integrationLimit
  const health = useQuery(minutesQuery).data
  const { mutate: remove } = useDeletion()
  const { q } = sort
  const inView = useMemo(() => list.data?.rows.filter(belongsTo[view]) ?? [], [list.data, view])
  const rows = useMemo(() => {
    const found = q === undefined ? inView : inView.filter((row) => listMatches(row, q))
    return sorted(found, sort, (id) => healthOf(health?.byId[id]).failed)
  }, [inView, q, sort, health])
  const onSearch = useCallback(
    (search: Partial<ListSearch>) => void navigate({ search: (before) => ({ ...before, ...search }), replace: true }),
    [navigate],
  )
  const total = list.data?.counts.all ?? 0
  return (
    <>
      <PageHeader
        title={titles[view]}
        count={limit !== undefined && view === 'all' && total > 0 ? `${total} of ${limit}` : undefined}
      >
        {inView.length > 0 && (
          <SearchField
            label="Search integrations"
            placeholder="ID, target or event"
            className={styles.search}
            delayMs={120}
            value={q ?? ''}
            onChange={(text) => onSearch({ q: text || undefined })}
          />
        )}
        <Link to="/integrations/new" className={buttonClass('primary')}>
          <Plus size={15} aria-hidden="true" />
          New Integration
        </Link>
      </PageHeader>
      <div className={styles.content}>
        {list.isPending ? (
          <SkeletonRows rows={6} rowHeight={56} />
        ) : list.isError && !list.data ? (
          <ErrorState
            title="The integrations could not be loaded"
            error={list.error}
            onRetry={() => void list.refetch()}
          />
        ) : inView.length === 0 ? (
          <Empty view={view} total={total} />
        ) : rows.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title="No integration matches"
            actions={<Button onClick={() => onSearch({ q: undefined })}>Clear search</Button>}
          >
            Nothing with “{q}” in its ID, target or events.
          </EmptyState>
        ) : (
          <IntegrationTable rows={rows} sort={sort} health={health} onSort={onSearch} onDelete={remove} />
        )}
      </div>
    </>
  )
}

const belongsTo: Readonly<Record<ListView, (row: IntegrationSummary) => boolean>> = {
  all: () => true,
  active: (row) => row.status === 'running',
  paused: (row) => row.status === 'stopped',
}

function sorted(
  rows: readonly IntegrationSummary[],
  { sort = 'id', desc = false }: ListSearch,
  failuresOf: (id: string) => number,
): IntegrationSummary[] {
  const figure: Record<Exclude<typeof sort, 'id'>, (row: IntegrationSummary) => number> = {
    backlog: (row) => row.backlog,
    health: (row) => failuresOf(row.id),
    attempted: (row) => row.lastAttemptAt ?? 0,
    // What needs somebody comes first: stopped by failure, without success, active, paused on purpose, ended.
    state: (row) => urgencyOf(row),
  }
  const byId = (a: IntegrationSummary, b: IntegrationSummary) => (a.id < b.id ? -1 : 1)
  const sign = desc ? -1 : 1
  if (sort === 'id') return rows.toSorted((a, b) => sign * byId(a, b))
  return rows.toSorted((a, b) => sign * (figure[sort](a) - figure[sort](b)) || byId(a, b))
}

function urgencyOf({ stopCause, outage }: IntegrationSummary): number {
  if (stopCause === 'failure') return 4
  if (stopCause === null) return outage === null ? 2 : 3
  return stopCause === 'operator' ? 1 : 0
}

function Empty({ view, total }: { readonly view: ListView; readonly total: number }) {
  const figures = useQuery(figuresQuery).data
  if (total > 0 && view === 'active') {
    return (
      <EmptyState icon={CirclePlay} title="No integration is active">
        {countOf(total, 'integration is', 'integrations are')} paused. Events wait in the backlog until an integration
        is activated.
      </EmptyState>
    )
  }
  if (total > 0 && view === 'paused') {
    return (
      <EmptyState icon={CirclePause} title="No integration is paused">
        Every integration is active. An integration that is paused, stops after failures or reaches its end date is
        listed here.
      </EmptyState>
    )
  }
  const logIsEmpty = figures !== undefined && figures.events === 0
  return (
    <EmptyState
      icon={Waypoints}
      title="No integrations yet"
      actions={
        <>
          <Link to="/integrations/new" className={buttonClass('primary')}>
            <Plus size={15} aria-hidden="true" />
            New Integration
          </Link>
          <ImportButton />
        </>
      }
    >
      <p>
        An integration delivers the events you choose to a webhook, as they happen. Each one has its own backlog,
        attempts and logs.
      </p>
      {figures !== undefined && (
        <p>
          {logIsEmpty
            ? 'The event log is empty: import events to have something to deliver.'
            : `The event log holds ${countOf(figures.events, 'event')}.`}
        </p>
      )}
    </EmptyState>
  )
}
