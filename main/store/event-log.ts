import type { EpochMs } from '../../shared/domain'
import { type Statement, transaction, type WritableDb } from './database'

/** An event that passed every check, ready to be stored. */
export interface NewEvent {
  /** 16 bytes. */
  readonly eventId: Buffer
  readonly tenant: string
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

/** The events of one type in a stretch of the log, taken together. */
export interface MeasuredType {
  readonly typeId: number
  readonly events: number
  /** Of the bodies. */
  readonly bytes: number
  readonly firstPublishedAt: EpochMs
  readonly lastPublishedAt: EpochMs
}

/** A part of the log of which the lines are read. */
export interface LineRange {
  /** The first event comes after this place. */
  readonly after: number
  /** Place of the last one. */
  readonly last: number
  /** Only events that were published from here on, and before `endsAt`; null = no bound. */
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
}

export interface ReadLines {
  /** Bodies as they are stored, each with a line feed behind it. */
  readonly bytes: Buffer
  /** Everything of the range up to here was looked at. */
  readonly upTo: number
}

/** An event type of one tenant. */
export interface TypeRow {
  readonly id: number
  readonly tenant: string
  readonly name: string
}

/** Places of the log that one row of `event_blocks` covers. */
const BLOCK = 4096

/** Beyond this many types a merge of index scans costs more than one scan of the log. */
const MERGED_TYPES_MAX = 40

/** An event as a batch is planned with it. */
export interface MeasuredEvent {
  readonly seq: number
  readonly typeId: number
  readonly publishedAt: EpochMs
  /** Of the body. */
  readonly bytes: number
}

const MEASURES = 'seq, type_id AS typeId, published_at AS publishedAt, length(body) AS bytes'

const COLUMNS = 'seq, event_id AS eventId, type_id AS typeId, published_at AS publishedAt, body'

/** The append-only log of accepted events; writer side. */
export class EventLog {
  readonly #db: WritableDb
  readonly #insert: Statement
  readonly #existing: Statement
  readonly #insertType: Statement
  readonly #countType: Statement
  readonly #widenBlock: Statement
  readonly #reads = new Map<string, Statement>()
  readonly #bySeq: Statement
  readonly #typesByTenant = new Map<string, Map<string, number>>()
  readonly #types = new Map<number, TypeRow>()
  readonly #totals = new Map<number, number>()
  #head: number

