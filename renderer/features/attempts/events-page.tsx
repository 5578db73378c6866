import type { Attempt } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { ArrowUp, ListChecks, SearchX } from 'lucide-react'
import { useCallback, useRef } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationQuery } from '../../query/queries'
import { useFeed } from '../../query/use-feed'
import { Button } from '../../ui/button'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { countOf, formatNumber } from '../../ui/format'
import { Mono } from '../../ui/mono'
import { SkeletonRows } from '../../ui/skeleton'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { AttemptDetail } from './attempt-detail'
import { AttemptFilters } from './attempt-filters'
import { type AttemptSearch, filterAt, fixedFilter, hasFilters } from './attempt-search'
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
    idOf: (attempt) => attempt.id,
  })

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
  const select = useCallback((attempt: number | undefined) => setSearch({ attempt }, true), [setSearch])
  const close = () => {
    select(undefined)
    grid.current?.focus()
  }
  const clear = () => void navigate({ to: '/integrations/$id/events', params: { id }, search: {} })

  return (
    <SplitView
      paneTitle="Attempt"
      onClose={close}
      pane={
        search.attempt !== undefined && (
          <AttemptDetail integrationId={id} attemptId={search.attempt} onSelect={select} />
        )
      }
    >
      <AttemptFilters
        search={search}
        onChange={(change, typing = false) => setSearch(change, typing)}
        onClear={clear}
      />
      {feed.loading ? (
        <SkeletonRows rows={10} rowHeight={ROW_HEIGHT} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The events could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 && !feed.outdated ? (
        <Empty id={id} filtered={hasFilters(search)} onClear={clear} />
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
            ref={grid}
            label="Events"
            columns={columns}
            rows={feed.rows}
            rowHeight={ROW_HEIGHT}
            keyOf={(attempt) => attempt.id}
            selected={search.attempt}
            onSelect={(attempt) => select(attempt.id)}
            onDismiss={close}
            hasMore={feed.hasMore}
            loadingMore={feed.loadingMore}
            onEndReached={feed.loadMore}
            onAtTopChange={feed.setAtTop}
            outdated={feed.outdated}
          />
        </div>
      )}
    </SplitView>
  )
}

interface EmptyProps {
  readonly id: string
  readonly filtered: boolean
  readonly onClear: () => void
}

function Empty({ id, filtered, onClear }: EmptyProps) {
  const integration = useQuery(integrationQuery(id)).data
  if (filtered) {
    return (
      <EmptyState
        icon={SearchX}
        title="No attempt matches the filters"
        actions={<Button onClick={onClear}>Clear filters</Button>}
      >
        The Domain Entity ID has to be exact.
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
