import type { InboxRequest } from '@shared/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Inbox, Power, Trash2 } from 'lucide-react'
import { useRef } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { inboxListQuery, inboxStatusQuery } from '../../query/queries'
import { Badge } from '../../ui/badge'
import { Button, buttonClass } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { countOf, formatBytes, formatNumber } from '../../ui/format'
import { Mono } from '../../ui/mono'
import { PageHeader } from '../../ui/page'
import { SkeletonRows } from '../../ui/skeleton'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { toastError } from '../../ui/toast'
import { InboxDetail } from './inbox-detail'
import styles from './inbox-page.module.css'

const route = getRouteApi('/inbox')
const ROW_HEIGHT = 48
const KEPT = 1000

const columns: readonly Column<InboxRequest>[] = [
  {
    id: 'no',
    header: 'No',
    width: '72px',
    align: 'end',
    render: ({ no }) => <span className={styles.faint}>{formatNumber(no)}</span>,
  },
  {
    id: 'event',
    header: 'Event',
    width: 'minmax(170px, 2.4fr)',
    render: ({ eventName, eventId, duplicate }) => (
      <>
        <span className={styles.name}>
          {eventName ?? 'Not an event'}
          {duplicate && <Badge tone="warning">Duplicate</Badge>}
        </span>
        {eventId !== null && (
          <Mono cut faint>
            {eventId}
          </Mono>
        )}
      </>
    ),
  },
  {
    id: 'request',
    header: 'Request',
    width: 'minmax(110px, 1.4fr)',
    render: ({ method, path }) => <Mono cut>{`${method} ${path}`}</Mono>,
  },
  { id: 'size', header: 'Size', width: '88px', align: 'end', render: ({ bytes }) => formatBytes(bytes) },
  { id: 'received', header: 'Received at', width: '142px', render: ({ receivedAt }) => <RowTime at={receivedAt} /> },
]

export function InboxPage() {
  const { request } = route.useSearch()
  const navigate = useNavigate()
  const grid = useRef<DataGridHandle>(null)
  const status = useQuery(inboxStatusQuery)
  const list = useQuery(inboxListQuery)
  const start = useInboxAction('inbox.start', 'The inbox could not be started')
  const stop = useInboxAction('inbox.stop', 'The inbox could not be stopped')
  const clear = useInboxAction('inbox.clear', 'The inbox could not be cleared')

  const running = status.data?.running ?? false
  const url = status.data?.url ?? null
  const rows = list.data?.rows ?? []
  const select = (no: number | undefined) =>
    void navigate({ to: '/inbox', search: no === undefined ? {} : { request: no }, replace: true })
  const close = () => {
    select(undefined)
    grid.current?.focus()
  }
  const startButton = (
    <Button
      variant="primary"
      icon={<Power size={14} aria-hidden="true" />}
      pending={start.isPending}
      onClick={() => start.mutate()}
    >
      Start inbox
    </Button>
  )
  return (
    <>
      <PageHeader title="Webhook Inbox">
        {rows.length > 0 && (
          <Button
            variant="ghost"
            icon={<Trash2 size={14} aria-hidden="true" />}
            pending={clear.isPending}
            onClick={() => {
              select(undefined)
              clear.mutate()
            }}
          >
            Clear
          </Button>
        )}
        {running ? (
          <Button icon={<Power size={14} aria-hidden="true" />} pending={stop.isPending} onClick={() => stop.mutate()}>
            Stop inbox
          </Button>
        ) : (
          rows.length > 0 && startButton
        )}
      </PageHeader>
      {url !== null && running && (
        <div className={styles.address}>
          <span className={styles.live}>Listening</span>
          <Mono>{url}</Mono>
          <CopyButton label="Copy address" text={url} />
          <Link to="/integrations/new" search={{ callbackUrl: url }} className={buttonClass('secondary', true)}>
            Use as target
          </Link>
          <span className={styles.total}>
            {countOf(status.data?.received ?? 0, 'request')} received, the latest {formatNumber(KEPT)} are kept in
            memory
          </span>
        </div>
      )}
      <SplitView
        paneTitle={request === undefined ? 'Request' : `Request ${formatNumber(request)}`}
        onClose={close}
        pane={request !== undefined && <InboxDetail no={request} />}
      >
        {status.isPending || list.isPending ? (
          <SkeletonRows rows={8} rowHeight={ROW_HEIGHT} />
        ) : list.isError && !list.data ? (
          <ErrorState title="The inbox could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
        ) : rows.length > 0 ? (
          <DataGrid
            ref={grid}
            label="Received requests"
            columns={columns}
            rows={rows}
            rowHeight={ROW_HEIGHT}
            keyOf={(row) => row.no}
            selected={request}
            onSelect={(row) => select(row.no)}
            onDismiss={close}
          />
        ) : running ? (
          <EmptyState icon={Inbox} title="Waiting for requests">
            Use the address above as the callback URL of an integration. What it delivers appears here at once.
          </EmptyState>
        ) : (
          <EmptyState icon={Inbox} title="A receiver on this machine" actions={startButton}>
            <p>
              The inbox takes every event that is posted to it and shows it, so that an integration can be tried without
              a receiver of your own. It keeps only the latest {formatNumber(KEPT)} requests, in memory.
            </p>
          </EmptyState>
        )}
      </SplitView>
    </>
  )
}

function useInboxAction(name: 'inbox.start' | 'inbox.stop' | 'inbox.clear', failed: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call(name, {}),
    onSuccess: (status) => client.setQueryData(keys.inboxStatus, status),
    onError: (error) => toastError(failed, sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.inbox }),
  })
}
