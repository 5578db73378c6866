import type { EpochMs, ObjectPlace, ResendFilter, Selection } from '../../shared/domain'
import { type Statement, transaction, type WritableDb } from './database'
import { resendSource } from './resends'

/** One object of a batch: the events of one tenant. */
export interface BatchObject {
  readonly tenant: string
  readonly key: string
  readonly events: number
  /** As it is written: compressed when the batch is. */
  readonly bytes: number
  /** Name of the compressed file; null for a plain object. */
  readonly spool: string | null
  readonly storedAt: EpochMs | null
}

/** What a batch holds: the events in (`afterSeq`, `lastSeq`] that its own selection and dates take. */
export interface BatchContent {
  readonly afterSeq: number
  readonly lastSeq: number
  readonly selection: Selection
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
  readonly events: number
  /** Events of the selected types in the range that lie outside the dates. */
  readonly passedOver: number
  readonly gzip: boolean
}

export interface Batch extends BatchContent {
  readonly id: number
  readonly sealedAt: EpochMs
  readonly attempts: number
  readonly dueAt: EpochMs
  readonly objects: readonly BatchObject[]
}

interface BatchRow {
  readonly id: number
  readonly after_seq: number
  readonly last_seq: number
  readonly selection: string
  readonly starts_at: number | null
  readonly ends_at: number | null
  readonly events: number
  readonly passed_over: number
  readonly gzip: number
  readonly sealed_at: number
  readonly attempts: number
  readonly due_at: number
}

/** Writing and reading SQL of S3 batches. */
export class BatchStore {
  readonly #db: WritableDb

  constructor(db: WritableDb) {
    this.#db = db
  }

  /** Writes down what a batch holds, before its first upload. Durable when this returns. */
  seal(
    integration: number,
    content: BatchContent,
    objects: readonly Omit<BatchObject, 'storedAt'>[],
    now: EpochMs,
  ): Batch {
    const id = transaction(this.#db, () => {
      const { lastInsertRowid } = this.#db
        .prepare(
          `INSERT INTO batches (integration, after_seq, last_seq, selection, starts_at, ends_at, events, passed_over, gzip, state,
             sealed_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sealed', ?, ?)`,
        )
        .run(
          integration,
          content.afterSeq,
          content.lastSeq,
          JSON.stringify(content.selection),
          content.startsAt,
          content.endsAt,
          content.events,
          content.passedOver,
          content.gzip ? 1 : 0,
          now,
          now,
        )
      const insert = this.#db.prepare(
        'INSERT INTO batch_objects (batch, tenant, object_key, events, bytes, spool) VALUES (?, ?, ?, ?, ?, ?)',
      )
      for (const o of objects) insert.run(lastInsertRowid, o.tenant, o.key, o.events, o.bytes, o.spool)
      return Number(lastInsertRowid)
    })
    return this.get(id)!
  }

  /** The batch that waits for its upload; there is at most one, since the next begins where it ends. */
  sealed(integration: number): Batch | undefined {
    const id = this.#db.prepare("SELECT id FROM batches WHERE integration = ? AND state = 'sealed' ORDER BY id LIMIT 1")
    return this.get((id.pluck().get(integration) as number | undefined) ?? 0)
  }

  get(id: number): Batch | undefined {
    const row = this.#db.prepare('SELECT * FROM batches WHERE id = ?').get(id) as BatchRow | undefined
    return (
      row && {
        ...toContent(row),
        id,
        sealedAt: row.sealed_at,
        attempts: row.attempts,
        dueAt: row.due_at,
        objects: this.#objects(id),
      }
    )
  }

  #objects(batch: number): BatchObject[] {
    const sql = `SELECT tenant, object_key AS key, events, bytes, spool, stored_at AS storedAt FROM batch_objects
      WHERE batch = ? ORDER BY tenant`
    return this.#db.prepare(sql).all(batch) as BatchObject[]
  }

  /** When the newest batch was closed; null when there is none. */
  lastSealedAt(integration: number): EpochMs | null {
    return this.#db.prepare('SELECT max(sealed_at) FROM batches WHERE integration = ?').pluck().get(integration) as
      | number
      | null
  }

  /** Names of the compressed files that still are needed. */
  spooled(): Set<string> {
    const sql = `SELECT o.spool FROM batches AS b JOIN batch_objects AS o ON o.batch = b.id
      WHERE b.state = 'sealed' AND o.spool IS NOT NULL`
    return new Set(this.#db.prepare(sql).pluck().all() as string[])
  }

  /** Stored batches that a re-send takes, oldest first: those that hold events of its filter. */
  holding(integration: number, filter: ResendFilter): number[] {
    const { sql, params } = resendSource(integration, filter)
    // A long stretch of time is found by its ends, since nearly every batch between them holds some of it.
    const wide = filter.kind === 'range' && filter.domainEntityId === undefined
    const text = wide
      ? `SELECT b.id FROM (SELECT min(seq) AS low, max(seq) AS high FROM (${sql})) AS r JOIN batches AS b
           ON b.last_seq >= r.low AND b.after_seq < r.high WHERE b.integration = ? AND b.state = 'stored' ORDER BY b.id`
      : `SELECT DISTINCT b.id FROM (${sql}) AS s JOIN batches AS b
           ON b.last_seq = (SELECT min(last_seq) FROM batches WHERE integration = ${integration} AND last_seq >= s.seq) AND b.after_seq < s.seq
         WHERE b.integration = ? AND b.state = 'stored' ORDER BY b.id`
    return this.#db
      .prepare(text)
      .pluck()
      .all(...params, integration) as number[]
  }

  /** Events of some batches. */
  eventsOf(batches: readonly number[]): number {
    const sql = 'SELECT coalesce(sum(events), 0) FROM batches WHERE id IN (SELECT value FROM json_each(?))'
    return this.#db.prepare(sql).pluck().get(JSON.stringify(batches)) as number
  }
}

