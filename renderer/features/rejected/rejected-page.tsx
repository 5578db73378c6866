import type { RejectedEvent, ResendFilter } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { OctagonX, RotateCw, SearchX, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationQuery } from '../../query/queries'
import { useFeed } from '../../query/use-feed'
import { Button } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { FilterBar } from '../../ui/filter-bar'
import { countOf } from '../../ui/format'
import { Mono } from '../../ui/mono'
import { SearchField } from '../../ui/search-field'
import { Select } from '../../ui/select'
import { SkeletonRows } from '../../ui/skeleton'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { AttemptDetail } from '../attempts/attempt-detail'
import { useEventTypes } from '../attempts/attempt-filters'
import { PeriodFilter } from '../attempts/period-filter'
import { ExportButton } from '../exports/export-button'
import { DeleteRejectedDialog } from './delete-rejected-dialog'
import styles from './rejected-page.module.css'
import { fixedRejectedFilter, hasRejectedFilters, type RejectedSearch, rejectedFilterAt } from './rejected-search'
import { reasonText } from './rejected-words'
import { RetryDialog } from './retry-dialog'

const route = getRouteApi('/integrations/$id/rejected')
const PAGE_ROWS = 100
const ROW_HEIGHT = 48

/** As many as one call takes. */
const CHOSEN_MAX = 1000
const ANY = '*'

const columns: readonly Column<RejectedEvent>[] = [
  {
    id: 'id',
    header: 'ID',
    width: 'minmax(180px, 2fr)',
    render: ({ eventId, eventName }) => (
      <>
        <Mono cut>{eventId}</Mono>
        <span className={styles.second}>{eventName}</span>
      </>
    ),
  },
  {
    id: 'why',
    header: 'Why',
    width: 'minmax(160px, 2.4fr)',
    render: (event) => (
      <>
        <span className={styles.why} title={reasonText(event)}>
          {reasonText(event)}
        </span>
        <span className={styles.second} title={event.responseBody ?? undefined}>
          {event.responseBody || 'The receiver gave no reason.'}
        </span>
      </>
    ),
  },
  { id: 'created', header: 'Created at', width: '142px', render: ({ rejectedAt }) => <RowTime at={rejectedAt} /> },
]

type Asking =
  | { readonly kind: 'retry'; readonly filter: ResendFilter; readonly what: string }
  | { readonly kind: 'delete'; readonly eventIds: readonly string[] | 'all' }

