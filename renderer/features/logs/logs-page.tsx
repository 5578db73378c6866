import type { LogAction, LogEntry } from '@shared/domain'
import { getRouteApi } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { useFeed } from '../../query/use-feed'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import styles from './logs-page.module.css'

const route = getRouteApi('/integrations/$id/logs')
const PAGE_ROWS = 100

const actions: Readonly<
  Record<LogAction, { readonly label: string; readonly tone: 'success' | 'neutral' | 'warning' }>
> = {
  integration_started: { label: 'Started', tone: 'success' },
  integration_stopped: { label: 'Stopped', tone: 'neutral' },
  retry_triggered: { label: 'Retries', tone: 'warning' },
}

export function LogsPage() {
  const { id } = route.useParams()
  const feed = useFeed<LogEntry>({
    queryKey: keys.logFeed(id),
    topics: ['logs'],
    load: (after) => call('integrations.logs', { id, after, limit: PAGE_ROWS }),
    idOf: (entry) => entry.id,
  })
  if (feed.loading) return <SkeletonRows rows={6} rowHeight={40} />
  if (feed.error && feed.rows.length === 0) {
    return <ErrorState title="The logs could not be loaded" error={feed.error} onRetry={feed.retry} />
  }
  if (feed.rows.length === 0) {
    return (
      <EmptyState icon={ScrollText} title="No log entries">
        Whenever the integration is started or stopped, by you or by itself, it is written down here with the reason.
      </EmptyState>
    )
  }
  return (
    <section
      className={styles.scroller}
      aria-label="Logs"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
      tabIndex={0}
      onScroll={(event) => feed.setAtTop(event.currentTarget.scrollTop < 20)}
    >
      <table className={styles.table} aria-label="Logs">
        <thead>
          <tr>
            <th scope="col" className={styles.action}>
              Action
            </th>
            <th scope="col">Reason</th>
            <th scope="col" className={styles.created}>
              Created at
            </th>
          </tr>
        </thead>
        <tbody>
          {feed.rows.map((entry) => (
            <tr key={entry.id}>
              <td>
                <Badge tone={actions[entry.action].tone}>{actions[entry.action].label}</Badge>
              </td>
              <td>{entry.reason}</td>
              <td>
                <RowTime at={entry.createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {feed.hasMore && (
        <div className={styles.more}>
          <Button pending={feed.loadingMore} onClick={feed.loadMore}>
            Load more
          </Button>
        </div>
      )}
    </section>
  )
}
