import type { AttemptErrorCode } from '../../shared/attempt-errors'
import type { EpochMs, RejectReason } from '../../shared/domain'
import { type Statement, transaction, type WritableDb } from './database'
import type { LoggedEvent } from './event-log'

/** How long the steps of one attempt took, in µs. Null = not known or did not happen. */
export interface AttemptTimings {
  /** True when the request went over a connection that had carried another one before; null when it was never sent. */
  readonly reused: boolean | null
  /** These three only for the request for which the connection was opened. */
  readonly dnsUs: number | null
  readonly connectUs: number | null
  readonly tlsUs: number | null
  /** From sending the request to the status line of the answer. */
  readonly firstByteUs: number | null
}

/** What one attempt led to, as it is recorded. */
export interface AttemptFindings {
  readonly statusCode: number | null
  /** Null = delivered. */
  readonly errorCode: AttemptErrorCode | null
  /** Adds to the code; holds no secret. */
  readonly errorDetail: string | null
  readonly responseBody: string | null
  readonly responseHeaders: readonly (readonly [string, string])[] | null
  readonly timings: AttemptTimings
}

/** What an attempt makes of its event. */
export type Settlement =
  | { readonly to: 'delivered' }
  | { readonly to: 'rejected'; readonly reason: RejectReason }
  /** Goes (back) to the waiting room. `windowFrom`: see `waiting.window_from`. */
  | { readonly to: 'waiting'; readonly dueAt: EpochMs; readonly windowFrom: number }
  /** Asked for by an operator, of an event that was delivered or rejected before and stays so. */
  | { readonly to: 'unchanged' }

/** Where the event was before the attempt. */
export type Origin = 'stream' | 'waiting' | 'rejected' | 'delivered'

/** One finished attempt, to be recorded. */
export interface AttemptRecord {
  readonly seq: number
  /** 1 for the first try. */
  readonly number: number
  readonly startedAt: EpochMs
  readonly durationUs: number
  readonly findings: AttemptFindings
  readonly origin: Origin
  readonly settlement: Settlement
  readonly manual: boolean
}

/** How far a re-send came, as its row is to say. */
export interface ResendProgress {
  readonly id: number
  readonly succeeded: number
  readonly failed: number
  readonly skipped: number
  readonly positionAt: number
  readonly positionSeq: number
  /** Set when it has ended. */
  readonly endedAt: EpochMs | null
}

/** One finished attempt to store a batch, to be recorded. */
export interface BatchAttempt {
  readonly batch: number
  readonly lastSeq: number
  /** 1 for the first try. */
  readonly number: number
  readonly startedAt: EpochMs
  readonly durationUs: number
  readonly findings: AttemptFindings
  /** Objects that this attempt stored. */
  readonly stored: readonly {
    readonly tenant: string
    readonly etag: string | null
    readonly verification: string | null
    readonly storedAt: EpochMs
  }[]
  /** Events that are delivered now, because the last object of the batch is stored; 0 while one is missing or for a re-send. */
  readonly delivered: number
  /** When it is tried next; null when it is stored. */
  readonly nextTryAt: EpochMs | null
  readonly manual: boolean
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
    readonly windowFrom: number
  }[]
  readonly cursor: number
  readonly passedOver: number
  /** Milliseconds in which attempts were possible, in all. */
  readonly possibleMs: number
  /** JSON of the outage, null for none; undefined when it did not change. */
  readonly outage?: string | null | undefined
  readonly resends: readonly ResendProgress[]
  readonly batches: readonly BatchAttempt[]
}

export interface WaitingEvent extends LoggedEvent {
  /** Attempts made so far. */
  readonly attempts: number
  readonly dueAt: EpochMs
  readonly windowFrom: number
}

/**
 * Whether attempt `a` settled its event. A rejection by the receiver does even when an operator has taken the event off the list.
 */
export const SETTLES = `(a.failed = 0 OR a.error_code = 'rejected' OR EXISTS (
  SELECT 1 FROM rejected_events AS r WHERE r.integration = a.integration AND r.seq = a.seq))`

