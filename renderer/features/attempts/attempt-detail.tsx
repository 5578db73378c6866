import type { Attempt, AttemptDetail as Detail, IntegrationSummary, ObjectPlace } from '@shared/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { attemptQuery, integrationQuery } from '../../query/queries'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { CopyButton } from '../../ui/copy-button'
import { cx } from '../../ui/cx'
import { Definitions } from '../../ui/definitions'
import { formatBytes, formatDateTime, formatDuration, formatNumber, formatUtc } from '../../ui/format'
import { HeaderList } from '../../ui/header-list'
import { Mono } from '../../ui/mono'
import { PayloadViewer } from '../../ui/payload-viewer'
import { Segmented } from '../../ui/radio'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { ExactTime, RelativeTime } from '../../ui/time'
import { toastError, toastSuccess } from '../../ui/toast'
import styles from './attempt-detail.module.css'
import { outcomeSentence, outcomeText } from './attempt-words'
import { curlCommand, requestHeaders } from './curl'
import { EntityStoryView } from './entity-story'
import { Outcome } from './outcome'
import { PhaseBar } from './phase-bar'

/** Which attempt, and of an S3 batch which event of it. */
export interface AttemptRef {
  readonly attempt: number
  readonly seq?: number | undefined
}

interface Props extends AttemptRef {
  readonly integrationId: string
  /** Another try of the same event was chosen. */
  readonly onSelect: (ref: AttemptRef) => void
  /** Actions of the screen that shows it. */
  readonly actions?: ReactNode
}

type Tab = 'payload' | 'request' | 'answer' | 'story'

