import type { DeliveryOptions, EpochMs, ResendFilter } from '../../../shared/domain'
import { AppError } from '../../../shared/errors'
import type { AttemptRecord, DeliveryStore, LaneCommit, Origin, ResendProgress, Settlement } from '../../store/delivery'
import type { LoggedEvent } from '../../store/event-log'
import type { ResendItem, ResendPosition, TypeIds } from '../../store/resends'
import { asStoreError } from '../../store/store-errors'
import type { Timer } from '../clock'
import { RETRY, retryDelay } from './backoff'
import { Circuit, type OutageRecord } from './circuit'
import { ConcurrencyLimit, isOverload } from './concurrency-limit'
import type { Lane, LanePorts } from './lane'
import { RateLimit } from './rate-limit'
import { RETRY_AFTER } from './retry-after'
import { Stopwatch } from './stopwatch'
import type { PostOutcome } from './webhook'

/** Sends one event; calls `done` exactly once, never before it returns. */
export type Send = (eventId: Buffer, body: Buffer, done: (outcome: PostOutcome) => void) => void

export interface WebhookLaneOptions {
  /** Number of the integration in the store. */
  readonly no: number
  readonly cursor: number
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
  /** True when every event type is taken. */
  readonly takesAll: boolean
  /** Which event types this lane takes. */
  readonly takes: (typeId: number) => boolean
  readonly options: DeliveryOptions
  /** Milliseconds in which attempts were possible so far. */
  readonly possibleMs: number
  /** The outage that lasted when the store was last written, as JSON. */
  readonly outage: string | null
  readonly send: Send
}

export interface WebhookLanePorts extends LanePorts<AttemptRecord> {
  readonly store: DeliveryStore
}

/** An event that was read from the log and is not known to be settled. */
interface OpenEvent {
  readonly seq: number
  settled: boolean
  /** Outside the integration's dates. It is counted when the cursor passes it, since a restart reads it again until then. */
  readonly passedOver: boolean
}

interface Flight {
  readonly event: LoggedEvent
  readonly attempts: number
  readonly startedAt: EpochMs
  readonly startedHr: number
  origin: Origin
  /** Of an event that waited: see `waiting.window_from`. */
  windowFrom: number
  readonly open: OpenEvent | null
  /** The one attempt that an open circuit allows. */
  readonly probe: boolean
  readonly resend: { readonly job: ResendJob; readonly entry: ResendEntry } | null
}

interface QueuedEvent {
  readonly event: LoggedEvent
  readonly open: OpenEvent
}

interface DueEvent {
  readonly event: LoggedEvent
  readonly attempts: number
  readonly windowFrom: number
}

/** One event of a re-send that is under way or done. */
interface ResendEntry {
  readonly at: number
  readonly seq: number
  done: boolean
}

/** A re-send that this lane works on. */
interface ResendJob {
  readonly id: number
  readonly filter: ResendFilter
  queue: { readonly item: ResendItem; readonly origin: Origin | null }[]
  queueAt: number
  /** How far was read. */
  read: ResendPosition
  exhausted: boolean
  /** Entries from the stored position on, in order. */
  entries: ResendEntry[]
  position: ResendPosition
  succeeded: number
  failed: number
  skipped: number
  dirty: boolean
  /** Taken away by pause or cancel: what flies is still counted. */
  retired: boolean
}

/** One read from the log. */
const WINDOW_EVENTS = 256
const WINDOW_BYTES = 2 * 1024 * 1024

/** How far deliveries may run ahead of one event that hangs before the cursor passes it through the waiting room. */
export const AHEAD_MAX = 2000

/**
 * A cursor that only passes events of other types is stored in steps of this many, or after this time when there is a commit
 * anyway: a restart looks at them again, no more, but retention has to know.
 */
const CURSOR_STEP = 4096
const CURSOR_EVERY_MS = 60_000

/** An integration that was stopped by failure tries its target this often. */
export const RESTART_PROBE_MS = 60_000

/** While something waits, the time that counts is read this often: more often than a stopwatch takes for a sleep. */
const TICK_MS = 30_000

/** No event waits longer for its next try. */
const LONGEST_WAIT_MS = Math.max(RETRY.capMs, RETRY_AFTER.maxMs)

