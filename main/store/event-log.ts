import type { EpochMs } from '../../shared/domain'
import { type Statement, transaction, type WritableDb } from './database'

/** An event that passed every check, ready to be stored. */
export interface NewEvent {
  /** 16 bytes. */
  readonly eventId: Buffer
  readonly name: string
  readonly domainEntityId: string | null
  readonly publishedAt: EpochMs
  /** The envelope, stored and delivered as it is. */
  readonly body: Buffer
}

/** An event as delivery needs it. */
export interface LoggedEvent {
  readonly seq: number
  readonly eventId: Buffer
  readonly typeId: number
  readonly publishedAt: EpochMs
  readonly body: Buffer
}

export type AppendOutcome = 'accepted' | 'duplicate' | 'conflict'

export interface AppendResult {
  /** One per event given, in order. */
  readonly outcomes: readonly AppendOutcome[]
  /** The accepted events with their place in the log. */
  readonly accepted: readonly LoggedEvent[]
}

export interface ReadWindow {
  readonly events: LoggedEvent[]
  /** Everything up to here was looked at. */
  readonly upTo: number
}

/** Beyond this many types a merge of index scans costs more than one scan of the log. */
const MERGED_TYPES_MAX = 40

const COLUMNS = 'seq, event_id AS eventId, type_id AS typeId, published_at AS publishedAt, body'

/** The append-only log of accepted events; writer side. */
export class EventLog {
  readonly #db: WritableDb
  readonly #insert: Statement
  readonly #existing: Statement
  readonly #insertType: Statement
  readonly #countType: Statement
  readonly #readAll: Statement
  readonly #readScan: Statement
  readonly #readMerged = new Map<number, Statement>()
  readonly #bySeq: Statement
  readonly #types = new Map<string, number>()
  readonly #names = new Map<number, string>()
  readonly #totals = new Map<number, number>()
  #head: number

