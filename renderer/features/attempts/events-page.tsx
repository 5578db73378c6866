import type { AttemptPage } from '@shared/contract'
import type { Attempt, IntegrationSummary } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { ArrowUp, Hourglass, ListChecks, SearchX } from 'lucide-react'
import { useCallback, useEffect, useRef } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationQuery } from '../../query/queries'
import { useFeed } from '../../query/use-feed'
import { Button } from '../../ui/button'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { countOf, formatNumber } from '../../ui/format'
import { Mono } from '../../ui/mono'
import { SkeletonRows } from '../../ui/skeleton'
import { Spinner } from '../../ui/spinner'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { AttemptDetail, type AttemptRef } from './attempt-detail'
import { AttemptFilters } from './attempt-filters'
import { type AttemptSearch, type AttemptFilters as Filters, filterAt, fixedFilter, hasFilters } from './attempt-search'
import { outcomeText } from './attempt-words'
import styles from './events-page.module.css'
import { Outcome } from './outcome'

const route = getRouteApi('/integrations/$id/events')
const PAGE_ROWS = 100
const ROW_HEIGHT = 48

const columns: readonly Column<Attempt>[] = [
  {
    id: 'event',
    header: 'Event',
    width: 'minmax(180px, 2.4fr)',
    render: ({ eventId, eventName }) => (
      <>
        <span className={styles.name} title={eventName}>
          {eventName}
        </span>
        <Mono cut faint>
          {eventId}
        </Mono>
      </>
    ),
  },
  {
    id: 'entity',
    header: 'Domain Entity ID',
    width: 'minmax(110px, 2.2fr)',
    render: ({ domainEntityId }) =>
      domainEntityId === null ? <span className={styles.none}>None</span> : <Mono cut>{domainEntityId}</Mono>,
  },
  {
    id: 'status',
    header: 'Status',
    width: 'minmax(140px, 1.5fr)',
    render: (attempt) => (
      <>
        <Outcome outcome={attempt.outcome} />
        <span className={styles.second} title={outcomeText(attempt)}>
          {outcomeText(attempt)}
        </span>
      </>
    ),
  },
  {
    id: 'attempted',
    header: 'Attempted at',
    width: '142px',
    render: ({ attemptedAt, number }) => (
      <>
        <RowTime at={attemptedAt} />
        {number > 1 && <span className={styles.second}>Try {formatNumber(number)}</span>}
      </>
    ),
  },
]

export function EventsPage() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const grid = useRef<DataGridHandle>(null)
  const feed = useFeed<Attempt>({
    queryKey: keys.attemptFeed(id, fixedFilter(search), search.period),
    topics: ['attempts'],
    load: (after) => call('attempts.list', { id, filter: filterAt(search, Date.now()), after, limit: PAGE_ROWS }),
    idOf: keyOf,
  })
  const integration = useQuery(integrationQuery(id)).data
  const searchedTo = (feed.lastPage as AttemptPage | undefined)?.searchedTo ?? null
  const { hasMore, loadingMore, loadMore } = feed
  // While a search has found too little to fill the list, nothing is scrolled that would ask for more.
  const thin = feed.rows.length < 30 && searchedTo !== null
  useEffect(() => {
    if (thin && hasMore && !loadingMore) loadMore()
  }, [thin, hasMore, loadingMore, loadMore])

  const setSearch = useCallback(
    (change: Partial<AttemptSearch>, replace: boolean) =>
      void navigate({
        to: '/integrations/$id/events',
        params: { id },
        search: (before) => ({ ...before, ...change }),
        replace,
      }),
    [navigate, id],
  )
  const select = useCallback(({ attempt, seq }: Partial<AttemptRef>) => setSearch({ attempt, seq }, true), [setSearch])
  const close = () => {
    select({})
    grid.current?.focus()
  }
  const replace = (filters: Filters) =>
    void navigate({ to: '/integrations/$id/events', params: { id }, search: filters })
  const s3 = integration?.target.kind === 's3'
  // Another list begins at its top.
  const listKey = JSON.stringify([id, fixedFilter(search), search.period])

  return (
    <SplitView
      paneTitle="Attempt"
      onClose={close}
      pane={
        search.attempt !== undefined && (
          <AttemptDetail integrationId={id} attempt={search.attempt} seq={search.seq} onSelect={select} />
        )
      }
    >
      <AttemptFilters
        id={id}
        integration={integration}
        search={search}
        onChange={(change, typing = false) => setSearch(change, typing)}
        onReplace={replace}
      />
      {integration && <BacklogNote integration={integration} />}
      {feed.loading ? (
        <SkeletonRows rows={10} rowHeight={ROW_HEIGHT} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The events could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 && !feed.outdated && searchedTo === null ? (
        <Empty integration={integration} filtered={hasFilters(search)} onClear={() => replace({})} />
      ) : (
        <div className={styles.list}>
          {/* A live region has to exist before its text does. */}
          <div role="status" className={styles.held}>
            {feed.held > 0 && (
              <Button
                small
                variant="primary"
                icon={<ArrowUp size={13} aria-hidden="true" />}
                onClick={() => {
                  feed.showHeld()
                  grid.current?.scrollToTop()
                }}
              >
                {feed.held >= PAGE_ROWS ? `${PAGE_ROWS}+` : feed.held} new
              </Button>
            )}
          </div>
          <DataGrid
            key={listKey}
            ref={grid}
            label="Events"
            columns={columns}
            rows={feed.rows}
            rowHeight={ROW_HEIGHT}
            keyOf={keyOf}
            selected={search.attempt === undefined ? undefined : selectedKey(feed.rows, search.attempt, search.seq)}
            onSelect={({ id: attempt, seq }) => select(s3 ? { attempt, seq } : { attempt })}
            onDismiss={close}
            hasMore={feed.hasMore}
            loadingMore={feed.loadingMore}
            onEndReached={feed.loadMore}
            onAtTopChange={feed.setAtTop}
            outdated={feed.outdated}
          />
          {searchedTo !== null && (
            <p role="status" className={styles.searched}>
              {feed.loadingMore ? <Spinner /> : null}
              Searched back to <RowTime at={searchedTo} />
            </p>
          )}
        </div>
      )}
    </SplitView>
  )
}