/** A clock that shows less than it did, by more than this, was set back. */
const SET_BACK_MS = 1000

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/**
 * The delivery of one webhook integration: reads the log in windows, sends with bounded concurrency, keeps failed events in the
 * waiting room, and says what the next commit has to record. Lanes share nothing but the log and the commit, so one that hangs
 * or fails costs the others nothing.
 *
 * The cursor never passes an event before the commit that settles it or puts it into the waiting room.
 */
export class WebhookLane implements Lane {
  readonly no: number
  readonly #options: WebhookLaneOptions
  readonly #ports: WebhookLanePorts
  #queue: QueuedEvent[] = []
  #queueAt = 0
  #queuedBytes = 0
  /** Events from the cursor on, oldest first; the settled ones at the front are dropped after each commit. */
  #open: OpenEvent[] = []
  #openAt = 0
  readonly #flights = new Map<number, Flight>()
  /** Flights that are no first attempts. */
  #repeating = 0
  #finished: AttemptRecord[] = []
  readonly #finishedSeqs = new Set<number>()
  #parked: LaneCommit['parked'][number][] = []
  #readPos: number
  #cursor: number
  /** When the cursor was stored. */
  #cursorAt: EpochMs
  readonly #skip: Set<number>
  #mode: 'stopped' | 'running' | 'probing' = 'stopped'
  #abandoned = false
  #due: DueEvent[] = []
  #dueAt = 0
  /** The last one that was read: the next ones come behind it, so that those on their way are not read again and again. */
  #dueRead: { readonly dueAt: EpochMs; readonly seq: number } | null = null
  /** Earliest due time of the waiting room as far as known; null = ask the store. */
  #nextDueKnown: EpochMs | null = null
  #timer: Timer | null = null
  #timerAt: EpochMs = 0
  #endTimer: Timer | null = null
  /** The end was told once; it is told again, less eagerly, when it could not be stored. */
  #endRefused = false
  /** The receiver asked for a pause until then. */
  #pausedUntil: EpochMs = 0
  #lastProbeAt: EpochMs
  /** Latest reading of the clock. */
  #seenAt: EpochMs
  /** The last launch was none of the stream. */
  #repeatedLast = false
  readonly #limit: ConcurrencyLimit
  readonly #rate: RateLimit
  readonly #circuit: Circuit
  #outageChanged = false
  /** Time in which attempts were possible: what the delivery window counts. */
  readonly #possible: Stopwatch
  /** Time awake while nothing succeeds: what the stop after an outage counts. */
  readonly #outageTime = new Stopwatch(0)
  #outageTold = 0
  readonly #jobs = new Map<number, ResendJob>()
  #pumping = false
  /** Pages of re-sends that this pump has read. */
  #pages = 0
  #idle: (() => void)[] = []

  constructor(options: WebhookLaneOptions, ports: WebhookLanePorts) {
    this.no = options.no
    this.#options = options
    this.#ports = ports
    this.#cursor = options.cursor
    this.#readPos = options.cursor
    this.#skip = ports.store.settledAfter(options.no, options.cursor)
    this.#limit = new ConcurrencyLimit(options.options.concurrency)
    this.#rate = new RateLimit(options.options.ratePerSecond, ports.clock.now())
    const outage: OutageRecord | null = options.outage === null ? null : JSON.parse(options.outage)
    this.#circuit = new Circuit(ports.random, outage)
    this.#lastProbeAt = outage?.lastAt ?? 0
    this.#seenAt = ports.clock.now()
    this.#cursorAt = this.#seenAt
    this.#possible = new Stopwatch(options.possibleMs)
  }

  get running(): boolean {
    return this.#mode === 'running'
  }

