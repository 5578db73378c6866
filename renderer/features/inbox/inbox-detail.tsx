import { useQuery } from '@tanstack/react-query'
import { inboxRequestQuery } from '../../query/queries'
import { Definitions } from '../../ui/definitions'
import { Mono } from '../../ui/mono'
import { PayloadViewer } from '../../ui/payload-viewer'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { ExactTime } from '../../ui/time'
import styles from './inbox-detail.module.css'

interface Props {
  readonly no: number
}

export function InboxDetail({ no }: Props) {
  const { data, error } = useQuery(inboxRequestQuery(no))
  if (error) return <ErrorState title="This request is not kept any more" error={error} />
  if (!data) return <SkeletonRows rows={5} rowHeight={34} />
  return (
    <div className={styles.detail}>
      <Definitions
        items={[
          ['Request', <Mono key="request">{`${data.method} ${data.path}`}</Mono>],
          ['Received at', <ExactTime key="received" at={data.receivedAt} />],
          ['Event type', data.eventName ?? 'Not an event'],
          ['Event ID', data.eventId === null ? 'None' : <Mono key="event">{data.eventId}</Mono>],
          ['Seen before', data.duplicate ? 'Yes, an earlier request had the same event ID' : 'No'],
        ]}
      />
      <section>
        <h3 className={styles.heading}>Headers</h3>
        <dl className={styles.headers}>
          {data.headers.map(([name, value], i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a header may come twice, and the list never changes
            <div key={i} className={styles.header}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <PayloadViewer title="Body" text={data.body} />
    </div>
  )
}
