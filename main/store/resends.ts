import type { EpochMs, Resend, ResendFilter, ResendState } from '../../shared/domain'
import { AppError } from '../../shared/errors'
import type { ReadableDb, WritableDb } from './database'
import type { LoggedEvent } from './event-log'
import { parseUuid } from './uuid'

const COLUMNS = `r.id, i.id AS integrationId, r.filter, r.state, r.total, r.succeeded, r.failed, r.skipped, r.created_at AS createdAt,
  r.created_by AS createdBy, r.ended_at AS endedAt`

/** Re-sends of one integration that are listed, newest first. */
const LISTED = 100

function toResend(row: Omit<Resend, 'filter'> & { readonly filter: string }): Resend {
  return { ...row, filter: JSON.parse(row.filter) as ResendFilter }
}

export function listResends(db: ReadableDb, integration: number): Resend[] {
  const sql = `SELECT ${COLUMNS} FROM resends AS r JOIN integrations AS i ON i.no = r.integration
    WHERE r.integration = ? ORDER BY r.id DESC LIMIT ?`
  return (db.prepare(sql).all(integration, LISTED) as Parameters<typeof toResend>[0][]).map(toResend)
}

/** A place in the order in which a re-send takes its events. */
export interface ResendPosition {
  readonly at: number
  readonly seq: number
}

export interface ResendSource {
  /** Rows `(at, seq)` of the events that the filter takes. */
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Where the events of a filter come from, by an index. */
export function resendSource(integration: number, filter: ResendFilter): ResendSource {
  switch (filter.kind) {
    case 'attempt':
      return {
        sql: 'SELECT 0 AS at, seq FROM attempts WHERE id = ? AND integration = ?',
        params: [filter.attemptId, integration],
      }
    case 'events': {
      const ids = JSON.stringify(filter.eventIds.map((id) => parseUuid(id)!.toString('hex')))
      return {
        sql: 'SELECT 0 AS at, e.seq FROM json_each(?) AS j JOIN events AS e ON e.event_id = unhex(j.value)',
        params: [ids],
      }
    }
    case 'rejected': {
      const fields = fieldsOf(filter, 'e')
      // The order of the join is fixed, so that the events come in theirs.
      const join = fields.where === '' ? '' : 'CROSS JOIN events AS e ON e.seq = r.seq'
      return {
        sql: `SELECT r.rejected_at AS at, r.seq FROM rejected_events AS r ${join}
          WHERE r.integration = ? AND r.rejected_at >= ? AND r.rejected_at < ?${fields.where}`,
        params: [integration, filter.from ?? 0, filter.to ?? Number.MAX_SAFE_INTEGER, ...fields.params],
      }
    }
    case 'range': {
      const fields = fieldsOf(filter, 'r')
      return {
        sql: `SELECT r.published_at AS at, r.seq FROM events AS r WHERE r.published_at >= ? AND r.published_at < ?${fields.where}`,
        params: [filter.from, filter.to, ...fields.params],
      }
    }
  }
}

/** @param table alias of the table of events */
function fieldsOf(filter: Extract<ResendFilter, { kind: 'rejected' | 'range' }>, table: string) {
  const conditions: string[] = []
  const params: unknown[] = []
  if (filter.eventName !== undefined) {
    // The sign keeps SQLite from entering by the type: it would have to sort all events of it for each page.
    conditions.push(`+${table}.type_id IN (SELECT id FROM event_types WHERE name = ?)`)
    params.push(filter.eventName)
  }
  if (filter.domainEntityId !== undefined) {
    conditions.push(`${table}.domain_entity_id = ?`)
    params.push(filter.domainEntityId)
  }
  return {
    where: conditions.map((c) => ` AND ${c}`).join(''),
    params,
  }
}

/** Event types that the integration takes, as a condition on `type_id`; null for every type. */
export type TypeIds = readonly number[] | null

/** How many events a re-send would take, in one go: for the viewers' thread. */
export function countResend(db: ReadableDb, integration: number, filter: ResendFilter, types: TypeIds): number {
  const { sql, params } = resendSource(integration, filter)
  const taken =
    types === null ? '' : 'JOIN events AS t ON t.seq = s.seq AND t.type_id IN (SELECT value FROM json_each(?))'
  return db
    .prepare(`SELECT count(*) FROM (${sql}) AS s ${taken}`)
    .pluck()
    .get(...params, ...(types === null ? [] : [JSON.stringify(types)])) as number
}

/** Part of the count of a re-send, and where the next part begins; null at the end. */
export interface ResendCount {
  readonly count: number
  readonly next: ResendPosition | null
}

/** How many of the next `limit` events behind `after` a re-send would take: {@link countResend} in steps. */
export function countResendStep(
  db: ReadableDb,
  integration: number,
  filter: ResendFilter,
  types: ReadonlySet<number>,
  after: ResendPosition,
  limit: number,
): ResendCount {
  const { sql, params } = resendSource(integration, filter)
  const rows = db
    .prepare(
      `SELECT s.at, s.seq, e.type_id AS typeId
       FROM (SELECT * FROM (${sql}) AS f WHERE (at, seq) > (?, ?) ORDER BY at, seq LIMIT ?) AS s
         LEFT JOIN events AS e ON e.seq = s.seq ORDER BY s.at, s.seq`,
    )
    .all(...params, after.at, after.seq, limit) as (ResendPosition & { readonly typeId: number | null })[]
  const last = rows.at(-1)
  return {
    count: rows.filter(({ typeId }) => typeId !== null && types.has(typeId)).length,
    next: last !== undefined && rows.length === limit ? { at: last.at, seq: last.seq } : null,
  }
}

/** An event of a re-send, with what became of it so far. */
export interface ResendItem extends LoggedEvent {
  readonly at: number
  /** Attempts made so far. */
  readonly attempts: number
  readonly rejected: number
  readonly waiting: number
  readonly delivered: number
}

/** Writing and working SQL of re-sends. */
export class ResendStore {
  readonly #db: WritableDb

