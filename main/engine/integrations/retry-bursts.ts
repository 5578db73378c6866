import type { EpochMs } from '../../../shared/domain'
import { type FailedAttempt, retryReason } from './reasons'

/** Failures further apart than this belong to two bursts. */
export const BURST_GAP_MS = 60_000

/** The entry of a burst that goes on is brought up to date this often. */
const UPDATE_EVERY_MS = 5_000

interface Burst {
  readonly entry: number
  readonly since: EpochMs
  count: number
  lastAt: EpochMs
  toldAt: EpochMs
}

export interface RetryBurstsPorts {
  readonly add: (reason: string, now: EpochMs) => number
  readonly update: (entry: number, reason: string) => void
  /** Where the requests went. */
  readonly address: string
}

/** Turns retries into log entries, one for a whole burst: written when it begins, brought up to date while it lasts. */
export class RetryBursts {
  readonly #ports: RetryBurstsPorts
  #burst: Burst | null = null

  constructor(ports: RetryBurstsPorts) {
    this.#ports = ports
  }

  /** Notes failed attempts that are tried again. @returns whether the log changed */
  note(retries: readonly FailedAttempt[], now: EpochMs): boolean {
    const last = retries.at(-1)
    if (!last) return false
    const { add, update, address } = this.#ports
    const burst = this.#burst
    if (burst === null || now - burst.lastAt > BURST_GAP_MS || now < burst.lastAt) {
      const since = retries[0]!.startedAt
      const entry = add(retryReason(address, last, retries.length, since), now)
      this.#burst = { entry, since, count: retries.length, lastAt: now, toldAt: now }
      return true
    }
    burst.count += retries.length
    burst.lastAt = now
    if (now - burst.toldAt < UPDATE_EVERY_MS) return false
    burst.toldAt = now
    update(burst.entry, retryReason(address, last, burst.count, burst.since))
    return true
  }
}
