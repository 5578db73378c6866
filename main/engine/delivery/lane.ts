import type { EpochMs } from '../../../shared/domain'
import type { AttemptRecord, DeliveryStore, LaneCommit } from '../../store/delivery'
import type { EventLog, LoggedEvent } from '../../store/event-log'
import type { Clock, Timer } from '../clock'
import { retryDelay } from './backoff'
import type { PostOutcome } from './webhook'

/** Sends one event; calls `done` exactly once. */
export type Send = (eventId: Buffer, body: Buffer, done: (outcome: PostOutcome) => void) => void

export interface LaneOptions {
  /** Number of the integration in the store. */
  readonly no: number
  readonly cursor: number
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
  /** True when every event type is taken. */
  readonly takesAll: boolean
  /** Which event types this lane takes. */
  readonly takes: (typeId: number) => boolean
  readonly concurrency: number
  readonly send: Send
}

export interface LanePorts {
  readonly log: EventLog
  readonly store: DeliveryStore
  readonly clock: Clock
  readonly random: () => number
  /** Asks for a commit soon: the lane has something to record. */
  readonly requestCommit: () => void
  /** True while results cannot be stored; nothing is sent then, since it could not be recorded. */
  readonly blocked: () => boolean
  /** Called when a temporary lane has settled its last event. */
  readonly onEnded: (no: number) => void
}

/** An event that was read from the log and is not known to be settled. */
interface OpenEvent {
  readonly event: LoggedEvent
  settled: boolean
}

interface Flight {
  readonly event: LoggedEvent
  readonly attempts: number
  readonly startedAt: EpochMs
  readonly startedHr: number
  wasWaiting: boolean
  readonly open: OpenEvent | null
}

/** One read from the log. */
const WINDOW_EVENTS = 256
const WINDOW_BYTES = 2 * 1024 * 1024

/** How far deliveries may run ahead of one event that hangs before the cursor passes it through the waiting room. */
const AHEAD_MAX = 2000

/** Failures in a row, without any success, after which single probes replace the stream. */
const FAILURES_TO_HOLD = 20

/**
 * The delivery of one integration: reads the log in windows, sends with bounded concurrency, keeps failed events in the waiting
 * room, and says what the next commit has to record. Lanes share nothing but the log and the commit, so one that hangs or
 * fails costs the others nothing.
 *
 * The cursor never passes an event before the commit that settles it or puts it into the waiting room.
 */
export class Lane {
  readonly no: number
  readonly #options: LaneOptions
  readonly #ports: LanePorts
  #queue: LoggedEvent[] = []
  #queueAt = 0
  /** Events from the cursor on, oldest first; the settled ones at the front are dropped after each commit. */
  #open: OpenEvent[] = []
  #openAt = 0
  readonly #openBySeq = new Map<number, OpenEvent>()
  readonly #flights = new Map<number, Flight>()
  #finished: AttemptRecord[] = []
  #finishedSeqs = new Set<number>()
  #parked: LaneCommit['parked'][number][] = []
  #passedOver = 0
  #readPos: number
  #cursor: number
  #skip: Set<number>
  #running = false
  #abandoned = false
  /** Earliest due time of the waiting room as far as known; null = ask the store. */
  #nextDueKnown: EpochMs | null = null
  #retryTimer: Timer | null = null
  #retryTimerAt: EpochMs = 0
  #endTimer: Timer | null = null
  #failuresInRow = 0
  #holdUntil: EpochMs = 0
  #holds = 0
  #pumping = false
  #idle: (() => void)[] = []

  constructor(options: LaneOptions, ports: LanePorts) {
    this.no = options.no
    this.#options = options
    this.#ports = ports
    this.#cursor = options.cursor
    this.#readPos = options.cursor
    this.#skip = ports.store.settledAfter(options.no, options.cursor)
  }

  get running(): boolean {
    return this.#running
  }

  /** Begins or resumes at the cursor. */
  start(): void {
    this.#running = true
    this.#failuresInRow = 0
    this.#holdUntil = 0
    this.#holds = 0
    this.#armEnd()
    this.pump()
  }

  /** After this returns no new attempt starts. Attempts in flight finish and are recorded. */
  stop(): void {
    this.#running = false
    this.#retryTimer?.cancel()
    this.#retryTimer = null
    this.#endTimer?.cancel()
    this.#endTimer = null
  }

  /** Forgets what is in flight: no result of it is recorded, so it is tried again when the workspace opens next. */
  abandon(): void {
    this.stop()
    this.#abandoned = true
  }

