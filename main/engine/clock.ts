import type { EpochMs } from '../../shared/domain'

/** Time as a port, so that a rule of minutes or days is tested in milliseconds. */
export interface Clock {
  now(): EpochMs
  /**
   * Runs `run` once at `at` or soon after; at once when `at` has passed. A clock that is set back does not make the wait longer: `run` is
   * called after the time that was left when the timer was set, though it is not `at` then.
   */
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
    const latest = performance.now() + Math.max(0, at - Date.now())
    const left = () => Math.min(at - Date.now(), latest - performance.now())
    const arm = () => {
      handle = setTimeout(() => (left() <= 0 ? run() : arm()), Math.max(0, Math.min(left(), LONGEST_WAIT)))
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  },
}
