import type { AttemptErrorCode } from '../../../shared/attempt-errors'

/** Latency may be this many times that of an unburdened receiver before the limit gives way. */
const TOLERANCE = 2
/** Below this, latency is not a sign of a burdened receiver but of scheduling on both sides. */
const FLOOR_MS = 25
/** Results that are averaged before the limit moves: at least so many, and one for each place. */
const SMALLEST_ROUND = 8
/** The same after the limit was lowered, since more hangs on that average. */
const EXPERIMENT_ROUND = 32
/** Lowering for latency is by at least a quarter, so that its effect can be told from chance, and by half at most. */
const CUT = { least: 0.75, most: 0.5 } as const
const BACKOFF = 0.7
/** Of the latency that a lower limit should save, so much must show, or the limit was not the cause. */
const WORTH = 0.25
/** Rounds to leave latency alone after lowering the limit did not help; doubles each time. */
const REST = { first: 32, longest: 4096 } as const

/**
 * True for failures that may come from too many requests at once: the receiver says so (429, 503), does not answer in time or breaks
 * the connection.
 */
export function isOverload(code: AttemptErrorCode, status: number | null): boolean {
  if (status === 429 || status === 503) return true
  return (
    code === 'connect_timeout' ||
    code === 'response_timeout' ||
    code === 'connection_reset' ||
    code === 'response_incomplete'
  )
}

/**
 * How many requests an integration may have in flight, between 1 and `max`: fewer while the receiver is burdened. In the manner of
 * the gradient limits (short against long-term latency, growth by the square root), with three rules of its own:
 *
 * - It starts at `max` and stays there for good when latency does not depend on the number of requests, however high or uneven it is.
 *   A lower limit is an experiment: when latency does not fall with it, the limit goes back, latency becomes the new normal, and
 *   the next experiment is put off for twice as long.
 * - Latencies are averaged geometrically over a round of about one result for each place, so that single slow ones count little.
 * - Overload ({@link isOverload}) takes 30 % off, at most once for each set of requests that was in flight together.
 *
 * A receiver that is burdened from the first request on and always looks the same cannot be told from one that is slow: the limit
 * stays, which costs no throughput.
 */
export class ConcurrencyLimit {
  readonly max: number
  #limit: number
  #current: number
  /** Logarithms of ms. Of an unburdened receiver; +Infinity = not known. */
  #base = Number.POSITIVE_INFINITY
  /** Of requests that had at most half of the places beside them; a moving average. */
  #quiet = 0
  #quietCount = 0
  /** Moving average of rounds; NaN = none yet. */
  #short = Number.NaN
  #sum = 0
  #count = 0
  #used = false
  /** Results still to come of requests that were in flight when the limit fell. */
  #settling = 0
  #overloads = 0
  #experiment: { readonly limit: number; readonly round: number } | null = null
  /** Rounds in a row in which latency was too high. One tells little: it may have begun before the requests were all sent. */
  #high = 0
  #restFor: number = REST.first
  #rest = 0

  /** @param max an integer of at least 1 */
  constructor(max: number) {
    this.max = max
    this.#limit = max
    this.#current = max
  }

  get current(): number {
    return this.#current
  }

  /**
   * Notes an answer that is no sign of overload.
   *
   * @param inFlight how many requests were in flight when this one was sent, itself included
   */
  onSuccess(rttMs: number, inFlight: number): void {
    if (this.#overloads > 0) this.#overloads--
    const log = Math.log(Math.max(rttMs, FLOOR_MS))
    if (inFlight * 2 <= this.#current || inFlight === 1) this.#onQuiet(log)
    if (this.#settling > 0) {
      this.#settling--
      return
    }
    this.#sum += log
    if (inFlight * 2 >= this.#current) this.#used = true
    const enough = this.#experiment === null ? SMALLEST_ROUND : EXPERIMENT_ROUND
    if (++this.#count >= this.#current && this.#count >= enough) this.#endRound()
  }

  /** Notes a failure that is a sign of overload. */
  onOverload(): void {
    if (this.#overloads > 0) {
      this.#overloads--
      return
    }
    // The others that were in flight with it come to the same cause.
    this.#overloads = this.#current - 1
    this.#experiment = null
    this.#lower(this.#limit * BACKOFF)
  }

  #onQuiet(log: number): void {
    this.#quietCount++
    this.#quiet += (log - this.#quiet) / Math.min(this.#quietCount, 16)
    if (this.#quiet < this.#base) this.#base = this.#quiet
  }

  #endRound(): void {
    const round = this.#sum / this.#count
    const used = this.#used
    this.#sum = 0
    this.#count = 0
    this.#used = false
    const experiment = this.#experiment
    this.#short = Number.isNaN(this.#short) || experiment !== null ? round : (this.#short + round) / 2
    if (this.#short < this.#base) this.#base = this.#short
    if (experiment !== null) {
      this.#experiment = null
      const expected = Math.log(experiment.limit / this.#limit)
      if (experiment.round - round < expected * WORTH) return this.#giveUp(experiment.limit)
      this.#restFor = REST.first
    }
    const ratio = Math.exp(this.#short - this.#base)
    this.#high = ratio > TOLERANCE ? this.#high + 1 : 0
    if (this.#rest > 0) this.#rest--
    if (this.#high > 1 && this.#rest === 0) {
      const before = this.#limit
      this.#lower(before * Math.min(CUT.least, Math.max(CUT.most, TOLERANCE / ratio)))
      if (this.#current < Math.floor(before)) this.#experiment = { limit: before, round }
    } else if (used) {
      const room = this.#rest > 0 ? 1 : 1 - ratio / TOLERANCE
      this.#set(this.#limit + Math.sqrt(this.#limit) * Math.max(0, room))
    }
  }

  /** The limit was not the cause of the latency. */
  #giveUp(limit: number): void {
    this.#base = this.#short
    this.#quietCount = 0
    this.#quiet = this.#short
    this.#high = 0
    this.#rest = this.#restFor
    this.#restFor = Math.min(REST.longest, this.#restFor * 2)
    this.#set(limit)
  }

  #lower(limit: number): void {
    this.#settling = this.#current
    this.#sum = 0
    this.#count = 0
    this.#used = false
    this.#set(limit)
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.max, Math.max(1, limit))
    this.#current = Math.floor(this.#limit)
  }
}
