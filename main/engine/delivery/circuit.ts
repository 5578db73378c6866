import type { AttemptErrorCode } from '../../../shared/attempt-errors'
import type { EpochMs } from '../../../shared/domain'

/** When failures without any success in between count as an outage of the target. */
export const CIRCUIT = { failures: 20, fewFailures: 5, spanMs: 60_000 } as const

/** Longest wait for the first probe, and for any; each wait is drawn from the upper half. */
export const PROBE = { firstMs: 1000, capMs: 60_000 } as const

/** After how much time in which attempts were possible an integration with an open circuit stops itself, unless set otherwise. */
export const STOP_AFTER_MS = 3_600_000

/** Everything that is known of an outage; plain data, to be kept over a restart. */
export interface OutageRecord {
  /** First failure of the streak. */
  readonly since: EpochMs
  /** Last failure. */
  readonly lastAt: EpochMs
  /** Failures in a row. */
  readonly count: number
  readonly lastCode: AttemptErrorCode
  readonly lastStatus: number | null
  /** How long attempts were possible since the circuit opened, ms. */
  readonly possibleMs: number
  /** When the next probe may go, as known when the record was made. */
  readonly nextProbeAt?: EpochMs
}

export interface CircuitFailure {
  readonly code: AttemptErrorCode
  readonly status: number | null
  /** What the receiver asked for, ms; null = nothing. */
  readonly retryAfterMs: number | null
  /** True for the attempt that {@link Circuit.probe} allowed. */
  readonly probe: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Tells a target that answers nothing from events that fail: after 20 failures in a row, or 5 that span a minute, the circuit opens.
 * Then single probes, ever further apart, replace the stream until one succeeds. A 400 is a success here: it proves that the target
 * works.
 */
export class Circuit {
  readonly #random: () => number
  #streak: Mutable<OutageRecord> | null = null
  #open = false
  #probing = false
  #probes = 0
  #waitFrom: EpochMs = 0
  #waitMs = 0

  /**
   * @param random uniform in [0, 1)
   * @param outage of an earlier run that ended with the circuit open: it is open again, the next probe is due at once
   */
  constructor(random: () => number, outage: OutageRecord | null = null) {
    this.#random = random
    if (outage === null) return
    this.#streak = { ...outage }
    this.#open = true
    this.#waitFrom = outage.lastAt
  }

  get open(): boolean {
    return this.#open
  }

  /** The outage, while the circuit is open. */
  get outage(): OutageRecord | null {
    return this.#open && this.#streak !== null ? { ...this.#streak, nextProbeAt: this.#waitFrom + this.#waitMs } : null
  }

  /** Notes a success or a 400. @returns the outage that it ended, or null */
  onSuccess(): OutageRecord | null {
    const ended = this.outage
    this.#streak = null
    this.#open = false
    this.#probing = false
    this.#probes = 0
    this.#waitMs = 0
    return ended
  }

  /** Notes a failure that is no 400. @returns true when it opened the circuit */
  onFailure(now: EpochMs, { code, status, retryAfterMs, probe }: CircuitFailure): boolean {
    const streak: Mutable<OutageRecord> = (this.#streak ??= {
      since: now,
      lastAt: now,
      count: 0,
      lastCode: code,
      lastStatus: status,
      possibleMs: 0,
    })
    streak.lastAt = now
    streak.lastCode = code
    streak.lastStatus = status
    streak.count++
    if (probe) this.#probing = false
    if (retryAfterMs !== null && now + retryAfterMs > this.probeAt(now)) {
      this.#waitFrom = now
      this.#waitMs = retryAfterMs
    }
    if (!this.#open) {
      const span = now - streak.since
      if (streak.count < CIRCUIT.failures && (streak.count < CIRCUIT.fewFailures || span < CIRCUIT.spanMs)) return false
      this.#open = true
      this.#wait(now)
      return true
    }
    // Any other is an attempt from before the circuit opened: no reason to wait longer, unless the receiver asked for it.
    if (!probe) return false
    this.#probes++
    this.#wait(now)
    return false
  }

  #wait(now: EpochMs): void {
    const ceiling = Math.min(PROBE.capMs, PROBE.firstMs * 2 ** Math.min(this.#probes, 30))
    const backoff = Math.round(ceiling * (0.5 + this.#random() / 2))
    // What the receiver asked for still holds.
    this.#waitMs = Math.max(backoff, this.probeAt(now) - now)
    this.#waitFrom = now
  }

  /** When the next probe may go, at or after `now`; `now` itself when the clock was set back behind the last failure. */
  probeAt(now: EpochMs): EpochMs {
    return now < this.#waitFrom ? now : Math.max(now, this.#waitFrom + this.#waitMs)
  }

  /** Takes the right to make the next probe: true at most once until its failure or a success is noted. */
  probe(now: EpochMs): boolean {
    if (!this.#open || this.#probing || this.probeAt(now) > now) return false
    this.#probing = true
    return true
  }

  /** Gives the right back when the probe came to no result, because it was cancelled by a pause. */
  abandonProbe(): void {
    this.#probing = false
  }

  /** Counts time in which attempts were possible; only while the circuit is open. */
  elapsed(ms: number): void {
    if (this.#open && this.#streak !== null && ms > 0) this.#streak.possibleMs += ms
  }

  /** True once attempts were possible for `limitMs` since the circuit opened. */
  stopDue(limitMs: number = STOP_AFTER_MS): boolean {
    return this.#open && this.#streak !== null && this.#streak.possibleMs >= limitMs
  }
}
