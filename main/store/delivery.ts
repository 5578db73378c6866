import type { AttemptErrorCode } from '../../shared/attempt-errors'
import type { EpochMs } from '../../shared/domain'
import { type Statement, transaction, type WritableDb } from './database'

/** What became of an event through one attempt. */
export type Settlement = 'delivered' | 'rejected' | 'retry'

/** One finished attempt, to be recorded. */
export interface AttemptRecord {
  readonly seq: number
  /** 1 for the first try. */
  readonly number: number
  readonly startedAt: EpochMs
  readonly durationUs: number
  readonly statusCode: number | null
  readonly errorCode: AttemptErrorCode | null
  readonly errorDetail: string | null
  readonly responseBody: string | null
  readonly settlement: Settlement
  /** When it is tried next; null when settled. */
  readonly nextTryAt: EpochMs | null
  /** True when the event has a row in the waiting room. */
  readonly wasWaiting: boolean
}

/** Everything that one integration adds to one commit. */
export interface LaneCommit {
  readonly integration: number
  readonly attempts: readonly AttemptRecord[]
  /** Events still in flight that the cursor is to pass; they are tried again at `dueAt` if the process dies before they settle. */
  readonly parked: readonly {
    readonly seq: number
    readonly attempts: number
    readonly dueAt: EpochMs
  }[]
  readonly cursor: number
  readonly passedOver: number
}

export interface WaitingEvent {
  readonly seq: number
  /** Attempts made so far. */
  readonly attempts: number
  readonly dueAt: EpochMs
}

/** Writing SQL of delivery: attempts, waiting room, rejected events, cursors. */
export class DeliveryStore {
  readonly #db: WritableDb
  readonly #insertAttempt: Statement
  readonly #insertFailure: Statement
  readonly #putWaiting: Statement
  readonly #dropWaiting: Statement
  readonly #insertRejected: Statement
  readonly #advance: Statement
  readonly #due: Statement
  readonly #nextDue: Statement
  readonly #settledAfter: Statement

  constructor(db: WritableDb) {
    this.#db = db
    this.#insertAttempt = db.prepare(
      `INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, status_code, error_code)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#insertFailure = db.prepare('INSERT INTO attempt_failures (attempt, detail, response_body) VALUES (?, ?, ?)')
    this.#putWaiting = db.prepare(
      `INSERT INTO waiting (integration, seq, attempts, due_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (integration, seq) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at`,
    )
    this.#dropWaiting = db.prepare('DELETE FROM waiting WHERE integration = ? AND seq = ?')
    this.#insertRejected = db.prepare(
      'INSERT INTO rejected_events (integration, seq, attempt, rejected_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#advance = db.prepare(
      `UPDATE integrations SET cursor = ?, delivered = delivered + ?, rejected = rejected + ?, passed_over = passed_over + ?,
         last_attempt_at = coalesce(?, last_attempt_at), last_attempt_failed = coalesce(?, last_attempt_failed)
       WHERE no = ?`,
    )
    this.#due = db.prepare(
      'SELECT seq, attempts, due_at AS dueAt FROM waiting WHERE integration = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?',
    )
    this.#nextDue = db.prepare('SELECT min(due_at) FROM waiting WHERE integration = ?').pluck()
    this.#settledAfter = db
      .prepare(
        `SELECT DISTINCT a.seq FROM attempts AS a WHERE a.integration = ? AND a.seq > ?
           AND (a.failed = 0 OR EXISTS (SELECT 1 FROM rejected_events AS r WHERE r.integration = a.integration AND r.seq = a.seq))
         UNION SELECT seq FROM waiting WHERE integration = ? AND seq > ?`,
      )
      .pluck()
  }

  /**
   * Records attempts, waiting room and cursors of several integrations in one transaction, durable when this returns.
   * The cursor moves in the same transaction as the attempts that let it: that is what makes a crash lose nothing.
   */
  commit(lanes: readonly LaneCommit[]): void {
    transaction(this.#db, () => {
      for (const lane of lanes) this.#commitLane(lane)
    })
  }

  #commitLane(lane: LaneCommit): void {
    let delivered = 0
    let rejected = 0
    for (const a of lane.attempts) {
      const failed = a.errorCode === null ? 0 : 1
      const { lastInsertRowid } = this.#insertAttempt.run(
        lane.integration,
        a.seq,
        a.number,
        a.startedAt,
        a.durationUs,
        failed,
        a.statusCode,
        a.errorCode,
      )
      if (failed) this.#insertFailure.run(lastInsertRowid, a.errorDetail, a.responseBody)
      if (a.nextTryAt !== null) {
        this.#putWaiting.run(lane.integration, a.seq, a.number, a.nextTryAt)
        continue
      }
      if (a.wasWaiting) this.#dropWaiting.run(lane.integration, a.seq)
      if (a.settlement === 'delivered') delivered++
      else {
        rejected++
        this.#insertRejected.run(
          lane.integration,
          a.seq,
          lastInsertRowid,
          Math.round(a.startedAt + a.durationUs / 1000),
        )
      }
    }
    for (const p of lane.parked) this.#putWaiting.run(lane.integration, p.seq, p.attempts, p.dueAt)
    const last = lane.attempts.at(-1)
    const lastFailed = last ? (last.errorCode === null ? 0 : 1) : null
    this.#advance.run(
      lane.cursor,
      delivered,
      rejected,
      lane.passedOver,
      last?.startedAt ?? null,
      lastFailed,
      lane.integration,
    )
  }

  /** Events of the waiting room that are due, the longest overdue first. */
  due(integration: number, now: EpochMs, limit: number): WaitingEvent[] {
    return this.#due.all(integration, now, limit) as WaitingEvent[]
  }

  /** When the next event of the waiting room is due; null when it is empty. */
  nextDue(integration: number): EpochMs | null {
    return this.#nextDue.get(integration) as number | null
  }

  /** Makes every event of the waiting room due now. Used when the operator starts the integration. */
  makeAllDue(integration: number, now: EpochMs): void {
    this.#db.prepare('UPDATE waiting SET due_at = ? WHERE integration = ? AND due_at > ?').run(now, integration, now)
  }

  /** Events behind the cursor's position that need no first attempt any more: settled, or in the waiting room. */
  settledAfter(integration: number, cursor: number): Set<number> {
    return new Set(this.#settledAfter.all(integration, cursor, integration, cursor) as number[])
  }
}
