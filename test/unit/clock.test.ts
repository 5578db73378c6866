import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../main/engine/clock'

const HOUR = 3_600_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the system clock', () => {
  it('runs a timer when its time has come, and not before', () => {
    const run = vi.fn()
    systemClock.setTimer(Date.now() + 2 * HOUR, run)
    vi.advanceTimersByTime(2 * HOUR - 1)
    expect(run).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(run).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(3 * HOUR)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('waits no longer when it is set back', () => {
    const run = vi.fn()
    systemClock.setTimer(Date.now() + 10_000, run)
    vi.setSystemTime(Date.now() - HOUR)
    vi.advanceTimersByTime(9_999)
    expect(run).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('notices within a minute that it was set forward', () => {
    const run = vi.fn()
    systemClock.setTimer(Date.now() + 5 * HOUR, run)
    vi.setSystemTime(Date.now() + 6 * HOUR)
    vi.advanceTimersByTime(60_000)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('runs no timer that was cancelled', () => {
    const run = vi.fn()
    systemClock.setTimer(Date.now() + 100, run).cancel()
    vi.advanceTimersByTime(HOUR)
    expect(run).not.toHaveBeenCalled()
  })
})