export function toContent(row: BatchRow): BatchContent {
  return {
    afterSeq: row.after_seq,
    lastSeq: row.last_seq,
    selection: JSON.parse(row.selection) as Selection,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    events: row.events,
    passedOver: row.passed_over,
    gzip: row.gzip === 1,
  }
}

/** Which object of a batch holds an event, and where in it; null when none does. */
export function placeOf(sql: (text: string) => Statement, batchId: number, seq: number): ObjectPlace | null {
  const row = sql('SELECT * FROM batches WHERE id = ?').get(batchId) as BatchRow | undefined
  if (!row) return null
  const { selection, startsAt, endsAt, afterSeq } = toContent(row)
  const object = sql(
    `SELECT o.tenant, o.object_key AS key, o.stored_at AS storedAt, o.verification FROM events AS e
         JOIN event_types AS t ON t.id = e.type_id JOIN batch_objects AS o ON o.batch = ? AND o.tenant = t.tenant WHERE e.seq = ?`,
  ).get(batchId, seq) as (Pick<ObjectPlace, 'key' | 'storedAt' | 'verification'> & { tenant: string }) | undefined
  if (!object) return null
  const before = sql(
    `SELECT count(*) AS lines, coalesce(sum(length(e.body) + 1), 0) AS bytes
       FROM events AS e JOIN event_types AS t ON t.id = e.type_id
       WHERE e.seq > ? AND e.seq < ? AND t.tenant = ? AND e.published_at >= ? AND e.published_at < ? AND ${SELECTED}`,
  ).get(
    afterSeq,
    seq,
    object.tenant,
    startsAt ?? 0,
    endsAt ?? Number.MAX_SAFE_INTEGER,
    ...selectedParams(selection),
  ) as {
    lines: number
    bytes: number
  }
  const own = sql('SELECT length(body) FROM events WHERE seq = ?').pluck().get(seq) as number
  return {
    batchId,
    key: object.key,
    line: before.lines + 1,
    byteFrom: before.bytes,
    byteTo: before.bytes + own,
    storedAt: object.storedAt,
    verification: object.verification,
  }
}

/** Condition on `event_types AS t`: a selection takes it. */
export const SELECTED = `(? OR t.name IN (SELECT value FROM json_each(?))
  OR substr(t.name, 1, instr(t.name, '.') - 1) IN (SELECT value FROM json_each(?)))`

export function selectedParams({ events, entities }: Selection): unknown[] {
  return [events.length + entities.length === 0 ? 1 : 0, JSON.stringify(events), JSON.stringify(entities)]
}
