import type { Resend, ResendState } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { resendListQuery } from '../../query/queries'
import { Badge } from '../../ui/badge'
import { type Column, DataGrid } from '../../ui/data-grid'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { progressText, resendText } from './resend-words'
import styles from './resends-page.module.css'

const route = getRouteApi('/integrations/$id/resends')
const ROW_HEIGHT = 48

const states: Readonly<
  Record<ResendState, { readonly label: string; readonly tone: 'accent' | 'success' | 'neutral' | 'warning' }>
> = {
  running: { label: 'Running', tone: 'accent' },
  paused: { label: 'Paused', tone: 'warning' },
  done: { label: 'Done', tone: 'success' },
  cancelled: { label: 'Cancelled', tone: 'neutral' },
}

const columns: readonly Column<Resend>[] = [
  {
    id: 'what',
    header: 'What',
    width: 'minmax(180px, 3fr)',
    render: ({ filter, createdBy }) => (
      <>
        <span className={styles.first} title={resendText(filter)}>
          {resendText(filter)}
        </span>
        <span className={styles.second}>by {createdBy}</span>
      </>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '110px',
    render: ({ state }) => <Badge tone={states[state].tone}>{states[state].label}</Badge>,
  },
  { id: 'progress', header: 'Progress', width: 'minmax(160px, 2fr)', render: (resend) => progressText(resend) },
  { id: 'created', header: 'Created at', width: '142px', render: ({ createdAt }) => <RowTime at={createdAt} /> },
]

/** Everything that operators had sent again, running or ended. */
export function ResendsPage() {
  const { id } = route.useParams()
  const { data, error, refetch } = useQuery(resendListQuery(id))
  if (!data && error) {
    return <ErrorState title="The re-sends could not be loaded" error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <SkeletonRows rows={4} rowHeight={ROW_HEIGHT} />
  if (data.rows.length === 0) {
    return (
      <EmptyState icon={RotateCw} title="Nothing was sent again yet">
        Retry an attempt in Events, or rejected events in Rejected Events. Each re-send is listed here with what became
        of its events.
      </EmptyState>
    )
  }
  return (
    <DataGrid
      label="Re-sends"
      columns={columns}
      rows={data.rows}
      rowHeight={ROW_HEIGHT}
      keyOf={(resend) => resend.id}
    />
  )
}
