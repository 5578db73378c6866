import type { AttemptDetail, EntityAttempt, EntityEvent } from '@shared/domain'
import { entityOf, findEntity } from '@shared/event-catalog'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { storyQuery } from '../../query/queries'
import { buttonClass } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { cx } from '../../ui/cx'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { RowTime } from '../../ui/time'
import { outcomeText } from './attempt-words'
import styles from './entity-story.module.css'
import { neighbours } from './neighbours'
import { Outcome } from './outcome'

interface Props {
  readonly domainEntityId: string
  readonly integrationId: string
  /** The attempt that is looked at. */
  readonly attempt: AttemptDetail
}

/** The life of one domain entity: every event of it, and what every integration did with each. */
export function EntityStoryView({ domainEntityId, integrationId, attempt }: Props) {
  const { data, error, refetch } = useQuery(storyQuery(domainEntityId))
  if (!data && error) {
    return <ErrorState title="The history could not be loaded" error={error} onRetry={() => void refetch()} />
  }
  if (!data) return <SkeletonRows rows={3} rowHeight={34} />
  const here = { integrationId, id: attempt.id, seq: attempt.seq }
  const { previous, next } = neighbours(data, here)
  const noun = findEntity(entityOf(attempt.eventName))?.label.toLowerCase() ?? 'entity'
  return (
    <section aria-label="Entity history" className={styles.story}>
      <header className={styles.header}>
        <h3 className={styles.title}>The life of this {noun}</h3>
        <Neighbour attempt={previous} label="Previous attempt">
          <ChevronLeft size={14} aria-hidden="true" />
        </Neighbour>
        <Neighbour attempt={next} label="Next attempt">
          <ChevronRight size={14} aria-hidden="true" />
        </Neighbour>
      </header>
      {data.cut && <Callout tone="info">Only the newest events of this {noun} are shown.</Callout>}
      <ol className={styles.events}>
        {data.events.map((event) => (
          <Event key={event.seq} event={event} here={here} />
        ))}
      </ol>
    </section>
  )
}

interface Here {
  readonly integrationId: string
  readonly id: number
  readonly seq: number
}

function Event({ event, here }: { readonly event: EntityEvent; readonly here: Here }) {
  return (
    <li className={styles.event}>
      <div className={styles.head}>
        <span className={styles.name}>{event.eventName}</span>
        <span className={styles.when}>
          published <RowTime at={event.publishedAt} />
        </span>
      </div>
      {event.attempts.length === 0 ? (
        <p className={styles.none}>No integration has tried to deliver it.</p>
      ) : (
        <ul>
          {event.attempts.map((each) => {
            const current = each.id === here.id && each.seq === here.seq
            return (
              <li key={`${each.id}.${each.seq}`}>
                <Link
                  {...linkTo(each)}
                  className={cx(styles.attempt, current && styles.current)}
                  aria-current={current ? 'true' : undefined}
                >
                  <span className={styles.integration} title={each.integrationId}>
                    {each.integrationId}
                  </span>
                  <Outcome outcome={each.outcome} />
                  <span className={styles.reason}>{outcomeText(each)}</span>
                  <span className={styles.time}>
                    <RowTime at={each.attemptedAt} />
                  </span>
                </Link>
              </li>
            )
          })}
        </ul>
      )}
    </li>
  )
}

/** View Events of its integration, filtered to the entity, with the attempt open. */
function linkTo({ integrationId, id, seq, domainEntityId }: EntityAttempt) {
  return {
    to: '/integrations/$id/events',
    params: { id: integrationId },
    search: { entityId: domainEntityId ?? undefined, attempt: id, seq },
  } as const
}

interface NeighbourProps {
  readonly attempt: EntityAttempt | null
  readonly label: string
  readonly children: React.ReactNode
}

function Neighbour({ attempt, label, children }: NeighbourProps) {
  if (attempt === null) {
    return (
      <span className={cx(buttonClass('ghost', true), styles.step)} data-off="" title={`No ${label.toLowerCase()}`}>
        {children}
      </span>
    )
  }
  return (
    <Link {...linkTo(attempt)} className={cx(buttonClass('ghost', true), styles.step)} aria-label={label} title={label}>
      {children}
    </Link>
  )
}