export function AttemptDetail({ integrationId, attempt, seq, onSelect, actions }: Props) {
  const { data, error, refetch } = useQuery(attemptQuery(integrationId, attempt, seq))
  const integration = useQuery(integrationQuery(integrationId)).data
  const [chosen, setTab] = useState<Tab | null>(null)
  if (!data && error) {
    return <ErrorState title="The attempt could not be loaded" error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <SkeletonRows rows={5} rowHeight={34} />
  // Why it failed is what one opens a failure for.
  const tab = chosen ?? (data.outcome === 'failure' && data.responseBody ? 'answer' : 'payload')
  return (
    <div className={styles.detail}>
      <div className={styles.outcome}>
        <Outcome outcome={data.outcome} />
        <p className={styles.sentence}>
          {data.outcome === 'success' && data.object
            ? 'The object that holds the event was stored.'
            : outcomeSentence(data)}
        </p>
        <NextStep attempt={data} />
      </div>
      {data.errorDetail !== null && (
        <Callout tone="info">
          <Mono>{data.errorDetail}</Mono>
        </Callout>
      )}
      <div className={styles.actions}>
        <RetryButton integration={integration} attempt={data} />
        {integration?.target.kind === 'webhook' && (
          <CopyButton
            label="Copy as cURL"
            text={curlCommand({ target: integration.target, eventId: data.eventId, body: data.body })}
            worded
            words="Copy as cURL"
          />
        )}
        {actions}
      </div>
      <PhaseBar phases={data.phases} durationMs={data.durationMs} />
      <Definitions items={factsOf(data)} />
      {data.object && <ObjectFacts place={data.object} integration={integration} />}
      {data.history.length > 1 && <History attempt={data} onSelect={onSelect} />}
      <Segmented label="Details" value={tab} onChange={setTab} options={tabsOf(data)} />
      {tab === 'payload' && <PayloadViewer title="Payload" text={data.body} />}
      {tab === 'request' && <RequestView integration={integration} attempt={data} />}
      {tab === 'answer' && <Answer attempt={data} />}
      {tab === 'story' && data.domainEntityId !== null && (
        <EntityStoryView domainEntityId={data.domainEntityId} integrationId={integrationId} attempt={data} />
      )}
    </div>
  )
}

function tabsOf(attempt: Detail): readonly { readonly value: Tab; readonly label: string }[] {
  return [
    { value: 'payload', label: 'Payload' },
    ...(attempt.object === null ? [{ value: 'request' as const, label: 'Request' }] : []),
    { value: 'answer', label: attempt.object === null ? 'Response' : 'Server' },
    ...(attempt.domainEntityId === null ? [] : [{ value: 'story' as const, label: 'Entity history' }]),
  ]
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

interface RetryProps {
  readonly integration: IntegrationSummary | undefined
  readonly attempt: Detail
}

function RetryButton({ integration, attempt }: RetryProps) {
  const client = useQueryClient()
  const retry = useMutation({
    mutationFn: () =>
      call('resends.start', { id: attempt.integrationId, filter: { kind: 'attempt', attemptId: attempt.id } }),
    onSuccess: () => {
      toastSuccess(attempt.object === null ? 'The event is sent again' : 'The object of this batch is written again')
      return client.invalidateQueries({ queryKey: keys.resends })
    },
    onError: (error) => toastError('The event could not be sent again', sentenceOf(error)),
  })
  const paused = integration?.status === 'stopped'
  return (
    <Button
      small
      icon={<RotateCw size={13} aria-hidden="true" />}
      pending={retry.isPending}
      disabled={paused}
      title={paused ? 'The integration is paused, so nothing is sent. Activate it first.' : undefined}
      onClick={() => retry.mutate()}
    >
      {attempt.object === null ? 'Retry' : 'Write again'}
    </Button>
  )
}

function factsOf(attempt: Detail): readonly (readonly [string, ReactNode])[] {
  const { eventId, eventName, domainEntityId, statusCode, number, history, manual } = attempt
  const tries = history.length > 1 ? `${formatNumber(number)} of ${formatNumber(history.length)}` : formatNumber(number)
  return [
    ['Event type', eventName],
    ['Event ID', <WithCopy key="event" label="Copy event ID" text={eventId} />],
    ...(attempt.object === null
      ? [['Idempotency key', <WithCopy key="key" label="Copy idempotency key" text={eventId} />] as const]
      : []),
    [
      'Domain Entity ID',
      domainEntityId === null ? 'None' : <WithCopy key="entity" label="Copy Domain Entity ID" text={domainEntityId} />,
    ],
    ['Status code', statusCode === null ? 'No answer' : String(statusCode)],
    ['Try', manual ? `${tries}, asked for by an operator` : tries],
    ['Attempted at', <ExactTime key="attempted" at={attempt.attemptedAt} />],
    ['Published at', <ExactTime key="published" at={attempt.publishedAt} />],
    ['Accepted at', <ExactTime key="accepted" at={attempt.acceptedAt} />],
  ]
}

interface ObjectProps {
  readonly place: ObjectPlace
  readonly integration: IntegrationSummary | undefined
}

/** Where the bucket holds the event. */
function ObjectFacts({ place, integration }: ObjectProps) {
  const { key, line, byteFrom, byteTo, storedAt, verification } = place
  const bucket = integration?.target.kind === 's3' ? integration.target.bucket : null
  const gzip = integration?.options.gzip === true
  return (
    <section aria-label="Object">
      <h3 className={styles.heading}>Object</h3>
      <Definitions
        items={[
          [
            'Key',
            <WithCopy key="key" label="Copy object key" text={bucket === null ? key : `s3://${bucket}/${key}`} />,
          ],
          ['Line', formatNumber(line)],
          [
            gzip ? 'Bytes, unpacked' : 'Bytes',
            `${formatNumber(byteFrom)} to ${formatNumber(byteTo - 1)} (${formatBytes(byteTo - byteFrom)})`,
          ],
          ['Stored at', storedAt === null ? 'Not stored yet' : <ExactTime key="stored" at={storedAt} />],
          ...(verification === null
            ? []
            : [
                [
                  'Checked',
                  verification === 'same-size'
                    ? 'The server confirmed its size'
                    : 'The key may not read, so its size could not be compared',
                ] as const,
              ]),
        ]}
      />
    </section>
  )
}

interface WithCopyProps {
  readonly label: string
  readonly text: string
}

function WithCopy({ label, text }: WithCopyProps) {
  return (
    <span className={styles.withCopy}>
      <Mono>{text}</Mono>
      <CopyButton label={label} text={text} />
    </span>
  )
}

function RequestView({ integration, attempt }: RetryProps) {
  if (integration?.target.kind !== 'webhook') return null
  const { target } = integration
  return (
    <section aria-label="Request" className={styles.part}>
      <p>
        <Mono>{`POST ${target.callbackUrl}`}</Mono>
      </p>
      <HeaderList
        headers={requestHeaders({ target, eventId: attempt.eventId }, String(Math.floor(attempt.attemptedAt / 1000)))}
      />
      <p className={styles.hint}>
        The body is the payload, byte for byte. Secrets are shown as variables; address and headers are those of the
        integration as it is now.
      </p>
    </section>
  )
}

function Answer({ attempt }: { readonly attempt: Detail }) {
  const { responseHeaders: headers, responseBody: body, statusCode, outcome } = attempt
  if (statusCode === null) {
    return <p className={styles.hint}>{outcome === 'success' ? 'Nothing is kept of it.' : 'No answer came.'}</p>
  }
  return (
    <section aria-label="Response" className={styles.part}>
      {headers !== null && headers.length > 0 && <HeaderList headers={headers} />}
      {body !== null && body !== '' ? (
        <PayloadViewer title="Response" text={body} />
      ) : (
        <p className={styles.hint}>
          {outcome === 'success' && headers === null
            ? 'Answers of successes are not kept, unless the integration is set to keep all answers.'
            : 'The answer had no body.'}
        </p>
      )}
    </section>
  )
}

interface HistoryProps {
  readonly attempt: Detail
  readonly onSelect: (ref: AttemptRef) => void
}

/** All tries of the event by this integration, the longest with the longest bar. */
function History({ attempt, onSelect }: HistoryProps) {
  const longest = Math.max(...attempt.history.map((each) => each.durationMs), 1)
  const refOf = (each: Attempt): AttemptRef =>
    attempt.object === null ? { attempt: each.id } : { attempt: each.id, seq: attempt.seq }
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
              onClick={() => onSelect(refOf(each))}
            >
              <span className={styles.number}>{formatNumber(each.number)}</span>
              <Outcome outcome={each.outcome} />
              <span className={styles.reason}>{outcomeText(each)}</span>
              <span className={styles.span} title={formatDuration(each.durationMs)}>
                <span className={styles.spanBar} style={{ width: `${(each.durationMs / longest) * 100}%` }} />
              </span>
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
