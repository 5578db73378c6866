import type { EpochMs } from '../../../shared/domain'

/** What a limit may be set to, events per second. */
export const RATE_LIMIT = { min: 1, max: 10_000 } as const

/** Without it, 99.99… percent of a token would be none, though its time has come. */
const ROUNDING = 1e-6

/**
 * A token bucket: at most `perSecond` events a second on average, and after a rest one second's worth (at least one event) at once.
 * A clock that is set back costs no tokens and gives none; one that is set forward fills the bucket at most.
 */
export class RateLimit {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #filledAt: EpochMs

  /** @param perSecond events per second, clamped to {@link RATE_LIMIT}; null = no limit */
  constructor(perSecond: number | null, now: EpochMs) {
    const rate = perSecond === null ? Number.POSITIVE_INFINITY : Math.max(RATE_LIMIT.min, perSecond)
    this.#perMs = (perSecond === null ? rate : Math.min(RATE_LIMIT.max, rate)) / 1000
    this.#burst = Math.max(1, this.#perMs * 1000)
    this.#tokens = this.#burst
    this.#filledAt = now
  }

  /** Takes the right to send one event; false when there is none at this moment. */
  take(now: EpochMs): boolean {
    if (this.#perMs === Number.POSITIVE_INFINITY) return true
    this.#fill(now)
    if (this.#tokens < 1 - ROUNDING) return false
    this.#tokens = Math.max(0, this.#tokens - 1)
    return true
  }

  /** When {@link take} will succeed if nothing takes before: `now` when it would at once. */
  nextAt(now: EpochMs): EpochMs {
    if (this.#perMs === Number.POSITIVE_INFINITY) return now
    this.#fill(now)
    const missing = 1 - ROUNDING - this.#tokens
    return missing <= 0 ? now : now + Math.ceil(missing / this.#perMs)
  }

  #fill(now: EpochMs): void {
    const passed = now - this.#filledAt
    if (passed > 0) this.#tokens = Math.min(this.#burst, this.#tokens + passed * this.#perMs)
    this.#filledAt = now
  }
}
