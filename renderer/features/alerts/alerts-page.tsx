import type { Alert } from '@shared/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellOff, CheckCheck } from 'lucide-react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationListQuery, unseenAlertsQuery } from '../../query/queries'
import { useFeed } from '../../query/use-feed'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { countOf, formatSpan } from '../../ui/format'
import { PageHeader } from '../../ui/page'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RelativeTime } from '../../ui/time'
import { toastError } from '../../ui/toast'
import { kindOf } from './alert-words'
import styles from './alerts-page.module.css'

const PAGE_ROWS = 100

/** What the engine thought an operator should know, newest first. */
export function AlertsPage() {
  const client = useQueryClient()
  const unseen = useQuery(unseenAlertsQuery).data?.count ?? 0
  const known = useQuery(integrationListQuery).data?.rows
  const feed = useFeed<Alert>({
    queryKey: keys.alertFeed,
    topics: ['alerts'],
    load: (after) => call('alerts.list', { after, limit: PAGE_ROWS }),
    idOf: ({ id, resolvedAt, seenAt }) => `${id} ${resolvedAt} ${seenAt}`,
  })
  const newest = feed.rows[0]
  const seen = useMutation({
    mutationFn: (upTo: number) => call('alerts.seen', { upTo }),
    onError: (error) => toastError('The alerts could not be marked', sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.alerts }),
  })
  return (
    <>
      <PageHeader title="Alerts" count={unseen > 0 ? `${countOf(unseen, 'new', 'new')}` : undefined}>
        {unseen > 0 && newest && (
          <Button
            icon={<CheckCheck size={15} aria-hidden="true" />}
            pending={seen.isPending}
            onClick={() => seen.mutate(newest.id)}
          >
            Mark all as seen
          </Button>
        )}
      </PageHeader>
      {feed.loading ? (
        <SkeletonRows rows={5} rowHeight={64} />
      ) : feed.error && feed.rows.length === 0 ? (
        <ErrorState title="The alerts could not be loaded" error={feed.error} onRetry={feed.retry} />
      ) : feed.rows.length === 0 ? (
        <EmptyState icon={BellOff} title="No alerts">
          <p>
            When an integration stops itself, starts again, or falls behind, it is told here. Settings also take an
            address that alerts are posted to.
          </p>
        </EmptyState>
      ) : (
        <section
          className={styles.scroller}
          aria-label="Alerts"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
          tabIndex={0}
          onScroll={(event) => feed.setAtTop(event.currentTarget.scrollTop < 20)}
        >
          <ul aria-label="Alerts">
            {feed.rows.map((alert) => (
              <Row key={alert.id} alert={alert} linked={known?.some(({ id }) => id === alert.integrationId) ?? false} />
            ))}
          </ul>
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

interface RowProps {
  readonly alert: Alert
  /** Its integration is still there. */
  readonly linked: boolean
}

function Row({ alert, linked }: RowProps) {
  const { integrationId, kind, message, raisedAt, resolvedAt, seenAt } = alert
  const { label, tone, icon: Icon, lasts } = kindOf(kind)
  return (
    <li className={styles.alert} data-unseen={seenAt === null || undefined}>
      <Icon size={17} strokeWidth={1.75} aria-hidden="true" className={styles.icon} data-tone={tone} />
      <div className={styles.body}>
        <div className={styles.head}>
          <span className={styles.title}>
            {integrationId !== null &&
              (linked ? (
                <Link to="/integrations/$id/events" params={{ id: integrationId }} className={styles.link}>
                  {integrationId}
                </Link>
              ) : (
                <span>{integrationId}</span>
              ))}
            <span>{label}</span>
          </span>
          {seenAt === null && <Badge tone="accent">New</Badge>}
          {lasts && resolvedAt === null && <Badge tone={tone === 'danger' ? 'danger' : 'warning'}>Lasts</Badge>}
          <span className={styles.when}>
            <RelativeTime at={raisedAt} />
          </span>
        </div>
        <p className={styles.message}>{message}</p>
        {lasts && resolvedAt !== null && (
          <p className={styles.over}>Over after {formatSpan(Math.max(1000, resolvedAt - raisedAt))}.</p>
        )}
      </div>
    </li>
  )
}