  /** Resolves when nothing is in flight and everything is recorded. */
  settled(): Promise<void> {
    if (this.#flights.size === 0 && this.#finished.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Takes freshly accepted events without a read, when the lane has caught up; else it will read them from the log. */
  onAppended(events: readonly LoggedEvent[], headBefore: number): void {
    if (!this.#running) return
    if (this.#readPos === headBefore && this.#queue.length - this.#queueAt < WINDOW_EVENTS) {
      for (const event of events) {
        if (this.#queue.length - this.#queueAt >= WINDOW_EVENTS) break
        this.#readPos = event.seq
        if (this.#options.takes(event.typeId)) this.#enqueue(event)
      }
    }
    this.pump()
  }

  /** Starts as many attempts as the limits allow. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#running && !this.#ports.blocked() && this.#flights.size < this.#limit()) {
        if (!this.#sendNext()) break
      }
    } finally {
      this.#pumping = false
    }
    if (this.#running) this.#armRetry()
  }

  #limit(): number {
    if (this.#failuresInRow < FAILURES_TO_HOLD) return this.#options.concurrency
    return this.#ports.clock.now() >= this.#holdUntil ? 1 : 0
  }

  #sendNext(): boolean {
    const retry = this.#nextRetry()
    if (retry) {
      this.#launch(retry.event, retry.attempts, true, null)
      return true
    }
    const event = this.#nextLive()
    if (!event) return false
    this.#launch(event, 0, false, this.#openBySeq.get(event.seq) ?? null)
    return true
  }

  /** A due event of the waiting room. It gets at most half of the places while the live stream has work. */
  #nextRetry(): { event: LoggedEvent; attempts: number } | null {
    const { clock, store, log } = this.#ports
    const now = clock.now()
    if (this.#nextDueKnown !== null && this.#nextDueKnown > now) return null
    const retrying = [...this.#flights.values()].filter((f) => f.wasWaiting).length
    const half = Math.max(1, this.#options.concurrency >> 1)
    if (retrying >= half && this.#hasLive()) return null
    const due = store.due(this.no, now, this.#options.concurrency + this.#finishedSeqs.size + 1)
    for (const { seq, attempts } of due) {
      if (this.#flights.has(seq) || this.#finishedSeqs.has(seq)) continue
      const event = log.bySeq(seq)
      if (event) return { event, attempts }
    }
    this.#nextDueKnown = due.length > 0 ? now : (store.nextDue(this.no) ?? Number.POSITIVE_INFINITY)
    return null
  }

  #hasLive(): boolean {
    return this.#queueAt < this.#queue.length || this.#readPos < this.#ports.log.head
  }

  #nextLive(): LoggedEvent | null {
    while (this.#queueAt >= this.#queue.length) {
      this.#queue = []
      this.#queueAt = 0
      if (!this.#makeRoom() || this.#readPos >= this.#ports.log.head) return null
      const types = this.#options.takesAll ? null : [...this.#ports.log.typeIds()].filter(this.#options.takes)
      const window = this.#ports.log.read(types, this.#readPos, WINDOW_EVENTS, WINDOW_BYTES)
      this.#readPos = window.upTo
      for (const event of window.events) this.#enqueue(event)
      if (window.events.length === 0) return null
    }
    const event = this.#queue[this.#queueAt++]!
    return event
  }

  #enqueue(event: LoggedEvent): void {
    if (this.#skip.delete(event.seq)) return
    const { startsAt, endsAt } = this.#options
    if ((startsAt !== null && event.publishedAt < startsAt) || (endsAt !== null && event.publishedAt >= endsAt)) {
      this.#passedOver++
      this.#ports.requestCommit()
      return
    }
    const open: OpenEvent = { event, settled: false }
    this.#open.push(open)
    this.#openBySeq.set(event.seq, open)
    this.#queue.push(event)
  }

  /** False when deliveries must not run further ahead; parks a hanging head so that they soon may. */
  #makeRoom(): boolean {
    if (this.#openBySeq.size < AHEAD_MAX) return true
    const head = this.#open[this.#openAt]
    const flight = head && this.#flights.get(head.event.seq)
    if (head && flight && !head.settled) {
      head.settled = true
      flight.wasWaiting = true
      this.#parked.push({
        seq: head.event.seq,
        attempts: flight.attempts,
        dueAt: this.#ports.clock.now(),
      })
      this.#ports.requestCommit()
    }
    return false
  }

  #launch(event: LoggedEvent, attempts: number, wasWaiting: boolean, open: OpenEvent | null): void {
    const startedHr = performance.now()
    const flight: Flight = {
      event,
      attempts,
      startedAt: this.#ports.clock.now(),
      startedHr,
      wasWaiting,
      open,
    }
    this.#flights.set(event.seq, flight)
    this.#options.send(event.eventId, event.body, (outcome) => this.#onOutcome(flight, outcome))
  }

  #onOutcome(flight: Flight, outcome: PostOutcome): void {
    if (this.#abandoned) return
    const { seq } = flight.event
    const { clock, random } = this.#ports
    this.#flights.delete(seq)
    const number = flight.attempts + 1
    const settlement =
      outcome.errorCode === null ? 'delivered' : outcome.errorCode === 'rejected' ? 'rejected' : 'retry'
    const nextTryAt = settlement === 'retry' ? clock.now() + retryDelay(number, random) : null
    if (settlement === 'retry') this.#onFailure()
    else this.#onAnswer()
    if (nextTryAt !== null && this.#nextDueKnown !== null) this.#nextDueKnown = Math.min(this.#nextDueKnown, nextTryAt)
    this.#finished.push({
      seq,
      number,
      startedAt: flight.startedAt,
      durationUs: Math.round((performance.now() - flight.startedHr) * 1000),
      statusCode: outcome.statusCode,
      errorCode: outcome.errorCode,
      errorDetail: outcome.errorDetail,
      responseBody: outcome.responseBody,
      settlement,
      nextTryAt,
      wasWaiting: flight.wasWaiting,
    })
    this.#finishedSeqs.add(seq)
    if (flight.open) flight.open.settled = true
    this.#ports.requestCommit()
    this.pump()
  }

  #onFailure(): void {
    this.#failuresInRow++
    if (this.#failuresInRow < FAILURES_TO_HOLD) return
    this.#holds++
    this.#holdUntil =
      this.#ports.clock.now() + retryDelay(Math.min(this.#holds, 6), () => 0.5 + this.#ports.random() / 2)
  }

  #onAnswer(): void {
    this.#failuresInRow = 0
    this.#holds = 0
    this.#holdUntil = 0
  }

  /** What the next commit has to record, or null. May be called again with more when that commit failed. */
  collect(): LaneCommit | null {
    const cursor = this.#cursorNow()
    if (this.#finished.length === 0 && this.#parked.length === 0 && this.#passedOver === 0 && cursor === this.#cursor) {
      return null
    }
    return {
      integration: this.no,
      attempts: this.#finished.slice(),
      parked: this.#parked.slice(),
      cursor,
      passedOver: this.#passedOver,
    }
  }

  #cursorNow(): number {
    let at = this.#openAt
    while (at < this.#open.length && this.#open[at]!.settled) at++
    const first = this.#open[at]
    return first ? first.event.seq - 1 : this.#readPos
  }

  /** Tells the lane that a collected commit is stored. */
  committed(commit: LaneCommit): void {
    this.#finished.splice(0, commit.attempts.length)
    for (const a of commit.attempts) this.#finishedSeqs.delete(a.seq)
    this.#parked.splice(0, commit.parked.length)
    this.#passedOver -= commit.passedOver
    this.#cursor = commit.cursor
    while (this.#openAt < this.#open.length && this.#open[this.#openAt]!.event.seq <= commit.cursor) {
      this.#openBySeq.delete(this.#open[this.#openAt]!.event.seq)
      this.#openAt++
    }
    if (this.#openAt > 1024 && this.#openAt * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#openAt)
      this.#openAt = 0
    }
    if (commit.attempts.some((a) => a.nextTryAt !== null)) this.#nextDueKnown = null
    if (this.#flights.size === 0 && this.#finished.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve()
    }
    this.pump()
    this.#checkEnd()
  }

  #armRetry(): void {
    const at = this.#nextWakeUp()
    if (this.#retryTimer !== null) {
      if (this.#retryTimerAt === at) return
      this.#retryTimer.cancel()
      this.#retryTimer = null
    }
    if (at === null) return
    this.#retryTimerAt = at
    this.#retryTimer = this.#ports.clock.setTimer(at, () => {
      this.#retryTimer = null
      this.#nextDueKnown = null
      this.pump()
    })
  }

  /** When the lane has to act without anything else calling it; null when something else will, or nothing waits. */
  #nextWakeUp(): EpochMs | null {
    const holding = this.#failuresInRow >= FAILURES_TO_HOLD
    if (holding && this.#flights.size > 0) return null
    const due = this.#nextDueKnown ?? this.#ports.store.nextDue(this.no) ?? Number.POSITIVE_INFINITY
    this.#nextDueKnown = due
    const at = holding ? Math.max(this.#holdUntil, this.#hasLive() ? 0 : due) : due
    if (!Number.isFinite(at)) return null
    // A due event that still flies or waits for its commit comes back through their ends, not through a timer.
    const busy = this.#flights.size > 0 || this.#finished.length > 0
    return busy && at <= this.#ports.clock.now() ? null : at
  }

  #armEnd(): void {
    const { endsAt } = this.#options
    if (endsAt === null) return
    this.#endTimer = this.#ports.clock.setTimer(endsAt, () => this.#checkEnd())
  }

  #checkEnd(): void {
    const { endsAt } = this.#options
    if (!this.#running || endsAt === null || this.#ports.clock.now() < endsAt) return
    if (this.#hasLive() || this.#flights.size > 0 || this.#finished.length > 0) return
    if (this.#ports.store.nextDue(this.no) !== null) return
    this.#ports.onEnded(this.no)
  }
}
