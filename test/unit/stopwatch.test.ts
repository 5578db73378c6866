import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LONGEST_STEP_MS, Stopwatch } from '../../main/engine/delivery/stopwatch'

const NOW = 1_000_000

describe('a stopwatch', () => {
  it('counts between start and stop only', () => {
    const watch = new Stopwatch()
    expect(watch.read(NOW)).toBe(0)
    watch.start(NOW + 10)
    expect(watch.running).toBe(true)
    expect(watch.read(NOW + 30)).toBe(20)
    watch.stop(NOW + 50)
    expect(watch.running).toBe(false)
    expect(watch.read(NOW + 1000)).toBe(40)
    watch.start(NOW + 2000)
    expect(watch.read(NOW + 2001)).toBe(41)
  })

  it('goes on from a stored number and takes none from one that is no time', () => {
    expect(new Stopwatch(5000).read(NOW)).toBe(5000)
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(new Stopwatch(bad).read(NOW)).toBe(0)
  })

  it('counts a sleep of the machine as one step at most', () => {
    const watch = new Stopwatch()
    watch.start(NOW)
    expect(watch.read(NOW + 8 * 3_600_000)).toBe(LONGEST_STEP_MS)
    expect(watch.read(NOW + 8 * 3_600_000 + 500)).toBe(LONGEST_STEP_MS + 500)
  })

  it('loses nothing and counts nothing when the clock is set back', () => {
    const watch = new Stopwatch()
    watch.start(NOW)
    expect(watch.read(NOW + 100)).toBe(100)
    expect(watch.read(NOW - 3_600_000)).toBe(100)
    expect(watch.read(NOW - 3_600_000 + 100)).toBe(200)
  })

  it('keeps what it counted when it is started twice', () => {
    const watch = new Stopwatch()
    watch.start(NOW)
    watch.start(NOW + 70)
    expect(watch.read(NOW + 100)).toBe(100)
  })

  it('never falls and never grows by more than a step, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 ** 10 })), (times) => {
        const watch = new Stopwatch()
        watch.start(NOW)
        let before = 0
        for (const at of times) {
          const now = watch.read(at)
          expect(now).toBeGreaterThanOrEqual(before)
          expect(now - before).toBeLessThanOrEqual(LONGEST_STEP_MS)
          before = now
        }
      }),
    )
  })
})
