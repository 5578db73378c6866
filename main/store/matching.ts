import type { EpochMs, EventsMatching, Selection } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'
import type { ReadableDb, Statement } from './database'

const DAY_MS = 86_400_000

/** The 24 hours begin at a full minute, so that counts can be kept for as long. */
const STEP_MS = 60_000

interface Type {
  readonly id: number
  readonly name: string
  readonly events: number
}

/** How many events of one type lie between the start of the 24 hours and `upTo`. */
interface Counted {
  readonly upTo: number
  readonly count: number
}

/**
 * What a selection would have taken of the last 24 hours, counted on `events_by_type` without reading an event. What was counted is
 * kept for a minute, and only what came since is added: a form asks after every click.
 */
export class MatchingCounter {
  readonly #types: Statement
  readonly #ends: Statement
  readonly #at: Statement
  readonly #between: Statement
  #start = -1
  readonly #counted = new Map<number, Counted>()

  constructor(db: ReadableDb) {
    this.#types = db.prepare('SELECT id, name, events FROM event_types')
    this.#ends = db.prepare('SELECT (SELECT min(seq) FROM events) AS first, (SELECT max(seq) FROM events) AS last')
    this.#at = db.prepare('SELECT seq, accepted_at AS at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1')
    this.#between = db.prepare('SELECT count(*) FROM events WHERE type_id = ? AND seq > ? AND seq <= ?').pluck()
  }

  count(selection: Selection, now: EpochMs): EventsMatching {
    const sinceMs = Math.floor((now - DAY_MS) / STEP_MS) * STEP_MS
    const { first, last } = this.#ends.get() as { first: number | null; last: number | null }
    if (first === null || last === null) return { matched: 0, total: 0, sinceMs }
    const start = this.#lastBefore(sinceMs, first, last)
    if (start !== this.#start) this.#counted.clear()
    this.#start = start
    // Positions have no gaps, except for events that were removed since.
    const total = last - start
    const whole = first === 1
    const all = this.#types.all() as Type[]
    const taken = all.filter((type) => selects(selection, type.name))
    const rest = all.filter((type) => !taken.includes(type))
    const sum = (types: readonly Type[]) => types.reduce((n, type) => n + this.#after(type, start, last, whole), 0)
    const cost = (types: readonly Type[]) =>
      types.reduce((n, { id, events }) => n + (this.#counted.has(id) ? 0 : events), 0)
    const matched = whole && cost(rest) < cost(taken) ? total - sum(rest) : sum(taken)
    return { matched, total, sinceMs }
  }

  /** Position of the last event that was accepted before `time`; `first - 1` when there is none. Arrival is in order. */
  #lastBefore(time: EpochMs, first: number, last: number): number {
    let low = first - 1
    let high = last
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2)
      const row = this.#at.get(middle) as { seq: number; at: EpochMs } | undefined
      if (row !== undefined && row.at < time) low = row.seq
      else high = middle - 1
    }
    return low
  }

  /** How many events of a type lie after `start`, up to the newest one. */
  #after({ id, events }: Type, start: number, last: number, whole: boolean): number {
    const known = this.#counted.get(id)
    let count: number
    if (known !== undefined) count = known.count + this.#count(id, known.upTo, last)
    // While no event was ever removed, `events` is how many there are, so the shorter side of `start` is counted.
    else if (whole && start < last - start) count = events - this.#count(id, 0, start)
    else count = this.#count(id, start, last)
    this.#counted.set(id, { upTo: last, count })
    return count
  }

  #count(typeId: number, after: number, upTo: number): number {
    return upTo <= after ? 0 : (this.#between.get(typeId, after, upTo) as number)
  }
}