  constructor(db: WritableDb) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO events (seq, event_id, type_id, domain_entity_id, published_at, accepted_at, body)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
    )
    this.#existing = db.prepare('SELECT body FROM events WHERE event_id = ?').pluck()
    this.#insertType = db.prepare('INSERT INTO event_types (id, tenant, name) VALUES (?, ?, ?)')
    this.#countType = db.prepare('UPDATE event_types SET events = events + ? WHERE id = ?')
    this.#widenBlock = db.prepare(
      `INSERT INTO event_blocks VALUES (?, ?, ?) ON CONFLICT (block) DO UPDATE SET
         first_published_at = min(first_published_at, excluded.first_published_at),
         last_published_at = max(last_published_at, excluded.last_published_at)`,
    )
    this.#bySeq = db.prepare(`SELECT ${COLUMNS} FROM events WHERE seq = ?`)
    this.#head = (db.prepare('SELECT max(seq) FROM events').pluck().get() as number | null) ?? 0
    for (const row of db.prepare('SELECT id, tenant, name, events FROM event_types').all()) {
      const { events, ...type } = row as TypeRow & { events: number }
      this.#remember(type)
      this.#totals.set(type.id, events)
    }
  }

  #remember(type: TypeRow): void {
    let names = this.#typesByTenant.get(type.tenant)
    if (!names) this.#typesByTenant.set(type.tenant, (names = new Map()))
    names.set(type.name, type.id)
    this.#types.set(type.id, type)
  }

  #forget(type: TypeRow): void {
    this.#typesByTenant.get(type.tenant)?.delete(type.name)
    this.#types.delete(type.id)
  }

  /** Position of the newest event; 0 for an empty log. */
  get head(): number {
    return this.#head
  }

  /** The event type behind a number; throws for a number that the log never gave. */
  type(typeId: number): TypeRow {
    const type = this.#types.get(typeId)
    if (!type) throw new Error(`no event type ${typeId}`)
    return type
  }

  /** Every event type that was ever accepted. */
  types(): IterableIterator<TypeRow> {
    return this.#types.values()
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
    const newTypes: TypeRow[] = []
    let seq = this.#head
    try {
      transaction(this.#db, () => {
        for (const event of events) {
          const { eventId, domainEntityId, publishedAt, body } = event
          let typeId = this.#typesByTenant.get(event.tenant)?.get(event.name)
          if (typeId === undefined) {
            typeId = this.#types.size + 1
            const type = { id: typeId, tenant: event.tenant, name: event.name }
            this.#insertType.run(typeId, event.tenant, event.name)
            this.#remember(type)
            newTypes.push(type)
          }
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
        this.#widenBlocks(accepted)
      })
    } catch (error) {
      for (const type of newTypes) this.#forget(type)
      throw error
    }
    this.#head = seq
    for (const [typeId, count] of perType) this.#totals.set(typeId, this.total(typeId) + count)
    return { outcomes, accepted }
  }

  #widenBlocks(events: readonly LoggedEvent[]): void {
    for (let i = 0; i < events.length; ) {
      const block = Math.floor(events[i]!.seq / BLOCK)
      let first = Number.POSITIVE_INFINITY
      let last = Number.NEGATIVE_INFINITY
      for (; i < events.length && events[i]!.seq < (block + 1) * BLOCK; i++) {
        const { publishedAt } = events[i]!
        if (publishedAt < first) first = publishedAt
        if (publishedAt > last) last = publishedAt
      }
      this.#widenBlock.run(block, first, last)
    }
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

  /**
   * The sizes of the next events of these types after `seq`, oldest first, without their bodies. Fewer than `limit` rows mean that
   * there are no more.
   */
  measure(typeIds: readonly number[] | null, seq: number, limit: number): MeasuredEvent[] {
    if (seq >= this.#head || typeIds?.length === 0) return []
    return [...this.#rows(typeIds, seq, limit, MEASURES)] as MeasuredEvent[]
  }

  /**
   * What {@link measure} would give, added up by type, and the place of the last event of it; a sixth of the cost.
   *
   * @param typeIds null for every type
   */
  measureTypes(
    typeIds: readonly number[] | null,
    seq: number,
    limit: number,
  ): { readonly types: readonly MeasuredType[]; readonly events: number; readonly upTo: number } {
    if (seq >= this.#head || typeIds?.length === 0) return { types: [], events: 0, upTo: this.#head }
    const { sql, params } = this.#selection(typeIds, seq, limit, 'seq, type_id, published_at, length(body) AS size')
    const rows = this.#prepared(
      `SELECT type_id AS typeId, count(*) AS events, sum(size) AS bytes, min(published_at) AS firstPublishedAt,
         max(published_at) AS lastPublishedAt, max(seq) AS reached FROM (${sql}) GROUP BY type_id`,
    ).all(...params) as (MeasuredType & { readonly reached: number })[]
    const events = rows.reduce((sum, row) => sum + row.events, 0)
    const reached = rows.reduce((most, row) => Math.max(most, row.reached), seq)
    return { types: rows, events, upTo: events < limit ? this.#head : reached }
  }

  /**
   * The next events of a range as lines, oldest first: at most `limit` events, and `maxBytes` of bodies but at least one event.
   * SQLite joins them, which costs a third of reading each for itself: no body becomes an object of JavaScript.
   *
   * @param typeIds null for every type
   */
  readLines(typeIds: readonly number[] | null, range: LineRange, limit: number, maxBytes: number): ReadLines {
    const { after, last, startsAt, endsAt } = range
    if (after >= last || typeIds?.length === 0) return { bytes: Buffer.alloc(0), upTo: last }
    for (let count = limit; ; ) {
      const sizes = this.#selection(typeIds, after, count, 'seq, length(body) AS size')
      const { found, reached, bytes } = this.#prepared(
        `SELECT count(*) AS found, max(seq) AS reached, coalesce(sum(size), 0) AS bytes FROM (${sizes.sql})`,
      ).get(...sizes.params) as { found: number; reached: number | null; bytes: number }
      if (bytes > maxBytes && count > 1) {
        count = Math.max(1, Math.min(count >> 1, Math.floor((found * maxBytes) / bytes)))
        continue
      }
      // A body is UTF-8 without NUL, like the text that it is taken for here; so its bytes stay as they are.
      const { sql, params } = this.#selection(typeIds, after, count, 'seq, published_at, body')
      const joined = this.#prepared(
        `SELECT CAST(group_concat(CAST(body AS TEXT), char(10)) || char(10) AS BLOB) FROM (${sql})
         WHERE seq <= ? AND published_at >= ? AND published_at < ?`,
      )
        .pluck()
        .get(...params, last, startsAt ?? Number.MIN_SAFE_INTEGER, endsAt ?? Number.MAX_SAFE_INTEGER) as Buffer | null
      const upTo = found < count ? last : Math.min(last, reached!)
      return { bytes: joined ?? Buffer.alloc(0), upTo }
    }
  }

  #rows(
    typeIds: readonly number[] | null,
    seq: number,
    limit: number,
    columns: string = COLUMNS,
  ): IterableIterator<unknown> {
    const { sql, params } = this.#selection(typeIds, seq, limit, columns)
    return this.#prepared(sql).iterate(...params)
  }

  /** The first `limit` events of these types after `seq`, in order. */
  #selection(
    typeIds: readonly number[] | null,
    seq: number,
    limit: number,
    columns: string,
  ): { readonly sql: string; readonly params: readonly unknown[] } {
    if (typeIds === null) {
      return { sql: `SELECT ${columns} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`, params: [seq, limit] }
    }
    if (typeIds.length > MERGED_TYPES_MAX) {
      return {
        sql: `SELECT ${columns} FROM events WHERE seq > ? AND +type_id IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
        params: [seq, JSON.stringify(typeIds), limit],
      }
    }
    // Each arm walks its own index range in order and SQLite merges them, so a sparse selection costs what it takes.
    const arms = typeIds.map(() => 'SELECT seq AS at FROM events WHERE type_id = ? AND seq > ?').join(' UNION ALL ')
    return {
      sql: `SELECT ${columns} FROM (${arms} ORDER BY at LIMIT ?) AS m CROSS JOIN events AS e ON e.seq = m.at`,
      params: [...typeIds.flatMap((id) => [id, seq]), limit],
    }
  }

  #prepared(sql: string): Statement {
    let statement = this.#reads.get(sql)
    if (!statement) this.#reads.set(sql, (statement = this.#db.prepare(sql)))
    return statement
  }

  /** One event, or undefined when the log does not hold it (any more). */
  bySeq(seq: number): LoggedEvent | undefined {
    return this.#bySeq.get(seq) as LoggedEvent | undefined
  }

  /** Position of the event with this id, or undefined. */
  seqOf(eventId: Buffer): number | undefined {
    return this.#db.prepare('SELECT seq FROM events WHERE event_id = ?').pluck().get(eventId) as number | undefined
  }

  /** Position right before the first event that was published at or after `time`; the head when there is none. */
  positionBefore(time: EpochMs): number {
    const block = this.#db
      .prepare('SELECT block FROM event_blocks WHERE last_published_at >= ? ORDER BY block LIMIT 1')
      .pluck()
      .get(time) as number | undefined
    if (block === undefined) return this.#head
    const from = block * BLOCK
    const first = this.#db
      .prepare('SELECT seq FROM events WHERE seq >= ? AND published_at >= ? ORDER BY seq LIMIT 1')
      .pluck()
      .get(from, time) as number | undefined
    return first === undefined ? this.#head : first - 1
  }

  /** Position of the last event that was accepted at or before `time`; 0 when there is none. */
  acceptedUpTo(time: EpochMs): number {
    const at = this.#db.prepare('SELECT seq, accepted_at AS at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1')
    let low = 0
    let high = this.#head
    while (low < high) {
      const middle = (low + high + 1) >> 1
      const row = at.get(middle) as { seq: number; at: EpochMs } | undefined
      if (row && row.at <= time) low = row.seq
      else high = middle - 1
    }
    return low
  }

  /** How many events of these types were ever accepted up to and including `seq`, those that are gone included. */
  countUpTo(typeIds: readonly number[], seq: number): number {
    return typeIds.reduce((sum, id) => sum + this.total(id) - this.countAfter(id, seq), 0)
  }

  /** How many events of a type lie after `seq`. */
  countAfter(typeId: number, seq: number): number {
    if (seq >= this.#head) return 0
    return this.#db
      .prepare('SELECT count(*) FROM events WHERE type_id = ? AND seq > ?')
      .pluck()
      .get(typeId, seq) as number
  }

  /** How many of these events are of one of these types. */
  countOf(seqs: ReadonlySet<number>, typeIds: readonly number[]): number {
    return this.#db
      .prepare(
        `SELECT count(*) FROM json_each(?) AS s JOIN events AS e ON e.seq = s.value
         WHERE e.type_id IN (SELECT value FROM json_each(?))`,
      )
      .pluck()
      .get(JSON.stringify([...seqs]), JSON.stringify(typeIds)) as number
  }
}
