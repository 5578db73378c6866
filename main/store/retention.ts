import type { EpochMs } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'
import { type Statement, transaction, type WritableDb } from './database'
import { type IntegrationRow, toIntegration } from './integrations'

/** What one step of clearing away did. */
export interface ExpiredStep {
  /** Rows that were looked at; fewer than asked for means that nothing is left. */
  readonly seen: number
  readonly removed: number
  /** Where the next step goes on. */
  readonly position: number
}

interface EventRow {
  readonly seq: number
  readonly type_id: number
  readonly published_at: number
}

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
      'SELECT seq, type_id, published_at FROM events WHERE seq > ? AND seq <= ? AND accepted_at < ? ORDER BY seq LIMIT ?',
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
   * Removes the events after `after` up to `upTo` that were accepted before `before`, with their attempts. Those of which a
   * rejected event is still listed stay.
   */
  events(after: number, upTo: number, before: EpochMs, limit: number): ExpiredStep {
    return transaction(this.#db, () => {
      const rows = this.#events.all(after, upTo, before, limit) as EventRow[]
      const last = rows.at(-1)
      if (!last) return { seen: 0, removed: 0, position: after }
      this.#expire(rows, last.seq)
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
      this.#db
        .prepare(
          `DELETE FROM attempt_details WHERE attempt IN (
             SELECT a.id FROM integrations AS i JOIN attempts AS a ON a.integration = i.no
             WHERE a.batch IS NULL AND a.seq IN (SELECT value FROM json_each(?)))`,
        )
        .run(gone)
      this.#db
        .prepare(
          `DELETE FROM attempts WHERE id IN (
             SELECT a.id FROM integrations AS i JOIN attempts AS a ON a.integration = i.no
             WHERE a.batch IS NULL AND a.seq IN (SELECT value FROM json_each(?)))`,
        )
        .run(gone)
      const { changes } = this.#db.prepare('DELETE FROM events WHERE seq IN (SELECT value FROM json_each(?))').run(gone)
      return { seen: rows.length, removed: changes, position: last.seq }
    })
  }

  /** Counts what paused integrations lose with these events, and moves them past it. */
  #expire(rows: readonly EventRow[], last: number): void {
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
  }

  #settledBetween(integration: number, from: number, to: number): Set<number> {
    const sql = `SELECT DISTINCT a.seq FROM attempts AS a WHERE a.integration = ? AND a.seq BETWEEN ? AND ? AND (a.failed = 0 OR EXISTS
      (SELECT 1 FROM rejected_events AS r WHERE r.integration = a.integration AND r.seq = a.seq))`
    return new Set(this.#db.prepare(sql).pluck().all(integration, from, to) as number[])
  }

  #nameOf(typeId: number): string {
    return this.#db.prepare('SELECT name FROM event_types WHERE id = ?').pluck().get(typeId) as string
  }

  /** Removes attempts from before `before`, except those that a cursor, a rejected event or a batch still rests on. */
  attempts(before: EpochMs, limit: number): ExpiredStep {
    return transaction(this.#db, () => {
      const ids: number[] = []
      const integrations = this.#db.prepare('SELECT no, cursor FROM integrations').all() as {
        no: number
        cursor: number
      }[]
      const old = this.#db
        .prepare(
          `SELECT a.id FROM attempts AS a WHERE a.integration = ? AND a.failed = ? AND a.started_at < ? AND a.seq <= ?
             AND NOT EXISTS (SELECT 1 FROM rejected_events AS r WHERE r.integration = a.integration AND r.seq = a.seq) LIMIT ?`,
        )
        .pluck()
      for (const { no, cursor } of integrations) {
        for (const failed of [0, 1]) {
          if (ids.length < limit) ids.push(...(old.all(no, failed, before, cursor, limit - ids.length) as number[]))
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
      return { seen: ids.length, removed: ids.length, position: 0 }
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
      return { seen: removed, removed, position: 0 }
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