  constructor(db: WritableDb) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO events (seq, event_id, type_id, domain_entity_id, published_at, accepted_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
    )
    this.#existing = db.prepare('SELECT body FROM events WHERE event_id = ?').pluck()
    this.#insertType = db.prepare('INSERT INTO event_types (id, name) VALUES (?, ?)')
    this.#countType = db.prepare('UPDATE event_types SET events = events + ? WHERE id = ?')
    this.#readAll = db.prepare(`SELECT ${COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`)
    this.#readScan = db.prepare(
      `SELECT ${COLUMNS} FROM events WHERE seq > ? AND +type_id IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
    )
    this.#bySeq = db.prepare(`SELECT ${COLUMNS} FROM events WHERE seq = ?`)
    this.#head = (db.prepare('SELECT max(seq) FROM events').pluck().get() as number | null) ?? 0
    for (const row of db.prepare('SELECT id, name, events FROM event_types').all()) {
      const { id, name, events } = row as {
        id: number
        name: string
        events: number
      }
      this.#types.set(name, id)
      this.#names.set(id, name)
      this.#totals.set(id, events)
    }
  }

  /** Position of the newest event; 0 for an empty log. */
  get head(): number {
    return this.#head
  }

  typeName(typeId: number): string {
    return this.#names.get(typeId) ?? ''
  }

  typeIds(): IterableIterator<number> {
    return this.#names.keys()
  }

  /** Events ever accepted of this type. */
  total(typeId: number): number {
    return this.#totals.get(typeId) ?? 0
  }

  /**
   * Stores events in one transaction; they are durable when this returns. The same id with the same bytes is a duplicate and
   * not stored again; with other bytes it is a conflict and not stored.
   */
  append(events: readonly NewEvent[], now: EpochMs): AppendResult {
    const outcomes: AppendOutcome[] = []
    const accepted: LoggedEvent[] = []
    const perType = new Map<number, number>()
    const newTypes: [string, number][] = []
    let seq = this.#head
    try {
      transaction(this.#db, () => {
        for (const event of events) {
          let typeId = this.#types.get(event.name)
          if (typeId === undefined) {
            typeId = this.#types.size + 1
            this.#insertType.run(typeId, event.name)
            this.#types.set(event.name, typeId)
            newTypes.push([event.name, typeId])
          }
          const { eventId, domainEntityId, publishedAt, body } = event
          if (this.#insert.run(seq + 1, eventId, typeId, domainEntityId, publishedAt, now, body).changes === 1) {
            seq++
            perType.set(typeId, (perType.get(typeId) ?? 0) + 1)
            accepted.push({ seq, eventId, typeId, publishedAt, body })
            outcomes.push('accepted')
          } else {
            outcomes.push((this.#existing.get(eventId) as Buffer).equals(body) ? 'duplicate' : 'conflict')
          }
        }
        for (const [typeId, count] of perType) this.#countType.run(count, typeId)
      })
    } catch (error) {
      for (const [name] of newTypes) this.#types.delete(name)
      throw error
    }
    this.#head = seq
    for (const [name, typeId] of newTypes) this.#names.set(typeId, name)
    for (const [typeId, count] of perType) this.#totals.set(typeId, this.total(typeId) + count)
    return { outcomes, accepted }
  }

  /**
   * The next events of these types after `seq`, oldest first, until `limit` events or `maxBytes` of bodies (at least one event).
   *
   * @param typeIds null for every type
   */
  read(typeIds: readonly number[] | null, seq: number, limit: number, maxBytes: number): ReadWindow {
    const head = this.#head
    if (seq >= head || typeIds?.length === 0) return { events: [], upTo: head }
    const events: LoggedEvent[] = []
    let bytes = 0
    for (const row of this.#rows(typeIds, seq, limit)) {
      const event = row as LoggedEvent
      events.push(event)
      bytes += event.body.length
      if (bytes >= maxBytes) break
    }
    const complete = events.length < limit && bytes < maxBytes
    return { events, upTo: complete ? head : events.at(-1)!.seq }
  }

  #rows(typeIds: readonly number[] | null, seq: number, limit: number): IterableIterator<unknown> {
    if (typeIds === null) return this.#readAll.iterate(seq, limit)
    if (typeIds.length > MERGED_TYPES_MAX) return this.#readScan.iterate(seq, JSON.stringify(typeIds), limit)
    let statement = this.#readMerged.get(typeIds.length)
    if (!statement) {
      // Each arm walks its own index range in order and SQLite merges them, so a sparse selection costs what it takes.
      const arm = 'SELECT seq FROM events WHERE type_id = ? AND seq > ?'
      const arms = typeIds.map(() => arm).join(' UNION ALL ')
      statement = this.#db.prepare(
        `SELECT e.seq, e.event_id AS eventId, e.type_id AS typeId, e.published_at AS publishedAt, e.body
         FROM (${arms} ORDER BY seq LIMIT ?) AS m CROSS JOIN events AS e ON e.seq = m.seq`,
      )
      this.#readMerged.set(typeIds.length, statement)
    }
    return statement.iterate(...typeIds.flatMap((id) => [id, seq]), limit)
  }

  /** One event, or undefined when the log does not hold it (any more). */
  bySeq(seq: number): LoggedEvent | undefined {
    return this.#bySeq.get(seq) as LoggedEvent | undefined
  }

  /** Position right before the first event that was published at or after `time`; the head when there is none. */
  positionBefore(time: EpochMs): number {
    const first = this.#db.prepare('SELECT min(seq) FROM events WHERE published_at >= ?').pluck().get(time) as
      | number
      | null
    return first === null ? this.#head : first - 1
  }

  /** How many events of these types lie at or before `seq`. */
  countUpTo(typeIds: readonly number[], seq: number): number {
    if (seq <= 0) return 0
    if (seq >= this.#head) return typeIds.reduce((sum, id) => sum + this.total(id), 0)
    const count = this.#db.prepare('SELECT count(*) FROM events WHERE type_id = ? AND seq <= ?').pluck()
    return typeIds.reduce((sum, id) => sum + (count.get(id, seq) as number), 0)
  }
}
