import type { EntityAttempt, EntityEvent, EntityStory } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'
import { ATTEMPT, type AttemptRow, type Sql, toAttempt } from './attempts'
import { toContent } from './batches'
import { formatUuid } from './uuid'

/** More events of one entity, or more attempts in all, are not told: a story that long is read in View Events. */
const EVENTS_MAX = 200
const ATTEMPTS_MAX = 1000

interface EventRow {
  readonly seq: number
  readonly event_id: Uint8Array
  readonly name: string
  readonly published_at: number
  readonly accepted_at: number
}

type StoryRow = AttemptRow & { readonly integration_id: string; readonly batch: number | null }

/**
 * The events of a domain entity by publishing time, each with the attempts of every integration. Through the indexes on the entity,
 * on attempts by event and on batches by range, so it costs the same in a store of any size.
 */
export function getEntityStory(sql: Sql, domainEntityId: string): EntityStory {
  const found = sql(
    `SELECT e.seq, e.event_id, t.name, e.published_at, e.accepted_at FROM events AS e JOIN event_types AS t ON t.id = e.type_id
     WHERE e.domain_entity_id = ? ORDER BY e.seq DESC LIMIT ?`,
  ).all(domainEntityId, EVENTS_MAX + 1) as EventRow[]
  const events: EntityEvent[] = []
  let left = ATTEMPTS_MAX
  for (const event of found.slice(0, EVENTS_MAX)) {
    if (left <= 0) break
    const attempts = attemptsOf(sql, event, left)
    left -= attempts.length
    events.push({
      seq: event.seq,
      eventId: formatUuid(event.event_id),
      eventName: event.name,
      publishedAt: event.published_at,
      acceptedAt: event.accepted_at,
      attempts,
    })
  }
  events.sort((a, b) => a.publishedAt - b.publishedAt || a.seq - b.seq)
  return { domainEntityId, events, cut: found.length > EVENTS_MAX || left <= 0 }
}

function attemptsOf(sql: Sql, event: EventRow, limit: number): EntityAttempt[] {
  const direct = sql(
    `SELECT ${ATTEMPT}, a.batch, i.id AS integration_id FROM integrations AS i
       JOIN attempts AS a ON a.integration = i.no AND a.seq = ? AND a.batch IS NULL
       JOIN events AS e ON e.seq = a.seq JOIN event_types AS t ON t.id = e.type_id
     WHERE i.deleted_at IS NULL LIMIT ?`,
  ).all(event.seq, limit) as StoryRow[]
  const batched = sql(
    `SELECT ${ATTEMPT}, a.batch, i.id AS integration_id FROM integrations AS i
       JOIN batches AS b ON b.integration = i.no AND b.after_seq < ?
         AND b.last_seq = (SELECT min(last_seq) FROM batches WHERE integration = i.no AND last_seq >= ?)
       JOIN attempts AS a ON a.batch = b.id JOIN events AS e ON e.seq = ? JOIN event_types AS t ON t.id = e.type_id
     WHERE i.deleted_at IS NULL AND i.target_kind = 's3' LIMIT ?`,
  ).all(event.seq, event.seq, event.seq, limit) as StoryRow[]
  return [...direct, ...batched.filter((row) => holds(sql, row.batch!, event))]
    .sort((a, b) => a.started_at - b.started_at || a.id - b.id)
    .slice(0, limit)
    .map((row) => ({ ...toAttempt(row), integrationId: row.integration_id }))
}

/** A batch covers a stretch of the log, of which it holds only what its own selection and dates take. */
function holds(sql: Sql, batch: number, event: EventRow): boolean {
  const content = toContent(sql('SELECT * FROM batches WHERE id = ?').get(batch) as Parameters<typeof toContent>[0])
  return (
    selects(content.selection, event.name) &&
    event.published_at >= (content.startsAt ?? 0) &&
    event.published_at < (content.endsAt ?? Number.MAX_SAFE_INTEGER)
  )
}
