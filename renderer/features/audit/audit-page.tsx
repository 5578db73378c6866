import type { AuditEntry } from '@shared/domain'
import { useMutation } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { BookCheck, ShieldCheck } from 'lucide-react'
import { useRef } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { useFeed } from '../../query/use-feed'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { type Column, DataGrid, type DataGridHandle } from '../../ui/data-grid'
import { Definitions } from '../../ui/definitions'
import { countOf, formatNumber } from '../../ui/format'
import { PageHeader } from '../../ui/page'
import { SkeletonRows } from '../../ui/skeleton'
import { SplitView } from '../../ui/split-view'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { ExactTime, RowTime } from '../../ui/time'
import styles from './audit-page.module.css'
import { actionText, differencesOf } from './audit-words'

const route = getRouteApi('/audit')
const PAGE_ROWS = 100
const ROW_HEIGHT = 40

const columns: readonly Column<AuditEntry>[] = [
  {
    id: 'action',
    header: 'What',
    width: 'minmax(120px, 2fr)',
    render: (entry) => <span className={styles.action}>{actionText(entry)}</span>,
  },
  {
    id: 'subject',
    header: 'Of',
    width: 'minmax(96px, 2fr)',
    render: ({ subject }) => <span title={subject ?? undefined}>{subject ?? 'The workspace'}</span>,
  },
  {
    id: 'actor',
    header: 'Who',
    width: 'minmax(64px, 1.2fr)',
    render: ({ actor }) => <span title={actor}>{actor}</span>,
  },
  { id: 'via', header: 'Through', width: '104px', render: ({ via }) => via },
  { id: 'at', header: 'When', width: '142px', render: ({ at }) => <RowTime at={at} /> },
]

/** Who changed what, and whether the list is whole. */
export function AuditPage() {
  const { entry: open } = route.useSearch()
  const navigate = useNavigate()
  const grid = useRef<DataGridHandle>(null)
  const feed = useFeed<AuditEntry>({
    queryKey: keys.auditFeed,
    topics: ['integrations', 'settings', 'resends', 'rejected'],
    load: (after) => call('audit.list', { after, limit: PAGE_ROWS }),
    idOf: (entry) => entry.id,
  })
  const verify = useMutation({ mutationFn: () => call('audit.verify', {}) })
  const select = (entry: number | undefined) =>
    void navigate({ to: '/audit', search: entry === undefined ? {} : { entry }, replace: true })
  const close = () => {
    select(undefined)
    grid.current?.focus()
  }
  const shown = feed.rows.find(({ id }) => id === open)
  return (
    <>
      <PageHeader title="Audit Log">
        <Button
          icon={<ShieldCheck size={15} aria-hidden="true" />}
          pending={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Verify
        </Button>
      </PageHeader>
      <div role="status" className={styles.verdict}>
        {verify.isError && <Callout tone="danger">{sentenceOf(verify.error)}</Callout>}
        {verify.data && <Verdict {...verify.data} />}
      </div>
      <SplitView paneTitle="Entry" onClose={close} pane={shown && <Entry entry={shown} />}>
        {feed.loading ? (
          <SkeletonRows rows={8} rowHeight={ROW_HEIGHT} />
        ) : feed.error && feed.rows.length === 0 ? (
          <ErrorState title="The audit log could not be loaded" error={feed.error} onRetry={feed.retry} />
        ) : feed.rows.length === 0 ? (
          <EmptyState icon={BookCheck} title="Nothing was changed yet">
            Whoever creates, changes, starts, pauses or deletes an integration, sends events again or changes the
            settings is noted here. Entries are chained, so that a change of the past shows.
          </EmptyState>
        ) : (
          <DataGrid
            ref={grid}
            label="Audit Log"
            columns={columns}
            rows={feed.rows}
            rowHeight={ROW_HEIGHT}
            keyOf={(entry) => entry.id}
            selected={open}
            onSelect={(entry) => select(entry.id)}
            onDismiss={close}
            hasMore={feed.hasMore}
            loadingMore={feed.loadingMore}
            onEndReached={feed.loadMore}
            onAtTopChange={feed.setAtTop}
          />
        )}
      </SplitView>
    </>
  )
}

function Verdict({ entries, brokenAt }: { readonly entries: number; readonly brokenAt: number | null }) {
  if (brokenAt !== null) {
    return (
      <Callout tone="danger" title="The audit log is not whole">
        Entry {formatNumber(brokenAt)} does not fit the one before it: it or an earlier one was changed, taken out or
        put in after the fact. Nothing from there on can be relied on.
      </Callout>
    )
  }
  return (
    <Callout tone="info" title="The audit log is whole">
      {countOf(entries, 'entry was', 'entries were')} checked; each fits the one before it.
    </Callout>
  )
}

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const differences = differencesOf(entry)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
    <section className={styles.detail} aria-label="Entry in full" tabIndex={0}>
      <Definitions
        items={[
          ['What', actionText(entry)],
          ['Of', entry.subject ?? 'The workspace'],
          ['Who', entry.actor],
          ['Through', entry.via],
          ['When', <ExactTime key="at" at={entry.at} />],
          ['Number', formatNumber(entry.id)],
        ]}
      />
      {differences.length > 0 && (
        <section aria-label="Changes">
          <h3 className={styles.heading}>Changes</h3>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ path, before, after }) => (
                <tr key={path}>
                  <th scope="row">{path}</th>
                  <td>{before ?? <span className={styles.none}>none</span>}</td>
                  <td>{after ?? <span className={styles.none}>none</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}
