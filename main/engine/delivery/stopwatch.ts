import type { EpochMs } from '../../../shared/domain'

/** The most that one step between two readings adds. Whoever keeps a stopwatch reads it more often than that. */
export const LONGEST_STEP_MS = 60_000

/**
 * Counts time in which attempts were possible. It goes by the wall clock, but each step between two readings adds at most
 * {@link LONGEST_STEP_MS} and never a negative amount, so that neither the sleep of the machine nor a clock that is set counts.
 */
export class Stopwatch {
  #total: number
  #since: EpochMs | null = null

  /** @param total ms that were counted before, as {@link read} gave them; what is no time at all counts as 0 */
  constructor(total = 0) {
    this.#total = Number.isFinite(total) && total > 0 ? total : 0
  }

  get running(): boolean {
    return this.#since !== null
  }

  /** Goes on counting from `now`; when it runs already this is a reading. */
  start(now: EpochMs): void {
    this.read(now)
    this.#since = now
  }

  /** Counts up to `now` and no further. */
  stop(now: EpochMs): void {
    this.read(now)
    this.#since = null
  }

  /** The time counted so far, ms. */
  read(now: EpochMs): number {
    if (this.#since !== null) {
      this.#total += Math.min(LONGEST_STEP_MS, Math.max(0, now - this.#since))
      this.#since = now
    }
    return this.#total
  }
}
