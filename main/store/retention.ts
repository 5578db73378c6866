import type { EpochMs } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'
import { type Statement, transaction, type WritableDb } from './database'
import { SETTLES } from './delivery'
import { type IntegrationRow, toIntegration } from './integrations'

/** What one step of clearing away did. */
export interface ExpiredStep {
  /** Whether there may be more to remove. */
  readonly more: boolean
  readonly removed: number
}

export interface ExpiredEvents extends ExpiredStep {
  /** Where the next step goes on. */
  readonly position: number
  /** Numbers of the paused integrations that had not settled all of them. */
  readonly expiredOf: readonly number[]
}

/** Where a walk through the attempts goes on. */
export interface AttemptPlace {
  readonly integration: number
  readonly failed: number
  readonly startedAt: EpochMs
  readonly id: number
}

interface EventRow {
  readonly seq: number
  readonly type_id: number
  readonly published_at: number
  readonly accepted_at: number
  readonly bytes: number
}

/** What a step may take. */
export interface EventBounds {
  /** Position up to which events may go. */
  readonly upTo: number
  /** Accepted before. */
  readonly before: EpochMs
  readonly now: EpochMs
  readonly limit: number
  /** Stops as soon as so many bytes of bodies went; at least one event goes. */
  readonly bytes: number
}

/** Attempts of given events. The order of the joins is fixed: SQLite would rather walk all attempts. */
const ATTEMPTS_OF = `SELECT a.id FROM json_each(?) AS g CROSS JOIN integrations AS i CROSS JOIN attempts AS a
    ON a.integration = i.no AND a.seq = g.value
  WHERE a.batch IS NULL`

/**
 * Removes what is older than the workspace keeps, in steps that the caller sizes. What an active integration still has to
 * deliver is never touched; what a paused one has not taken is counted as expired in the step that removes it. One that is
 * deleted counts as before until its purge begins, since its deletion can be taken back.
 */
export class RetentionStore {
  readonly #db: WritableDb
  readonly #events: Statement

