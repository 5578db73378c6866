import type { RejectedEvent } from '@shared/domain'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { OctagonX } from 'lucide-react'
import { useRef } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { useFeed } from '../../query/use-feed'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { Mono } from '../../ui/mono'
import { SkeletonRows } from '../../ui/skeleton'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { AttemptDetail } from '../attempts/attempt-detail'
import { failureText } from '../attempts/attempt-words'
import styles from './rejected-page.module.css'

const route = getRouteApi('/integrations/$id/rejected')
const PAGE_ROWS = 100
const ROW_HEIGHT = 48

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
    render: ({ errorCode, statusCode, responseBody }) => (
      <>
        <span className={styles.why}>{failureText(errorCode, statusCode)}</span>
        <span className={styles.second} title={responseBody ?? undefined}>
          {responseBody || 'The receiver gave no reason.'}
        </span>
      </>
    ),
  },
  { id: 'created', header: 'Created at', width: '142px', render: ({ rejectedAt }) => <RowTime at={rejectedAt} /> },
]

export function RejectedPage() {
  const { id } = route.useParams()
  const { attempt } = route.useSearch()
  const navigate = useNavigate()
  const grid = useRef<DataGridHandle>(null)
  const feed = useFeed<RejectedEvent>({
    queryKey: keys.rejectedFeed(id),
    topics: ['rejected'],
    load: (after) => call('integrations.rejected', { id, after, limit: PAGE_ROWS }),
    idOf: (event) => event.attemptId,
  })
  const select = (next: number | undefined) =>
    void navigate({
      to: '/integrations/$id/rejected',
      params: { id },
      search: next === undefined ? {} : { attempt: next },
      replace: true,
    })
  const close = () => {
    select(undefined)
    grid.current?.focus()
  }
  return (
    <SplitView
      paneTitle="Rejected event"
      onClose={close}
      pane={attempt !== undefined && <AttemptDetail integrationId={id} attemptId={attempt} onSelect={select} />}
    >
      {feed.loading ? (
        <SkeletonRows rows={8} rowHeight={ROW_HEIGHT} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The rejected events could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 ? (
        <EmptyState icon={OctagonX} title="No rejected events">
          An event that the receiver refuses for good (400) is kept here, so that you can reconcile it. The stream goes
          on without it.
        </EmptyState>
      ) : (
        <DataGrid
          ref={grid}
          label="Rejected Events"
          columns={columns}
          rows={feed.rows}
          rowHeight={ROW_HEIGHT}
          keyOf={(event) => event.attemptId}
          selected={attempt}
          onSelect={(event) => select(event.attemptId)}
          onDismiss={close}
          hasMore={feed.hasMore}
          loadingMore={feed.loadingMore}
          onEndReached={feed.loadMore}
          onAtTopChange={feed.setAtTop}
        />
      )}
    </SplitView>
  )
}