/** The rows of an S3 batch share its attempt, so the event is part of what tells rows apart. */
function keyOf({ id, seq }: Attempt): string {
  return `${id}.${seq}`
}

/** A link may name the attempt alone: then the first row of it is meant. */
function selectedKey(rows: readonly Attempt[], attempt: number, seq: number | undefined): string {
  const row = rows.find((each) => each.id === attempt && (seq === undefined || each.seq === seq))
  return row ? keyOf(row) : `${attempt}.${seq ?? ''}`
}

/** Events that are not attempted yet are no rows; this says how many there are and why they wait. */
function BacklogNote({ integration }: { readonly integration: IntegrationSummary }) {
  const { backlog, waiting, status } = integration
  if (backlog === 0) return null
  const fresh = backlog - waiting
  return (
    <p className={styles.backlog}>
      <Hourglass size={13} aria-hidden="true" />
      <Link
        to="/event-stream/$view"
        params={{ view: 'all' }}
        search={{ q: integration.id, sort: 'backlog', desc: true }}
      >
        {countOf(backlog, 'event is', 'events are')} in the backlog
      </Link>
      <span>
        {[
          fresh > 0 && `${formatNumber(fresh)} not attempted yet`,
          waiting > 0 && `${formatNumber(waiting)} waiting for the next try`,
        ]
          .filter(Boolean)
          .join(', ')}
        {status === 'stopped' ? '. The integration is paused.' : '.'}
      </span>
    </p>
  )
}

interface EmptyProps {
  readonly integration: IntegrationSummary | undefined
  readonly filtered: boolean
  readonly onClear: () => void
}

function Empty({ integration, filtered, onClear }: EmptyProps) {
  if (filtered) {
    return (
      <EmptyState
        icon={SearchX}
        title="No attempt matches the filters"
        actions={<Button onClick={onClear}>Clear filters</Button>}
      >
        The Domain Entity ID has to be exact; the search takes any part of an ID or type.
      </EmptyState>
    )
  }
  const backlog = integration?.backlog ?? 0
  const paused = integration?.status === 'stopped'
  return (
    <EmptyState icon={ListChecks} title="Nothing attempted yet">
      {backlog === 0 ? (
        <p>An event appears here as soon as the console has tried to deliver it.</p>
      ) : (
        <p>
          {countOf(backlog, 'event waits', 'events wait')} in the backlog and {backlog === 1 ? 'appears' : 'appear'}{' '}
          here once attempted.
        </p>
      )}
      {paused && <p>The integration is paused. Activate it to start delivering.</p>}
    </EmptyState>
  )
}