/** Rows of one statement: above this many, a row hardly costs less. */
const PLAIN_ROWS = 8

/** The first attempt of an event of the stream, delivered, of which nothing but the figures is kept: nearly all attempts are such. */
function isPlain(a: AttemptRecord): boolean {
  const { findings: f } = a
  return (
    a.origin === 'stream' &&
    a.settlement.to === 'delivered' &&
    a.number === 1 &&
    !a.manual &&
    f.errorCode === null &&
    f.responseHeaders === null &&
    f.timings.connectUs === null
  )
}

/** Writing SQL of delivery: attempts, waiting room, rejected events, cursors. */
export class DeliveryStore {
  readonly #db: WritableDb
  readonly #insertAttempt: Statement
  readonly #insertPlain: Statement
  readonly #insertDetails: Statement
  readonly #putWaiting: Statement
  readonly #dropWaiting: Statement
  readonly #insertRejected: Statement
  readonly #dropRejected: Statement
  readonly #advance: Statement
  readonly #setOutage: Statement
  readonly #resend: Statement
  readonly #due: Statement
  readonly #nextDue: Statement
  readonly #nextDueAfter: Statement
  readonly #settledAfter: Statement

  constructor(db: WritableDb) {
    this.#db = db
    this.#insertAttempt = db.prepare(
      `INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, status_code, error_code, first_byte_us, reused, manual, batch)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const plain = Array.from({ length: PLAIN_ROWS }, () => '(?, ?, 1, ?, ?, 0, ?, ?, ?)')
    this.#insertPlain = db.prepare(
      `INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, status_code, first_byte_us, reused)
       VALUES ${plain.join(', ')}`,
    )
    this.#insertDetails = db.prepare(
      `INSERT INTO attempt_details (attempt, detail, response_body, response_headers, next_try_at, dns_us, connect_us, tls_us)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#putWaiting = db.prepare(
      `INSERT INTO waiting (integration, seq, attempts, due_at, window_from) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (integration, seq) DO UPDATE SET attempts = excluded.attempts, due_at = excluded.due_at, window_from = excluded.window_from`,
    )
    this.#dropWaiting = db.prepare('DELETE FROM waiting WHERE integration = ? AND seq = ?')
    this.#insertRejected = db.prepare(
      'INSERT INTO rejected_events (integration, seq, attempt, rejected_at, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#dropRejected = db.prepare('DELETE FROM rejected_events WHERE integration = ? AND seq = ?')
    this.#advance = db.prepare(
      `UPDATE integrations SET cursor = ?, delivered = delivered + ?, rejected = rejected + ?, passed_over = passed_over + ?,
         possible_ms = ?, last_attempt_at = coalesce(?, last_attempt_at), last_attempt_failed = coalesce(?, last_attempt_failed)
       WHERE no = ?`,
    )
    this.#setOutage = db.prepare('UPDATE integrations SET outage = ? WHERE no = ?')
    this.#resend = db.prepare(
      `UPDATE resends SET succeeded = ?, failed = ?, skipped = ?, position_at = ?, position_seq = ?,
         state = iif(? IS NULL OR state = 'cancelled', state, 'done'), ended_at = coalesce(ended_at, ?)
       WHERE id = ?`,
    )
    this.#due = db.prepare(
      `SELECT w.seq, e.event_id AS eventId, e.type_id AS typeId, e.published_at AS publishedAt, w.attempts, w.due_at AS dueAt,
         w.window_from AS windowFrom, e.body
       FROM (SELECT * FROM waiting WHERE integration = ? AND due_at <= ? AND (due_at, seq) > (?, ?) ORDER BY due_at, seq LIMIT ?) AS w
         CROSS JOIN events AS e ON e.seq = w.seq`,
    )
    this.#nextDue = db.prepare('SELECT min(due_at) FROM waiting WHERE integration = ?').pluck()
    this.#nextDueAfter = db.prepare('SELECT min(due_at) FROM waiting WHERE integration = ? AND due_at > ?').pluck()
    this.#settledAfter = db
      .prepare(
        `SELECT DISTINCT a.seq FROM attempts AS a WHERE a.integration = ? AND a.seq > ? AND ${SETTLES}
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
    // First: the attempt of a parked event may have ended since, and then takes it out of the waiting room again.
    for (const p of lane.parked) this.#putWaiting.run(lane.integration, p.seq, p.attempts, p.dueAt, p.windowFrom)
    for (let i = 0; i < lane.attempts.length; i++) {
      if (this.#recordPlain(lane, i)) {
        delivered += PLAIN_ROWS
        i += PLAIN_ROWS - 1
        continue
      }
      const a = lane.attempts[i]!
      const nextTryAt = a.settlement.to === 'waiting' ? a.settlement.dueAt : null
      const attempt = this.#record(lane.integration, { ...a, nextTryAt, batch: null })
      switch (a.settlement.to) {
        case 'delivered':
          delivered++
          if (a.origin === 'waiting') this.#dropWaiting.run(lane.integration, a.seq)
          // Without a row an operator has deleted it meanwhile: it stays counted as rejected.
          else if (a.origin === 'rejected') {
            if (this.#dropRejected.run(lane.integration, a.seq).changes === 1) rejected--
            else delivered--
          }
          break
        case 'rejected':
          rejected++
          if (a.origin === 'waiting') this.#dropWaiting.run(lane.integration, a.seq)
          this.#insertRejected.run(
            lane.integration,
            a.seq,
            attempt,
            Math.round(a.startedAt + a.durationUs / 1000),
            a.settlement.reason,
          )
          break
        case 'waiting':
          this.#putWaiting.run(lane.integration, a.seq, a.number, a.settlement.dueAt, a.settlement.windowFrom)
          break
        case 'unchanged':
      }
    }
    for (const b of lane.batches) {
      this.#record(lane.integration, { ...b, seq: b.lastSeq })
      this.#recordBatch(b)
      delivered += b.delivered
    }
    const last = lane.attempts.at(-1) ?? lane.batches.at(-1)
    const lastFailed = last ? (last.findings.errorCode === null ? 0 : 1) : null
    this.#advance.run(
      lane.cursor,
      delivered,
      rejected,
      lane.passedOver,
      lane.possibleMs,
      last?.startedAt ?? null,
      lastFailed,
      lane.integration,
    )
    if (lane.outage !== undefined) this.#setOutage.run(lane.outage, lane.integration)
    for (const r of lane.resends) {
      this.#resend.run(r.succeeded, r.failed, r.skipped, r.positionAt, r.positionSeq, r.endedAt, r.endedAt, r.id)
    }
  }

  /** Records {@link PLAIN_ROWS} attempts from the one at `from` on with one statement, if all of them are plain. */
  #recordPlain({ integration, attempts }: LaneCommit, from: number): boolean {
    const end = from + PLAIN_ROWS
    if (end > attempts.length) return false
    const values: unknown[] = []
    for (let i = from; i < end; i++) {
      const a = attempts[i]!
      if (!isPlain(a)) return false
      const { statusCode, timings } = a.findings
      const reused = timings.reused === null ? null : timings.reused ? 1 : 0
      values.push(integration, a.seq, a.startedAt, a.durationUs, statusCode, timings.firstByteUs, reused)
    }
    this.#insertPlain.run(...values)
    return true
  }

  /** @returns number of the attempt */
  #record(
    integration: number,
    a: Pick<AttemptRecord, 'seq' | 'number' | 'startedAt' | 'durationUs' | 'findings' | 'manual'> & {
      readonly batch: number | null
      readonly nextTryAt: EpochMs | null
    },
  ): number | bigint {
    const f = a.findings
    const { timings: t } = f
    const failed = f.errorCode === null ? 0 : 1
    const { lastInsertRowid } = this.#insertAttempt.run(
      integration,
      a.seq,
      a.number,
      a.startedAt,
      a.durationUs,
      failed,
      f.statusCode,
      f.errorCode,
      t.firstByteUs,
      t.reused === null ? null : t.reused ? 1 : 0,
      a.manual ? 1 : null,
      a.batch,
    )
    if (failed || f.responseHeaders !== null || t.connectUs !== null) {
      this.#insertDetails.run(
        lastInsertRowid,
        f.errorDetail,
        f.responseBody,
        f.responseHeaders === null ? null : JSON.stringify(f.responseHeaders),
        a.nextTryAt,
        t.dnsUs,
        t.connectUs,
        t.tlsUs,
      )
    }
    return lastInsertRowid
  }

  #recordBatch(b: BatchAttempt): void {
    const store = this.#db.prepare(
      'UPDATE batch_objects SET stored_at = ?, etag = ?, verification = ? WHERE batch = ? AND tenant = ?',
    )
    for (const o of b.stored) store.run(o.storedAt, o.etag, o.verification, b.batch, o.tenant)
    if (b.manual) return
    if (b.nextTryAt === null) {
      this.#db
        .prepare("UPDATE batches SET state = 'stored', stored_at = ?, attempts = ? WHERE id = ?")
        .run(Math.round(b.startedAt + b.durationUs / 1000), b.number, b.batch)
    } else {
      this.#db.prepare('UPDATE batches SET attempts = ?, due_at = ? WHERE id = ?').run(b.number, b.nextTryAt, b.batch)
    }
  }

  /**
   * Events of the waiting room that are due, the longest overdue first: at most `limit`, and `maxBytes` of bodies but at least one.
   *
   * @param after goes on behind this one; null = from the beginning
   */
  due(
    integration: number,
    now: EpochMs,
    after: Pick<WaitingEvent, 'dueAt' | 'seq'> | null,
    limit: number,
    maxBytes: number,
  ): WaitingEvent[] {
    const events: WaitingEvent[] = []
    let bytes = 0
    const { dueAt, seq } = after ?? { dueAt: Number.MIN_SAFE_INTEGER, seq: 0 }
    for (const row of this.#due.iterate(integration, now, dueAt, seq, limit)) {
      const event = row as WaitingEvent
      events.push(event)
      bytes += event.body.length
      if (bytes >= maxBytes) break
    }
    return events
  }

  /** When the next event of the waiting room is due; null when it is empty. */
  nextDue(integration: number): EpochMs | null {
    return this.#nextDue.get(integration) as number | null
  }

  /** Makes every event of the waiting room due now. Used when an integration starts. */
  makeAllDue(integration: number, now: EpochMs): void {
    this.#db.prepare('UPDATE waiting SET due_at = ? WHERE integration = ? AND due_at > ?').run(now, integration, now)
  }

  /** When the next event is due after `now`; null when there is none. */
  nextDueAfter(integration: number, now: EpochMs): EpochMs | null {
    return this.#nextDueAfter.get(integration, now) as number | null
  }

  /** Makes these events due now, as far as they wait. */
  makeDue(integration: number, seqs: readonly number[], now: EpochMs): void {
    this.#db
      .prepare(
        'UPDATE waiting SET due_at = ? WHERE integration = ? AND due_at > ? AND seq IN (SELECT value FROM json_each(?))',
      )
      .run(now, integration, now, JSON.stringify(seqs))
  }

  /** The clock was set back by `ms`, to `now`: whatever is due later comes as much earlier. */
  shiftDue(integration: number, ms: number, now: EpochMs): void {
    this.#db
      .prepare('UPDATE waiting SET due_at = max(?, due_at - ?) WHERE integration = ? AND due_at > ?')
      .run(now, ms, integration, now)
  }

  /** Makes everything due now that is due later than `latest`, which is later than any pause can be. */
  clampDue(integration: number, latest: EpochMs, now: EpochMs): void {
    this.#db.prepare('UPDATE waiting SET due_at = ? WHERE integration = ? AND due_at > ?').run(now, integration, latest)
  }

  /** Events behind the cursor's position that need no first attempt any more: settled, or in the waiting room. */
  settledAfter(integration: number, cursor: number): Set<number> {
    return new Set(this.#settledAfter.all(integration, cursor, integration, cursor) as number[])
  }
}