  start(afresh: boolean): void {
    this.#mode = 'running'
    this.#pausedUntil = 0
    this.#nextDueKnown = null
    if (afresh && this.#circuit.onSuccess() !== null) {
      this.#outageChanged = true
      this.#ports.requestCommit()
    }
    this.#countTime()
    this.#clampDue()
    for (const id of this.#ports.resends.running(this.no)) this.#addResend(id)
    this.pump()
  }

  probe(): void {
    this.#mode = 'probing'
    this.#nextDueKnown = null
    this.pump()
  }

  stop(): void {
    this.#mode = 'stopped'
    const now = this.#ports.clock.now()
    this.#possible.stop(now)
    this.#outageTime.stop(now)
    this.#timer?.cancel()
    this.#timer = null
    this.#endTimer?.cancel()
    this.#endTimer = null
    this.#due = []
    this.#dueAt = 0
    this.#dueRead = null
    for (const job of this.#jobs.values()) this.#retire(job)
  }

  abandon(): void {
    this.stop()
    this.#abandoned = true
    this.#wakeIdle()
  }

  settled(): Promise<void> {
    if (this.#abandoned || (this.#flights.size === 0 && this.#finished.length === 0)) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Takes freshly accepted events without a read, when the lane has caught up; else it will read them from the log. */
  onAppended(events: readonly LoggedEvent[], headBefore: number): void {
    if (this.#mode === 'stopped') return
    if (this.#readPos === headBefore && this.#hasRoom()) {
      for (const event of events) {
        if (this.#queue.length - this.#queueAt >= WINDOW_EVENTS || this.#queuedBytes >= WINDOW_BYTES) break
        this.#readPos = event.seq
        if (this.#options.takes(event.typeId)) this.#enqueue(event)
      }
    }
    this.pump()
  }

  addResend(id: number): void {
    if (this.#mode !== 'running') return
    this.#addResend(id)
    this.pump()
  }

  dropResend(id: number): void {
    const job = this.#jobs.get(id)
    if (job) this.#retire(job)
  }

  onWaitingChanged(): void {
    this.#nextDueKnown = null
    this.#dueRead = null
    this.pump()
  }

  /** Starts as many attempts as the limits allow. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#pages = 0
    this.#noticeClock()
    try {
      while (this.#mayLaunch() && this.#launchNext()) {}
    } finally {
      this.#pumping = false
    }
    this.#armTimer()
    this.#armEnd()
  }

  /** Deadlines are dates: after a clock was set back they would come that much too late. */
  #noticeClock(): void {
    const { clock, store } = this.#ports
    const now = clock.now()
    const back = this.#seenAt - now
    this.#seenAt = now
    if (back < SET_BACK_MS) return
    this.#pausedUntil -= back
    this.#lastProbeAt -= back
    this.#nextDueKnown = null
    this.#timer?.cancel()
    this.#timer = null
    unlessRefused(() => store.shiftDue(this.no, back, now))
  }

  /** A clock that was set back while the workspace was closed. */
  #clampDue(): void {
    const { clock, store } = this.#ports
    const now = clock.now()
    unlessRefused(() => store.clampDue(this.no, now + LONGEST_WAIT_MS, now))
  }

  #mayLaunch(): boolean {
    if (this.#mode === 'stopped' || this.#ports.blocked()) return false
    const now = this.#ports.clock.now()
    if (now < this.#pausedUntil) return false
    if (this.#careful) return this.#flights.size === 0 && this.#finished.length === 0 && now >= this.#probeAt(now)
    return this.#flights.size < this.#limit.current && this.#rate.nextAt(now) <= now
  }

  /** Nothing succeeds: one attempt at a time. */
  get #careful(): boolean {
    return this.#circuit.open || this.#mode === 'probing'
  }

  #probeAt(now: EpochMs): EpochMs {
    const at = this.#circuit.open ? this.#circuit.probeAt(now) : now
    return this.#mode === 'probing' ? Math.max(at, this.#lastProbeAt + RESTART_PROBE_MS) : at
  }

  #launchNext(): boolean {
    const live = this.#hasLive()
    const { current } = this.#limit
    // A single place is given in turn. So are probes: events that fail by themselves must not hide a target that works.
    const inTurn = current === 1 || this.#careful
    const mayRepeat = !live || (inTurn ? !this.#repeatedLast : this.#repeating < current >> 1)
    const due = mayRepeat ? this.#nextDue() : null
    if (due) {
      this.#repeatedLast = true
      this.#launch(due.event, due.attempts, 'waiting', due.windowFrom, null, null)
      return true
    }
    if (mayRepeat && !this.#careful && this.#launchResend()) {
      this.#repeatedLast = true
      return true
    }
    this.#repeatedLast = false
    const queued = this.#nextLive()
    if (!queued) return false
    this.#launch(queued.event, 0, 'stream', 0, queued.open, null)
    return true
  }

  /** A due event of the waiting room; while the circuit is open the oldest one, due or not. */
  #nextDue(): DueEvent | null {
    const { clock, store } = this.#ports
    const careful = this.#careful
    for (;;) {
      while (this.#dueAt < this.#due.length) {
        const next = this.#due[this.#dueAt++]!
        if (!this.#flights.has(next.event.seq) && !this.#finishedSeqs.has(next.event.seq)) return next
      }
      const now = clock.now()
      if (this.#nextDueKnown !== null && this.#nextDueKnown > now && !careful) return null
      // Events in flight, and those whose result is not stored yet, still have their row: read past them.
      const after = careful ? null : this.#dueRead
      const busy = after === null ? this.#flights.size + this.#finishedSeqs.size : 0
      const upTo = careful ? Number.MAX_SAFE_INTEGER : now
      const rows = store.due(this.no, upTo, after, busy + (careful ? 1 : WINDOW_EVENTS), WINDOW_BYTES)
      const fresh = rows.filter(({ seq }) => !this.#flights.has(seq) && !this.#finishedSeqs.has(seq))
      const last = rows.at(-1)
      this.#dueRead = careful || !last ? null : { dueAt: last.dueAt, seq: last.seq }
      if (fresh.length === 0) {
        // Some may lie in front of it: due times were moved.
        if (after !== null) {
          this.#dueRead = null
          continue
        }
        // What is due now and busy comes back with a time of its own, or not at all.
        this.#nextDueKnown = store.nextDueAfter(this.no, now) ?? Number.POSITIVE_INFINITY
        return null
      }
      this.#due = fresh.map(({ attempts, windowFrom, dueAt: _, ...event }) => ({ event, attempts, windowFrom }))
      this.#dueAt = 0
    }
  }

  #hasLive(): boolean {
    return this.#queueAt < this.#queue.length || this.#readPos < this.#ports.log.head
  }

  #nextLive(): QueuedEvent | null {
    while (this.#queueAt >= this.#queue.length) {
      this.#queue = []
      this.#queueAt = 0
      this.#queuedBytes = 0
      if (!this.#makeRoom() || this.#readPos >= this.#ports.log.head) return null
      const window = this.#ports.log.read(this.#types(), this.#readPos, WINDOW_EVENTS, WINDOW_BYTES)
      this.#readPos = window.upTo
      for (const event of window.events) this.#enqueue(event)
      if (window.events.length === 0) {
        this.#ports.requestCommit()
        return null
      }
    }
    const next = this.#queue[this.#queueAt++]!
    this.#queuedBytes -= next.event.body.length
    return next
  }

  #types(): TypeIds {
    if (this.#options.takesAll) return null
    return [...this.#ports.log.types()].map((t) => t.id).filter(this.#options.takes)
  }

  #enqueue(event: LoggedEvent): void {
    if (this.#skip.delete(event.seq)) return
    const outside = this.#isOutside(event)
    const open: OpenEvent = { seq: event.seq, settled: outside, passedOver: outside }
    this.#open.push(open)
    if (outside) return this.#ports.requestCommit()
    this.#queue.push({ event, open })
    this.#queuedBytes += event.body.length
  }

  #isOutside({ publishedAt }: Pick<LoggedEvent, 'publishedAt'>): boolean {
    const { startsAt, endsAt } = this.#options
    return (startsAt !== null && publishedAt < startsAt) || (endsAt !== null && publishedAt >= endsAt)
  }

  #hasRoom(): boolean {
    return this.#open.length - this.#openAt < AHEAD_MAX
  }

  /** False when deliveries must not run further ahead; parks a hanging head so that they soon may. */
  #makeRoom(): boolean {
    if (this.#hasRoom()) return true
    // One at a time: the commit of it makes room.
    if (this.#parked.length > 0) return false
    let at = this.#openAt
    while (at < this.#open.length && this.#open[at]!.settled) at++
    const head = this.#open[at]
    const flight = head && this.#flights.get(head.seq)
    if (head && flight) {
      head.settled = true
      flight.origin = 'waiting'
      flight.windowFrom = this.#possible.read(this.#ports.clock.now())
      this.#repeating++
      this.#parked.push({
        seq: head.seq,
        attempts: flight.attempts,
        dueAt: this.#ports.clock.now(),
        windowFrom: flight.windowFrom,
      })
      this.#ports.requestCommit()
    }
    return false
  }

  #launch(
    event: LoggedEvent,
    attempts: number,
    origin: Origin,
    windowFrom: number,
    open: OpenEvent | null,
    resend: Flight['resend'],
  ): void {
    const startedAt = this.#ports.clock.now()
    const probe = this.#careful
    if (probe) {
      this.#circuit.probe(startedAt)
      this.#lastProbeAt = startedAt
    } else this.#rate.take(startedAt)
    const flight: Flight = {
      event,
      attempts,
      startedAt,
      startedHr: performance.now(),
      origin,
      windowFrom,
      open,
      probe,
      resend,
    }
    if (origin !== 'stream') this.#repeating++
    this.#flights.set(event.seq, flight)
    this.#options.send(event.eventId, event.body, (outcome) => this.#onOutcome(flight, outcome))
  }

  #onOutcome(flight: Flight, outcome: PostOutcome): void {
    if (this.#abandoned) return
    const { seq } = flight.event
    const now = this.#ports.clock.now()
    const durationMs = performance.now() - flight.startedHr
    this.#flights.delete(seq)
    if (flight.origin !== 'stream') this.#repeating--
    this.#learn(flight, outcome, durationMs, now)
    const settlement = this.#settle(flight, outcome, now)
    this.#finished.push({
      seq,
      number: flight.attempts + 1,
      startedAt: flight.startedAt,
      durationUs: Math.round(durationMs * 1000),
      findings: outcome,
      origin: flight.origin,
      settlement,
      manual: flight.resend !== null,
    })
    this.#finishedSeqs.add(seq)
    if (flight.open) flight.open.settled = true
    if (flight.resend) this.#countResend(flight.resend.job, flight.resend.entry, outcome.errorCode === null)
    this.#ports.requestCommit()
    this.#judge(outcome, now)
    this.pump()
  }

  /** What an outcome says about the target as a whole. */
  #learn(flight: Flight, outcome: PostOutcome, durationMs: number, now: EpochMs): void {
    const { errorCode, retryAfterMs } = outcome
    const wasOpen = this.#circuit.open
    if (errorCode === null || errorCode === 'rejected') {
      this.#limit.onSuccess(durationMs, this.#flights.size + 1)
      if (this.#circuit.onSuccess() !== null) this.#outageChanged = true
    } else {
      if (isOverload(errorCode, outcome.statusCode)) this.#limit.onOverload()
      if (retryAfterMs !== null) this.#pausedUntil = Math.max(this.#pausedUntil, now + retryAfterMs)
      this.#circuit.onFailure(now, { code: errorCode, status: outcome.statusCode, retryAfterMs, probe: flight.probe })
      if (this.#circuit.open) this.#outageChanged = true
    }
    if (wasOpen === this.#circuit.open) return
    this.#countTime()
    this.#outageTold = this.#outageTime.read(now)
  }

  #settle(flight: Flight, outcome: PostOutcome, now: EpochMs): Settlement {
    const { errorCode } = outcome
    if (flight.origin === 'delivered') return { to: 'unchanged' }
    if (errorCode === null) return { to: 'delivered' }
    if (flight.origin === 'rejected') return { to: 'unchanged' }
    if (errorCode === 'rejected') return { to: 'rejected', reason: 'rejected_by_receiver' }
    const possible = this.#possible.read(now)
    const windowFrom = flight.attempts === 0 ? possible : flight.windowFrom
    const window = this.#options.options.deliveryWindowHours * HOUR_MS
    // While nothing succeeds the target is at fault, not the event: it keeps its window.
    if (flight.attempts > 0 && !this.#circuit.open && possible - windowFrom >= window) {
      return { to: 'rejected', reason: 'delivery_window_exceeded' }
    }
    const delay = Math.max(retryDelay(flight.attempts + 1, this.#ports.random), outcome.retryAfterMs ?? 0)
    if (this.#nextDueKnown !== null) this.#nextDueKnown = Math.min(this.#nextDueKnown, now + delay)
    return { to: 'waiting', dueAt: now + delay, windowFrom }
  }

  /** Whether the integration has to stop, or may start again. */
  #judge(outcome: PostOutcome, now: EpochMs): void {
    const { errorCode, statusCode } = outcome
    if (this.#mode === 'stopped') return
    if (errorCode === 'gone') {
      const alone = { since: now, lastAt: now, count: 1, lastCode: errorCode, lastStatus: statusCode, possibleMs: 0 }
      return this.#ports.onFailed(this.#circuit.outage ?? alone, true)
    }
    if (this.#mode === 'running') return this.#countOutage(now)
    if (errorCode === null || errorCode === 'rejected') this.#ports.onRecovered()
  }

  #countOutage(now: EpochMs): void {
    const awake = this.#outageTime.read(now)
    this.#circuit.elapsed(awake - this.#outageTold)
    this.#outageTold = awake
    const { outage } = this.#circuit
    if (outage !== null && this.#circuit.stopDue(this.#options.options.stopAfterMinutes * MINUTE_MS)) {
      this.#ports.onFailed(outage, false)
    }
  }

  /** Starts and stops the two stopwatches with what the lane is doing. */
  #countTime(): void {
    const now = this.#ports.clock.now()
    const { open } = this.#circuit
    if (this.#mode === 'running' && !open) this.#possible.start(now)
    else this.#possible.stop(now)
    if (this.#mode === 'running' && open) this.#outageTime.start(now)
    else this.#outageTime.stop(now)
  }

  /** May be called again with more when the commit failed. */
  collect(): LaneCommit | null {
    const { cursor, passedOver } = this.#progress()
    const resends = [...this.#jobs.values()].filter((job) => job.dirty).map((job) => this.#progressOf(job))
    const nothing = this.#finished.length + this.#parked.length + passedOver + resends.length === 0
    if (nothing && !this.#outageChanged && !this.#cursorIsDue(cursor)) return null
    return {
      integration: this.no,
      attempts: this.#finished.slice(),
      parked: this.#parked.slice(),
      cursor,
      passedOver,
      possibleMs: this.#possible.read(this.#ports.clock.now()),
      outage: this.#outageChanged ? this.#outageJson() : undefined,
      resends,
      batches: [],
    }
  }

  #cursorIsDue(cursor: number): boolean {
    if (cursor - this.#cursor >= CURSOR_STEP) return true
    const since = this.#ports.clock.now() - this.#cursorAt
    return cursor > this.#cursor && (since >= CURSOR_EVERY_MS || since < 0)
  }

  #outageJson(): string | null {
    const { outage } = this.#circuit
    return outage === null ? null : JSON.stringify(outage)
  }

  /** How far everything is settled or waits, and how much of it lay outside the integration's dates. */
  #progress(): { cursor: number; passedOver: number } {
    let at = this.#openAt
    let passedOver = 0
    for (; at < this.#open.length && this.#open[at]!.settled; at++) if (this.#open[at]!.passedOver) passedOver++
    const first = this.#open[at]
    return { cursor: first ? first.seq - 1 : this.#readPos, passedOver }
  }

  committed(commit: LaneCommit): void {
    this.#finished.splice(0, commit.attempts.length)
    let retries: AttemptRecord[] | null = null
    for (const a of commit.attempts) {
      this.#finishedSeqs.delete(a.seq)
      if (a.settlement.to === 'waiting') (retries ??= []).push(a)
    }
    this.#parked.splice(0, commit.parked.length)
    this.#cursor = commit.cursor
    this.#cursorAt = this.#ports.clock.now()
    if (commit.outage !== undefined) this.#outageChanged = false
    while (this.#openAt < this.#open.length && this.#open[this.#openAt]!.seq <= commit.cursor) this.#openAt++
    if (this.#openAt > 1024 && this.#openAt * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#openAt)
      this.#openAt = 0
    }
    for (const progress of commit.resends) this.#storedResend(progress)
    if (retries) {
      this.#nextDueKnown = null
      // They may be due in front of it.
      this.#dueRead = null
      this.#ports.onRetries(retries)
    }
    if (this.#flights.size === 0 && this.#finished.length === 0) this.#wakeIdle()
    this.pump()
  }

  #wakeIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  #armTimer(): void {
    const at = this.#nextWakeUp()
    if (this.#timer !== null) {
      // One that comes earlier than it has to does no harm.
      if (at !== null && this.#timerAt <= at) return
      this.#timer.cancel()
      this.#timer = null
    }
    if (at === null) return
    this.#timerAt = at
    this.#timer = this.#ports.clock.setTimer(at, () => {
      this.#timer = null
      this.#nextDueKnown = null
      const now = this.#ports.clock.now()
      this.#possible.read(now)
      if (this.#mode === 'running') this.#countOutage(now)
      this.pump()
    })
  }

  /** When the lane has to act without anything else calling it; null when something else will, or nothing waits. */
  #nextWakeUp(): EpochMs | null {
    if (this.#mode === 'stopped' || this.#ports.blocked()) return null
    const now = this.#ports.clock.now()
    const busy = this.#flights.size > 0 || this.#finished.length > 0
    const tick = now + TICK_MS
    if (this.#careful) {
      if (busy) return tick
      if (!(this.#hasLive() || this.#hasWaiting())) return null
      return Math.min(tick, Math.max(this.#probeAt(now), this.#pausedUntil))
    }
    const due = this.#firstDue(now)
    const live = this.#hasLive() || this.#hasResends() ? now : Number.POSITIVE_INFINITY
    const at = Math.max(Math.min(due, live), this.#pausedUntil, this.#rate.nextAt(now))
    if (!Number.isFinite(at)) return null
    if (at > now) return Math.min(at, tick)
    // What is due now waits for a free place, the room ahead or a commit, which come through an end, not through a timer.
    return busy ? tick : due <= now ? now : null
  }

  /**
   * When the first event of the waiting room is due. What is due later than any wait can be was put there before the clock was set
   * back, by a result that was stored after it or while the store refused to move it: it is due now.
   */
  #firstDue(now: EpochMs): EpochMs {
    const ask = () => this.#nextDueKnown ?? this.#ports.store.nextDue(this.no) ?? Number.POSITIVE_INFINITY
    this.#nextDueKnown = ask()
    if (!Number.isFinite(this.#nextDueKnown) || this.#nextDueKnown - now <= LONGEST_WAIT_MS) return this.#nextDueKnown
    this.#clampDue()
    this.#nextDueKnown = null
    return (this.#nextDueKnown = ask())
  }

  #hasWaiting(): boolean {
    return this.#dueAt < this.#due.length || this.#ports.store.nextDue(this.no) !== null
  }

  #armEnd(): void {
    const { endsAt } = this.#options
    if (endsAt === null || this.#endTimer !== null || this.#mode !== 'running') return
    const { clock } = this.#ports
    const ahead = clock.now() < endsAt
    if (!ahead && !this.#allSettled()) return
    const at = ahead ? endsAt : clock.now() + (this.#endRefused ? TICK_MS : 0)
    this.#endTimer = clock.setTimer(at, () => {
      this.#endTimer = null
      if (this.#mode !== 'running') return
      if (clock.now() >= endsAt && this.#allSettled()) {
        this.#endRefused = true
        this.#ports.onEnded()
      }
      this.pump()
    })
  }

  /** Nothing is left to do at this moment. */
  #allSettled(): boolean {
    if (this.#hasLive() || this.#flights.size > 0 || this.#finished.length > 0 || this.#hasResends()) return false
    return this.#progress().cursor === this.#readPos && this.#ports.store.nextDue(this.no) === null
  }

  #hasResends(): boolean {
    for (const job of this.#jobs.values()) if (!job.retired) return true
    return false
  }

  #addResend(id: number): void {
    const known = this.#jobs.get(id)
    if (known) {
      if (!known.retired) return
      // What it has in flight or not stored yet stays its own; it goes on behind that.
      known.retired = false
      known.exhausted = false
      const last = known.entries.at(-1)
      known.read = last ? { at: last.at, seq: last.seq } : known.position
      return
    }
    const { filter, position, succeeded, failed, skipped } = this.#ports.resends.get(id)
    this.#jobs.set(id, {
      id,
      filter,
      queue: [],
      queueAt: 0,
      read: position,
      exhausted: false,
      entries: [],
      position,
      succeeded,
      failed,
      skipped,
      dirty: false,
      retired: false,
    })
  }

  #retire(job: ResendJob): void {
    job.retired = true
    job.queue = []
    job.queueAt = 0
    if (!job.dirty && job.entries.every((e) => e.done)) this.#jobs.delete(job.id)
  }

  /** Sends the next event of the oldest re-send that has one. @returns false when there is none at this moment */
  #launchResend(): boolean {
    for (const job of this.#jobs.values()) {
      if (job.retired) continue
      for (let next = this.#nextItem(job); next; next = this.#nextItem(job)) {
        const { item, origin } = next
        const entry: ResendEntry = { at: item.at, seq: item.seq, done: false }
        job.entries.push(entry)
        if (origin === null || this.#flights.has(item.seq) || this.#finishedSeqs.has(item.seq)) {
          this.#countResend(job, entry, null)
          continue
        }
        const { seq, eventId, typeId, publishedAt, body } = item
        this.#launch({ seq, eventId, typeId, publishedAt, body }, item.attempts, origin, 0, null, { job, entry })
        return true
      }
    }
    return false
  }

  #nextItem(job: ResendJob): ResendJob['queue'][number] | null {
    if (job.queueAt >= job.queue.length && !job.exhausted && this.#pages < RESEND_PAGES) {
      this.#pages++
      this.#readResend(job)
    }
    return job.queue[job.queueAt++] ?? null
  }

  #readResend(job: ResendJob): void {
    const { resends, store, clock } = this.#ports
    const items = resends.next(this.no, job.filter, job.read, RESEND_WINDOW, this.#types())
    job.queueAt = 0
    job.queue = items.map((item) => ({ item, origin: this.#originOf(item) }))
    const last = items.at(-1)
    if (last) job.read = { at: last.at, seq: last.seq }
    else {
      job.exhausted = true
      job.dirty = true
      this.#ports.requestCommit()
    }
    const waiting = items.filter((item) => item.waiting === 1).map((item) => item.seq)
    if (waiting.length === 0) return
    unlessRefused(() => store.makeDue(this.no, waiting, clock.now()))
    this.#nextDueKnown = null
  }

  /**
   * Null for what is delivered anyway (it waits, or the stream has not come to it), and for what lies outside the dates. All else
   * up to the cursor is sent when it is asked for, whether its attempts are still kept or it was not selected at its time.
   */
  #originOf(item: ResendItem): Origin | null {
    if (item.rejected === 1) return 'rejected'
    if (item.waiting === 1) return null
    if (item.delivered === 1) return 'delivered'
    return item.seq <= this.#cursor && !this.#isOutside(item) ? 'delivered' : null
  }

  /** @param succeeded null = there was nothing to send */
  #countResend(job: ResendJob, entry: ResendEntry, succeeded: boolean | null): void {
    entry.done = true
    if (succeeded === null) job.skipped++
    else if (succeeded) job.succeeded++
    else job.failed++
    job.dirty = true
    this.#ports.requestCommit()
  }

  #progressOf(job: ResendJob): ResendProgress {
    let done = 0
    while (done < job.entries.length && job.entries[done]!.done) done++
    const last = job.entries[done - 1]
    const position = last ? { at: last.at, seq: last.seq } : job.position
    const ended = job.exhausted && done === job.entries.length
    return {
      id: job.id,
      succeeded: job.succeeded,
      failed: job.failed,
      skipped: job.skipped,
      positionAt: position.at,
      positionSeq: position.seq,
      endedAt: ended ? this.#ports.clock.now() : null,
    }
  }

  #storedResend(progress: ResendProgress): void {
    const job = this.#jobs.get(progress.id)
    if (!job) return
    job.position = { at: progress.positionAt, seq: progress.positionSeq }
    job.entries = job.entries.filter((e) => !e.done || isAfter(e, job.position))
    const current = this.#progressOf(job)
    job.dirty =
      current.succeeded !== progress.succeeded ||
      current.failed !== progress.failed ||
      current.skipped !== progress.skipped ||
      (current.endedAt !== null && progress.endedAt === null)
    if (progress.endedAt !== null || (job.retired && !job.dirty && job.entries.every((e) => e.done))) {
      this.#jobs.delete(job.id)
    }
  }
}

const RESEND_WINDOW = 64

/** Pages that one pump reads, so that a long row of events with nothing to send does not hold the thread. */
const RESEND_PAGES = 4

/** Runs a write that only hastens something: when the store refuses it, it comes later. */
function unlessRefused(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!(asStoreError(error) instanceof AppError)) throw error
  }
}

function isAfter(entry: ResendEntry, position: ResendPosition): boolean {
  return entry.at > position.at || (entry.at === position.at && entry.seq > position.seq)
}