  constructor(db: WritableDb) {
    this.#db = db
  }

  begin(integration: number, filter: ResendFilter, total: number, by: string, now: EpochMs): number {
    const sql = `INSERT INTO resends (integration, filter, state, total, created_at, created_by) VALUES (?, ?, 'running', ?, ?, ?)`
    return Number(this.#db.prepare(sql).run(integration, JSON.stringify(filter), total, now, by).lastInsertRowid)
  }

  /** @throws AppError `resend_not_found` */
  get(id: number): Resend & { readonly no: number; readonly position: ResendPosition } {
    const row = this.#db
      .prepare(
        `SELECT ${COLUMNS}, r.integration AS no, r.position_at AS at, r.position_seq AS seq
         FROM resends AS r JOIN integrations AS i ON i.no = r.integration WHERE r.id = ? AND i.deleted_at IS NULL`,
      )
      .get(id) as (Parameters<typeof toResend>[0] & { no: number; at: number; seq: number }) | undefined
    if (!row) throw new AppError('resend_not_found', undefined, { field: 'resendId' })
    const { at, seq, no, ...rest } = row
    return { ...toResend(rest), no, position: { at, seq } }
  }

  /** Re-sends of an integration that have work left, oldest first. */
  running(integration: number): number[] {
    const sql = "SELECT id FROM resends WHERE integration = ? AND state = 'running' ORDER BY id"
    return this.#db.prepare(sql).pluck().all(integration) as number[]
  }

  setState(id: number, state: ResendState, endedAt: EpochMs | null): void {
    this.#db.prepare('UPDATE resends SET state = ?, ended_at = ? WHERE id = ?').run(state, endedAt, id)
  }

  /** The next events after a position, in order, with what became of each so far. */
  next(integration: number, filter: ResendFilter, after: ResendPosition, limit: number, types: TypeIds): ResendItem[] {
    const { sql, params } = resendSource(integration, filter)
    // Types are told apart before the limit, so that a page is empty only at the end.
    const taken =
      types === null ? '' : 'AND (SELECT type_id FROM events WHERE seq = f.seq) IN (SELECT value FROM json_each(?))'
    return this.#db
      .prepare(
        `SELECT s.at, e.seq, e.event_id AS eventId, e.type_id AS typeId, e.published_at AS publishedAt,
           (SELECT count(*) FROM attempts AS a WHERE a.integration = ? AND a.seq = e.seq) AS attempts,
           EXISTS (SELECT 1 FROM rejected_events AS r WHERE r.integration = ? AND r.seq = e.seq) AS rejected,
           EXISTS (SELECT 1 FROM waiting AS w WHERE w.integration = ? AND w.seq = e.seq) AS waiting,
           EXISTS (SELECT 1 FROM attempts AS a WHERE a.integration = ? AND a.seq = e.seq AND a.failed = 0) AS delivered, e.body
         FROM (SELECT * FROM (${sql}) AS f WHERE (at, seq) > (?, ?) ${taken} ORDER BY at, seq LIMIT ?) AS s
           JOIN events AS e ON e.seq = s.seq ORDER BY s.at, s.seq`,
      )
      .all(
        integration,
        integration,
        integration,
        integration,
        ...params,
        after.at,
        after.seq,
        ...(types === null ? [] : [JSON.stringify(types)]),
        limit,
      ) as ResendItem[]
  }
}
