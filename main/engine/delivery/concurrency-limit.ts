import type { AttemptErrorCode } from '../../../shared/attempt-errors'

/** Latency may be this many times that of an unburdened receiver before the limit gives way. */
const TOLERANCE = 2
/** Below this, latency is not a sign of a burdened receiver but of scheduling on both sides. */
const FLOOR_MS = 25
const FLOOR_LOG = Math.log(FLOOR_MS)
/** Results that are averaged before the limit moves: one for each place, at least so many, and more where latency is uneven. */
const ROUND = { least: 8, perVariance: 25 } as const
/** The same before and after the limit is lowered, since more hangs on those averages. */
const EXPERIMENT = { least: 32, perVariance: 200, most: 1024 } as const
/** Lowering for latency is to three fifths at most, so that its effect can be told from chance, and to a half at least. */
const CUT = { least: 0.6, most: 0.5 } as const
const BACKOFF = 0.7
/** Of the latency that a lower limit should save, so much must show, or the limit was not the cause. */
const WORTH = 0.5
/** How many results with half of the places free tell the latency of an unburdened receiver, and over how many it is averaged. */
const QUIET = { least: 4, memory: 16 } as const
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
 * the gradient limits (current latency against that of an unburdened receiver, with a tolerance; growth by the square root), with
 * three rules of its own:
 *
 * - It starts at `max` and stays there for good when latency does not depend on the number of requests, however high it is. A lower
 *   limit is an experiment: when latency does not fall with it, the limit goes back, latency becomes the new normal, and the
 *   next experiment is put off for twice as long.
 * - Latencies are averaged geometrically over rounds, the longer the more uneven they are, so that single slow ones count little.
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
  /** Of the logarithms of single results, around the average of their round; a moving average. */
  #variance = 0
  #sum = 0
  #squares = 0
  #count = 0
  #used = false
  /** Results still to come of requests that were in flight when the limit fell. */
  #settling = 0
  #roundSize: number = ROUND.least
  #overloads = 0
  /** `high`: latency was too high in one round and is measured with care; `lowered`: the limit has been lowered for it. */
  #phase: 'steady' | 'high' | 'lowered' = 'steady'
  /** When the phase is `lowered`: what was before. */
  #limitBefore = 0
  #roundBefore = 0
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
    const log = rttMs <= FLOOR_MS ? FLOOR_LOG : Math.log(rttMs)
    if (inFlight * 2 <= this.#current || inFlight === 1) this.#onQuiet(log)
    if (this.#settling > 0) {
      this.#settling--
      return
    }
    this.#sum += log
    this.#squares += log * log
    if (inFlight * 2 >= this.#current) this.#used = true
    if (++this.#count >= this.#current && this.#count >= this.#roundSize) this.#endRound()
  }

  /** Notes a failure that is a sign of overload. */
  onOverload(): void {
    if (this.#overloads > 0) {
      this.#overloads--
      return
    }
    // The others that were in flight with it come to the same cause.
    this.#overloads = this.#current - 1
    this.#enter('steady')
    this.#lower(this.#limit * BACKOFF)
  }

  #onQuiet(log: number): void {
    this.#quietCount++
    this.#quiet += (log - this.#quiet) / Math.min(this.#quietCount, QUIET.memory)
    if (this.#quietCount >= QUIET.least && this.#quiet < this.#base) this.#base = this.#quiet
  }

  #endRound(): void {
    const round = this.#sum / this.#count
    const variance = Math.max(0, this.#squares / this.#count - round * round)
    const used = this.#used
    this.#clearRound()
    const first = Number.isNaN(this.#short)
    this.#variance = first ? variance : this.#variance + (variance - this.#variance) * 0.3
    // A long round stands for itself.
    this.#short = first || this.#phase !== 'steady' ? round : (this.#short + round) / 2
    if (this.#short < this.#base) this.#base = this.#short
    if (this.#rest > 0) this.#rest--
    if (this.#phase === 'lowered' && this.#roundBefore - round < Math.log(this.#limitBefore / this.#limit) * WORTH) {
      return this.#giveUp()
    }
    if (this.#phase === 'lowered') this.#restFor = REST.first
    const ratio = Math.exp(this.#short - this.#base)
    if (ratio > TOLERANCE && this.#rest === 0 && this.#current > 1) {
      if (this.#phase === 'steady') return this.#enter('high')
      this.#limitBefore = this.#limit
      this.#roundBefore = round
      this.#lower(this.#limit * Math.min(CUT.least, Math.max(CUT.most, TOLERANCE / ratio)))
      return this.#enter('lowered')
    }
    if (used) {
      const room = this.#rest > 0 ? 1 : 1 - ratio / TOLERANCE
      this.#set(this.#limit + Math.sqrt(this.#limit) * Math.max(0, room))
    }
    this.#enter('steady')
  }

  /** The limit was not the cause of the latency. */
  #giveUp(): void {
    this.#base = this.#short
    this.#quietCount = 0
    this.#quiet = this.#short
    this.#rest = this.#restFor
    this.#restFor = Math.min(REST.longest, this.#restFor * 2)
    this.#set(this.#limitBefore)
    this.#enter('steady')
  }

  #enter(phase: 'steady' | 'high' | 'lowered'): void {
    this.#phase = phase
    const { least, perVariance } = phase === 'steady' ? ROUND : EXPERIMENT
    this.#roundSize = Math.min(EXPERIMENT.most, Math.max(least, perVariance * this.#variance))
  }

  #clearRound(): void {
    this.#sum = 0
    this.#squares = 0
    this.#count = 0
    this.#used = false
  }

  #lower(limit: number): void {
    this.#settling = this.#current
    this.#clearRound()
    this.#set(limit)
  }

  #set(limit: number): void {
    this.#limit = Math.min(this.max, Math.max(1, limit))
    this.#current = Math.floor(this.#limit)
  }
}
