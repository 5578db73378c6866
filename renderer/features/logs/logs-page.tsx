import type { LogAction, LogEntry } from '@shared/domain'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { ScrollText, SearchX } from 'lucide-react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { useFeed } from '../../query/use-feed'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { FilterBar } from '../../ui/filter-bar'
import { SearchField } from '../../ui/search-field'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { Switch } from '../../ui/switch'
import { RowTime } from '../../ui/time'
import { PeriodFilter } from '../attempts/period-filter'
import { ExportButton } from '../exports/export-button'
import { fixedLogFilter, hasLogFilters, type LogSearch, logFilterAt } from './log-search'
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
  const search = route.useSearch()
  const navigate = useNavigate()
  const feed = useFeed<LogEntry>({
    queryKey: keys.logFeed(id, fixedLogFilter(search), search.period),
    topics: ['logs'],
    load: (after) =>
      call('integrations.logs', { id, filter: logFilterAt(search, Date.now()), after, limit: PAGE_ROWS }),
    idOf: (entry) => `${entry.id} ${entry.reason}`,
  })
  const setSearch = (change: Partial<LogSearch>, replace = false) =>
    void navigate({
      to: '/integrations/$id/logs',
      params: { id },
      search: (before) => ({ ...before, ...change }),
      replace,
    })
  const clear = () => setSearch({ text: undefined, period: undefined, from: undefined, to: undefined })
  return (
    <>
      <FilterBar>
        <SearchField
          label="Search reasons"
          className={styles.search}
          value={search.text ?? ''}
          onChange={(text) => setSearch({ text: text || undefined }, true)}
        />
        <PeriodFilter search={search} onChange={setSearch} />
        <div className={styles.switch}>
          <Switch
            label="Show retries"
            checked={search.retries === true}
            pending={false}
            onChange={(on) => setSearch({ retries: on ? true : undefined })}
          />
          <span aria-hidden="true">Retries</span>
        </div>
        {hasLogFilters(search) && (
          <Button variant="ghost" onClick={clear}>
            Clear filters
          </Button>
        )}
        <span className={styles.end}>
          <ExportButton source={() => ({ kind: 'logs', id, filter: logFilterAt(search, Date.now()) })} />
        </span>
      </FilterBar>
      {feed.loading ? (
        <SkeletonRows rows={6} rowHeight={40} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The logs could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 && hasLogFilters(search) ? (
        <EmptyState
          icon={SearchX}
          title="No log entry matches the filters"
          actions={<Button onClick={clear}>Clear filters</Button>}
        >
          {search.retries === true ? 'Retries are included.' : 'Retries are left out; the switch above adds them.'}
        </EmptyState>
      ) : feed.rows.length === 0 ? (
        <EmptyState icon={ScrollText} title="No log entries">
          Whenever the integration is started or stopped, by you or by itself, it is written down here with the reason.
        </EmptyState>
      ) : (
        <section
          key={JSON.stringify([id, fixedLogFilter(search), search.period])}
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
                  <td className={styles.reason}>{entry.reason}</td>
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
      )}
    </>
  )
}
