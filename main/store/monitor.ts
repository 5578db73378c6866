import type { EpochMs } from '../../shared/domain'
import type { ReadableDb } from './database'
import { SETTLES } from './delivery'

/** Beyond this many, late events are counted as "at least". */
export const LATE_COUNTED_MAX = 10_000

/** What an integration has not settled up to a place in the log. */
export interface Pending {
  /** At most `LATE_COUNTED_MAX`. */
  readonly count: number
  /** Acceptance of the oldest; null when there is none. */
  readonly oldestAt: EpochMs | null
}

/**
 * Events of a stretch of the log that the integration has not settled.
 *
 * @param places where its cursor is, and the stretch: behind `after`, up to and including `upTo`
 * @param types event types that it takes
 * @param dates publishing times that it takes: from inclusive, to exclusive
 */
export function pendingUpTo(
  db: ReadableDb,
  integration: number,
  { cursor, after, upTo }: { readonly cursor: number; readonly after: number; readonly upTo: number },
  types: readonly number[],
  dates: { readonly from: EpochMs | null; readonly to: EpochMs | null },
): Pending {
  const row = db
    .prepare(
      `WITH pending (seq) AS (
         SELECT seq FROM (SELECT seq FROM waiting WHERE integration = ? AND seq > ? AND seq <= ? LIMIT ?)
         UNION
         SELECT seq FROM (
           SELECT e.seq FROM json_each(?) AS t CROSS JOIN events AS e ON e.type_id = t.value AND e.seq > ? AND e.seq <= ?
           WHERE e.published_at >= ? AND e.published_at < ?
             AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.integration = ? AND a.seq = e.seq AND ${SETTLES})
           LIMIT ?))
       SELECT count(*) AS count, (SELECT accepted_at FROM events WHERE seq = (SELECT min(seq) FROM pending)) AS oldestAt FROM pending`,
    )
    .get(
      ...[integration, after, upTo, LATE_COUNTED_MAX],
      ...[JSON.stringify(types), Math.max(cursor, after), upTo, dates.from ?? 0, dates.to ?? Number.MAX_SAFE_INTEGER],
      ...[integration, LATE_COUNTED_MAX],
    ) as Pending
  return { count: Math.min(row.count, LATE_COUNTED_MAX), oldestAt: row.oldestAt }
}

/** When the integration was last started; null when its log entries do not say. */
export function lastStartedAt(db: ReadableDb, integration: number): EpochMs | null {
  const at = db
    .prepare(
      "SELECT created_at FROM log_entries WHERE integration = ? AND action = 'integration_started' ORDER BY created_at DESC LIMIT 1",
    )
    .pluck()
    .get(integration) as EpochMs | undefined
  return at ?? null
}