export function RejectedPage() {
  const { id } = route.useParams()
  const search = route.useSearch()
  const navigate = useNavigate()
  const grid = useRef<DataGridHandle>(null)
  const integration = useQuery(integrationQuery(id)).data
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState<Asking | null>(null)
  const types = useEventTypes(integration?.selection, search.type)
  const feed = useFeed<RejectedEvent>({
    queryKey: keys.rejectedFeed(id, fixedRejectedFilter(search), search.period),
    topics: ['rejected'],
    load: (after) =>
      call('integrations.rejected', { id, filter: rejectedFilterAt(search, Date.now()), after, limit: PAGE_ROWS }),
    idOf: (event) => event.attemptId,
  })
  const setSearch = (change: Partial<RejectedSearch>, replace = false) =>
    void navigate({
      to: '/integrations/$id/rejected',
      params: { id },
      search: (before) => ({ ...before, ...change }),
      replace,
    })
  const clear = () => void navigate({ to: '/integrations/$id/rejected', params: { id }, search: {} })
  const select = (attempt: number | undefined) => setSearch({ attempt }, true)
  const close = () => {
    select(undefined)
    grid.current?.focus()
  }
  const toggle = ({ eventId }: RejectedEvent) =>
    setChosen((before) => {
      const after = new Set(before)
      if (!after.delete(eventId) && after.size < CHOSEN_MAX) after.add(eventId)
      return after
    })
  // What left the list meanwhile is not chosen any more.
  const picked = feed.rows.filter((row) => chosen.has(row.eventId)).map((row) => row.eventId)
  const done = () => {
    setAsking(null)
    setChosen(new Set())
  }
  const filtered = hasRejectedFilters(search)
  const paused = integration?.status === 'stopped'
  const pausedTitle = paused ? 'The integration is paused, so nothing is sent. Activate it first.' : undefined
  const all = feed.rows.length > 0 && picked.length === feed.rows.length
  const open = feed.rows.find((row) => row.attemptId === search.attempt)
  const listed: readonly Column<RejectedEvent>[] = [
    {
      id: 'chosen',
      header: (
        <Checkbox
          label="Choose all shown"
          checked={all}
          mixed={picked.length > 0 && !all}
          onChange={() => setChosen(all ? new Set() : new Set(feed.rows.slice(0, CHOSEN_MAX).map((r) => r.eventId)))}
        />
      ),
      width: '32px',
      render: (row) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: keeps a press on the box from opening the row
        // biome-ignore lint/a11y/useKeyWithClickEvents: the grid toggles the box with Space
        <span className={styles.box} onClick={(event) => event.stopPropagation()}>
          <Checkbox
            label={`Choose ${row.eventId}`}
            passed
            checked={chosen.has(row.eventId)}
            onChange={() => toggle(row)}
          />
        </span>
      ),
    },
    ...columns,
  ]
  return (
    <SplitView
      paneTitle="Rejected event"
      onClose={close}
      pane={
        search.attempt !== undefined && (
          <AttemptDetail
            integrationId={id}
            attempt={search.attempt}
            onSelect={({ attempt }) => select(attempt)}
            actions={
              open && (
                <Button
                  small
                  icon={<Trash2 size={13} aria-hidden="true" />}
                  onClick={() => setAsking({ kind: 'delete', eventIds: [open.eventId] })}
                >
                  Delete
                </Button>
              )
            }
          />
        )
      }
    >
      <FilterBar>
        <SearchField
          label="Domain Entity ID"
          className={styles.entity}
          value={search.entityId ?? ''}
          onChange={(text) => setSearch({ entityId: text || undefined }, true)}
        />
        <Select
          label="Event type"
          value={search.type ?? ANY}
          options={[{ value: ANY, label: 'All types' }, ...types.map((name) => ({ value: name, label: name }))]}
          onChange={(type) => setSearch({ type: type === ANY ? undefined : type })}
        />
        <PeriodFilter search={search} onChange={setSearch} />
        {filtered && (
          <Button variant="ghost" onClick={clear}>
            Clear filters
          </Button>
        )}
        <span className={styles.end}>
          <ExportButton source={() => ({ kind: 'rejected', id, filter: rejectedFilterAt(search, Date.now()) })} />
        </span>
      </FilterBar>
      {feed.rows.length > 0 && (
        <div className={styles.bulk}>
          <span role="status" className={styles.chosen}>
            {picked.length === 0 ? 'Space or a tick chooses a row' : `${countOf(picked.length, 'event')} chosen`}
          </span>
          {picked.length > 0 ? (
            <>
              <Button
                small
                icon={<RotateCw size={13} aria-hidden="true" />}
                disabled={paused}
                title={pausedTitle}
                onClick={() =>
                  setAsking({
                    kind: 'retry',
                    filter: { kind: 'events', eventIds: picked },
                    what: picked.length === 1 ? 'the chosen one' : 'the chosen ones',
                  })
                }
              >
                Retry chosen
              </Button>
              <Button
                small
                icon={<Trash2 size={13} aria-hidden="true" />}
                onClick={() => setAsking({ kind: 'delete', eventIds: picked })}
              >
                Delete chosen
              </Button>
            </>
          ) : (
            <>
              <Button
                small
                icon={<RotateCw size={13} aria-hidden="true" />}
                disabled={paused}
                title={pausedTitle}
                onClick={() =>
                  setAsking({
                    kind: 'retry',
                    filter: { kind: 'rejected', ...rejectedFilterAt(search, Date.now()) },
                    what: filtered ? 'all that match the filters' : 'all rejected events',
                  })
                }
              >
                {filtered ? 'Retry all that match…' : 'Retry all…'}
              </Button>
              {!filtered && (
                <Button
                  small
                  icon={<Trash2 size={13} aria-hidden="true" />}
                  onClick={() => setAsking({ kind: 'delete', eventIds: 'all' })}
                >
                  Delete all…
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {feed.loading ? (
        <SkeletonRows rows={8} rowHeight={ROW_HEIGHT} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The rejected events could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 && filtered ? (
        <EmptyState
          icon={SearchX}
          title="No rejected event matches the filters"
          actions={<Button onClick={clear}>Clear filters</Button>}
        >
          The Domain Entity ID has to be exact.
        </EmptyState>
      ) : feed.rows.length === 0 ? (
        <EmptyState icon={OctagonX} title="No rejected events">
          An event that the receiver refuses for good (400), or that fails for the whole delivery window, is kept here,
          so that you can reconcile it. The stream goes on without it.
        </EmptyState>
      ) : (
        <DataGrid
          key={JSON.stringify([id, fixedRejectedFilter(search), search.period])}
          ref={grid}
          label="Rejected Events"
          columns={listed}
          rows={feed.rows}
          rowHeight={ROW_HEIGHT}
          keyOf={(event) => event.attemptId}
          selected={search.attempt}
          onSelect={(event) => select(event.attemptId)}
          onToggle={toggle}
          onDismiss={close}
          hasMore={feed.hasMore}
          loadingMore={feed.loadingMore}
          onEndReached={feed.loadMore}
          onAtTopChange={feed.setAtTop}
          outdated={feed.outdated}
        />
      )}
      {asking?.kind === 'retry' && (
        <RetryDialog
          id={id}
          filter={asking.filter}
          what={asking.what}
          onClose={() => setAsking(null)}
          onStarted={done}
        />
      )}
      {asking?.kind === 'delete' && (
        <DeleteRejectedDialog
          id={id}
          eventIds={asking.eventIds}
          onClose={() => setAsking(null)}
          onDeleted={() => {
            done()
            if (open && (asking.eventIds === 'all' || asking.eventIds.includes(open.eventId))) close()
          }}
        />
      )}
    </SplitView>
  )
}