  constructor(db: WritableDb) {
    this.#db = db
    this.#events = db.prepare(
      'SELECT seq, type_id, published_at, accepted_at, length(body) AS bytes FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
    )
  }

  /** Position up to which no active integration needs an event any more. */
  settledByActive(head: number): number {
    const bound = this.#db
      .prepare(
        `SELECT min(min(i.cursor,
             coalesce((SELECT min(seq) - 1 FROM waiting AS w WHERE w.integration = i.no), i.cursor),
             coalesce((SELECT min(after_seq) FROM batches AS b WHERE b.integration = i.no AND b.state = 'sealed'), i.cursor)))
         FROM integrations AS i WHERE i.purging = 0 AND i.status = 'running'`,
      )
      .pluck()
      .get() as number | null
    // The newest event stays, so that its place in the log is not given again.
    return Math.min(bound ?? head, head - 1)
  }

  /**
   * Removes the events after `after` up to `upTo` that were accepted before `before`, with their attempts, up to the first
   * that was not. Those of which a rejected event is still listed stay.
   */
  events(after: number, bounds: EventBounds): ExpiredEvents {
    const { upTo, before, now, limit, bytes } = bounds
    return transaction(this.#db, () => {
      const found = this.#events.all(after, upTo, limit) as EventRow[]
      const old = oldest(found, before, now)
      const rows = upToBytes(old, bytes)
      const more = rows.length < old.length || old.length === limit
      const last = rows.at(-1)
      if (!last) return { more, removed: 0, position: after, expiredOf: [] }
      const expiredOf = this.#expire(rows, last.seq)
      const first = rows[0]!.seq
      const held = new Set(
        this.#db
          .prepare(
            `SELECT r.seq FROM integrations AS i JOIN rejected_events AS r ON r.integration = i.no
             WHERE i.purging = 0 AND r.seq BETWEEN ? AND ?`,
          )
          .pluck()
          .all(first, last.seq) as number[],
      )
      const gone = JSON.stringify(rows.map((r) => r.seq).filter((seq) => !held.has(seq)))
      this.#db.prepare(`DELETE FROM attempt_details WHERE attempt IN (${ATTEMPTS_OF})`).run(gone)
      this.#db.prepare(`DELETE FROM attempts WHERE id IN (${ATTEMPTS_OF})`).run(gone)
      const { changes } = this.#db.prepare('DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?))').run(gone)
      return { more, removed: changes, position: last.seq, expiredOf }
    })
  }

  /** Counts what paused integrations lose with these events, and moves them past it. @returns their numbers */
  #expire(rows: readonly EventRow[], last: number): number[] {
    const touched: number[] = []
    const first = rows[0]!.seq
    const paused = this.#db
      .prepare("SELECT * FROM integrations WHERE purging = 0 AND status = 'stopped'")
      .all() as IntegrationRow[]
    for (const row of paused) {
      const waiting = new Set(
        this.#db
          .prepare('SELECT seq FROM waiting WHERE integration = ? AND seq BETWEEN ? AND ?')
          .pluck()
          .all(row.no, first, last) as number[],
      )
      this.#db.prepare('DELETE FROM waiting WHERE integration = ? AND seq BETWEEN ? AND ?').run(row.no, first, last)
      if (waiting.size > 0 || row.cursor < last) touched.push(row.no)
      let expired = waiting.size
      let passedOver = 0
      if (row.cursor < last) {
        const { selection, startsAt, endsAt } = toIntegration(row)
        const settled = this.#settledBetween(row.no, Math.max(row.cursor + 1, first), last)
        for (const event of rows) {
          if (event.seq <= row.cursor || settled.has(event.seq) || waiting.has(event.seq)) continue
          if (!selects(selection, this.#nameOf(event.type_id))) continue
          const inside =
            (startsAt === null || event.published_at >= startsAt) && (endsAt === null || event.published_at < endsAt)
          if (inside) expired++
          else passedOver++
        }
        this.#db.prepare('UPDATE integrations SET cursor = ? WHERE no = ?').run(last, row.no)
        this.#db
          .prepare("DELETE FROM batches WHERE integration = ? AND state = 'sealed' AND after_seq < ?")
          .run(row.no, last)
      }
      if (expired + passedOver > 0) {
        this.#db
          .prepare('UPDATE integrations SET expired = expired + ?, passed_over = passed_over + ? WHERE no = ?')
          .run(expired, passedOver, row.no)
      }
    }
    return touched
  }

  #settledBetween(integration: number, from: number, to: number): Set<number> {
    const sql = `SELECT DISTINCT a.seq FROM attempts AS a WHERE a.integration = ? AND a.seq BETWEEN ? AND ? AND ${SETTLES}`
    return new Set(this.#db.prepare(sql).pluck().all(integration, from, to) as number[])
  }

  #nameOf(typeId: number): string {
    return this.#db.prepare('SELECT name FROM event_types WHERE id = ?').pluck().get(typeId) as string
  }

  /**
   * Removes attempts from before `before`, except those that a cursor, a rejected event or a batch still rests on. Looks at
   * `limit` of them from `from` on, so that a long row of those that stay is walked once.
   */
  attempts(before: EpochMs, from: AttemptPlace | null, limit: number): ExpiredStep & { readonly place: AttemptPlace } {
    return transaction(this.#db, () => {
      const start = from ?? { integration: 0, failed: 0, startedAt: 0, id: 0 }
      const integrations = this.#db
        .prepare('SELECT no, cursor FROM integrations WHERE no >= ? ORDER BY no')
        .all(start.integration) as { readonly no: number; readonly cursor: number }[]
      const old = this.#db.prepare(
        `SELECT a.id, a.started_at AS startedAt, a.seq <= ? AND NOT EXISTS (
             SELECT 1 FROM rejected_events AS r WHERE r.integration = a.integration AND r.seq = a.seq) AS free
         FROM attempts AS a WHERE a.integration = ? AND a.failed = ? AND (a.started_at, a.id) > (?, ?) AND a.started_at < ?
         ORDER BY a.started_at, a.id LIMIT ?`,
      )
      const ids: number[] = []
      let seen = 0
      let place: AttemptPlace = start
      for (const { no, cursor } of integrations) {
        for (const failed of [0, 1]) {
          if (seen >= limit) break
          if (no === start.integration && failed < start.failed) continue
          const goesOn = no === start.integration && failed === start.failed
          const [at, id] = goesOn ? [start.startedAt, start.id] : [0, 0]
          const rows = old.all(cursor, no, failed, at, id, before, limit - seen) as AgedAttempt[]
          seen += rows.length
          for (const row of rows) if (row.free === 1) ids.push(row.id)
          const last = rows.at(-1)
          if (last) place = { integration: no, failed, startedAt: last.startedAt, id: last.id }
        }
      }
      const minute = Math.floor(before / 60_000)
      for (const { no } of integrations) {
        this.#db
          .prepare(
            `DELETE FROM attempt_minutes WHERE integration = ? AND minute IN (
               SELECT minute FROM attempt_minutes WHERE integration = ? AND minute < ? LIMIT ?)`,
          )
          .run(no, no, minute, limit)
      }
      const list = JSON.stringify(ids)
      this.#db.prepare('DELETE FROM attempt_details WHERE attempt IN (SELECT value FROM json_each(?))').run(list)
      this.#db.prepare('DELETE FROM attempts WHERE id IN (SELECT value FROM json_each(?))').run(list)
      return { more: seen === limit, removed: ids.length, place }
    })
  }

  /** Takes rejected events from before `before` off their lists; the counters keep them. */
  rejected(before: EpochMs, limit: number): ExpiredStep {
    return transaction(this.#db, () => {
      let removed = 0
      for (const no of this.#db.prepare('SELECT no FROM integrations').pluck().all() as number[]) {
        if (removed >= limit) break
        const { changes } = this.#db
          .prepare(
            `DELETE FROM rejected_events WHERE (integration, seq) IN (
               SELECT integration, seq FROM rejected_events WHERE integration = ? AND rejected_at < ? LIMIT ?)`,
          )
          .run(no, before, limit - removed)
        this.#db
          .prepare('UPDATE integrations SET rejected_deleted = rejected_deleted + ? WHERE no = ?')
          .run(changes, no)
        removed += changes
      }
      return { more: removed >= limit, removed }
    })
  }

  /** Takes named rejected events, or all, off the list of one integration. @returns how many */
  deleteRejected(integration: number, seqs: readonly number[] | 'all'): number {
    const { changes } =
      seqs === 'all'
        ? this.#db.prepare('DELETE FROM rejected_events WHERE integration = ?').run(integration)
        : this.#db
            .prepare('DELETE FROM rejected_events WHERE integration = ? AND seq IN (SELECT value FROM json_each(?))')
            .run(integration, JSON.stringify(seqs))
    this.#db
      .prepare('UPDATE integrations SET rejected_deleted = rejected_deleted + ? WHERE no = ?')
      .run(changes, integration)
    return changes
  }

  /** Bytes of the store that hold something. */
  usedBytes(): number {
    const pages = this.#db.pragma('page_count', { simple: true }) as number
    const free = this.#db.pragma('freelist_count', { simple: true }) as number
    return (pages - free) * (this.#db.pragma('page_size', { simple: true }) as number)
  }

  /** Gives free pages back to the file system. @returns whether there may be more */
  vacuum(pages: number): boolean {
    const free = this.#db.pragma('freelist_count', { simple: true }) as number
    if (free > 0) this.#db.exec(`PRAGMA incremental_vacuum(${pages})`)
    return free > pages
  }
}

interface AgedAttempt {
  readonly id: number
  readonly startedAt: EpochMs
  readonly free: number
}

/** The rows at the front until their bodies hold so many bytes. */
function upToBytes(rows: readonly EventRow[], bytes: number): readonly EventRow[] {
  let end = 0
  for (let sum = 0; end < rows.length && (end === 0 || sum < bytes); end++) sum += rows[end]!.bytes
  return rows.slice(0, end)
}

/**
 * The rows at the front that are too old. One that carries a date in the future was accepted while the clock was wrong: it is
 * as old as what comes behind it.
 */
function oldest(rows: readonly EventRow[], before: EpochMs, now: EpochMs): EventRow[] {
  let end = 0
  for (let at = 0; at < rows.length; at++) {
    const { accepted_at } = rows[at]!
    if (accepted_at < before) end = at + 1
    else if (accepted_at <= now) break
  }
  return rows.slice(0, end)
}
