import type { EpochMs } from '../../shared/domain'
import type { ReadableDb } from './database'

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
 * Events up to `upTo` that the integration has not settled.
 *
 * @param types event types that it takes
 * @param dates publishing times that it takes: from inclusive, to exclusive
 */
export function pendingUpTo(
  db: ReadableDb,
  integration: number,
  cursor: number,
  types: readonly number[],
  dates: { readonly from: EpochMs | null; readonly to: EpochMs | null },
  upTo: number,
): Pending {
  const row = db
    .prepare(
      `WITH pending (seq) AS (
         SELECT seq FROM (SELECT seq FROM waiting WHERE integration = @integration AND seq <= @upTo LIMIT @most)
         UNION
         SELECT seq FROM (
           SELECT e.seq FROM json_each(@types) AS t CROSS JOIN events AS e ON e.type_id = t.value AND e.seq > @cursor AND e.seq <= @upTo
           WHERE e.published_at >= @from AND e.published_at < @to
             AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.integration = @integration AND a.seq = e.seq AND a.batch IS NULL)
           LIMIT @most))
       SELECT count(*) AS count, (SELECT accepted_at FROM events WHERE seq = (SELECT min(seq) FROM pending)) AS oldestAt FROM pending`,
    )
    .get({
      integration,
      upTo,
      most: LATE_COUNTED_MAX,
      types: JSON.stringify(types),
      cursor,
      from: dates.from ?? 0,
      to: dates.to ?? Number.MAX_SAFE_INTEGER,
    }) as Pending
  return { count: Math.min(row.count, LATE_COUNTED_MAX), oldestAt: row.oldestAt }
}

/** When the integration was last started; null when its log entries do not say. */
export function lastStartedAt(db: ReadableDb, integration: number): EpochMs | null {
  return db
    .prepare("SELECT max(created_at) FROM log_entries WHERE integration = ? AND action = 'integration_started'")
    .pluck()
    .get(integration) as EpochMs | null
}
