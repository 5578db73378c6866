import type { EpochMs } from '../../shared/domain'

/** Time as a port, so that a rule of minutes or days is tested in milliseconds. */
export interface Clock {
  now(): EpochMs
  /**
   * Runs `run` once at `at` or soon after; at once when `at` has passed. When the clock is set back meanwhile, it may run as
   * long after the call as was to be waited, before the clock shows `at`: who needs the date looks at the clock.
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
    const runs = performance.now() + Math.max(0, at - Date.now())
    let handle: NodeJS.Timeout
    const due = () => at <= Date.now() || runs <= performance.now()
    const arm = () => {
      const wait = Math.min(at - Date.now(), runs - performance.now())
      handle = setTimeout(() => (due() ? run() : arm()), Math.max(0, Math.min(wait, LONGEST_WAIT)))
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  },
}
