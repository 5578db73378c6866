import type { AttemptDetail as Detail } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { attemptQuery } from '../../query/queries'
import { Callout } from '../../ui/callout'
import { CopyButton } from '../../ui/copy-button'
import { cx } from '../../ui/cx'
import { Definitions } from '../../ui/definitions'
import { formatDateTime, formatDuration, formatNumber, formatUtc } from '../../ui/format'
import { Mono } from '../../ui/mono'
import { PayloadViewer } from '../../ui/payload-viewer'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { ExactTime, RelativeTime } from '../../ui/time'
import styles from './attempt-detail.module.css'
import { outcomeSentence, outcomeText } from './attempt-words'
import { Outcome } from './outcome'

interface Props {
  readonly integrationId: string
  readonly attemptId: number
  /** Another try of the same event was chosen. */
  readonly onSelect: (attemptId: number) => void
}

export function AttemptDetail({ integrationId, attemptId, onSelect }: Props) {
  const { data, error, refetch } = useQuery(attemptQuery(integrationId, attemptId))
  if (!data && error) {
    return <ErrorState title="The attempt could not be loaded" error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <SkeletonRows rows={5} rowHeight={34} />
  return (
    <div className={styles.detail}>
      <div className={styles.outcome}>
        <Outcome outcome={data.outcome} />
        <p className={styles.sentence}>{outcomeSentence(data)}</p>
        <NextStep attempt={data} />
      </div>
      {data.errorDetail !== null && (
        <Callout tone="info">
          <Mono>{data.errorDetail}</Mono>
        </Callout>
      )}
      <Definitions items={factsOf(data)} />
      {data.history.length > 1 && <History attempt={data} onSelect={onSelect} />}
      {data.responseBody !== null && data.responseBody !== '' && (
        <PayloadViewer title="Response" text={data.responseBody} />
      )}
      <PayloadViewer title="Payload" text={data.body} />
    </div>
  )
}

/** What becomes of the event after a failure. */
function NextStep({ attempt }: { readonly attempt: Detail }) {
  const { outcome, errorCode, nextTryAt, history, id } = attempt
  if (outcome === 'success' || errorCode === 'rejected') return null
  const last = history.at(-1)
  if (last !== undefined && last.id !== id && last.outcome === 'success') {
    return <p className={styles.next}>A later try delivered the event.</p>
  }
  if (nextTryAt === null) return null
  return (
    <p className={styles.next}>
      Next try <RelativeTime at={nextTryAt} />
    </p>
  )
}

function factsOf(attempt: Detail): readonly (readonly [string, ReactNode])[] {
  const { eventId, eventName, domainEntityId, statusCode, durationMs, number, history } = attempt
  return [
    ['Event type', eventName],
    ['Event ID', <WithCopy key="event" label="Copy event ID" text={eventId} />],
    [
      'Domain Entity ID',
      domainEntityId === null ? 'None' : <WithCopy key="entity" label="Copy Domain Entity ID" text={domainEntityId} />,
    ],
    ['Status code', statusCode === null ? 'No answer' : String(statusCode)],
    ['Duration', formatDuration(durationMs)],
    ['Try', history.length > 1 ? `${formatNumber(number)} of ${formatNumber(history.length)}` : formatNumber(number)],
    ['Attempted at', <ExactTime key="attempted" at={attempt.attemptedAt} />],
    ['Published at', <ExactTime key="published" at={attempt.publishedAt} />],
    ['Accepted at', <ExactTime key="accepted" at={attempt.acceptedAt} />],
  ]
}

function WithCopy({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <span className={styles.withCopy}>
      <Mono>{text}</Mono>
      <CopyButton label={label} text={text} />
    </span>
  )
}

interface HistoryProps {
  readonly attempt: Detail
  readonly onSelect: (attemptId: number) => void
}

function History({ attempt, onSelect }: HistoryProps) {
  return (
    <section className={styles.history} aria-label="Tries">
      <h3 className={styles.heading}>Tries</h3>
      <ol>
        {attempt.history.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              className={cx(styles.try, each.id === attempt.id && styles.current)}
              aria-current={each.id === attempt.id ? 'true' : undefined}
              onClick={() => onSelect(each.id)}
            >
              <span className={styles.number}>{formatNumber(each.number)}</span>
              <Outcome outcome={each.outcome} />
              <span className={styles.reason}>{outcomeText(each)}</span>
              <time className={styles.time} title={formatUtc(each.attemptedAt)}>
                {formatDateTime(each.attemptedAt)}
              </time>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}
