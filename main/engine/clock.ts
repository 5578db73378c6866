import type { EpochMs } from '../../shared/domain'

/** Time as a port, so that a rule of minutes or days is tested in milliseconds. */
export interface Clock {
  now(): EpochMs
  /** Runs `run` once at `at` or soon after; at once when `at` has passed. */
  setTimer(at: EpochMs, run: () => void): Timer
}

export interface Timer {
  cancel(): void
}

/** Longest wait of one setTimeout; a longer timer is chained, and notices a clock that was set forward within a minute. */
const LONGEST_WAIT = 60_000

export const systemClock: Clock = {
  now: Date.now,
  setTimer(at, run) {
    let handle: NodeJS.Timeout
    const arm = () => {
      const wait = at - Date.now()
      handle = setTimeout(() => (at <= Date.now() ? run() : arm()), Math.max(0, Math.min(wait, LONGEST_WAIT)))
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  },
}
