import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RATE_LIMIT, RateLimit } from '../../main/engine/delivery/rate-limit'

const NOW = 1_700_000_000_000

function taken(limit: RateLimit, now: number): number {
  let count = 0
  while (count < 20_000 && limit.take(now)) count++
  return count
}

describe('a rate limit', () => {
  it('lets one second through at once, then as much as the rate gives', () => {
    const limit = new RateLimit(50, NOW)
    expect(taken(limit, NOW)).toBe(50)
    expect(limit.nextAt(NOW)).toBe(NOW + 20)
    expect(limit.take(NOW + 19)).toBe(false)
    expect(limit.take(NOW + 20)).toBe(true)
    expect(taken(limit, NOW + 120)).toBe(5)
  })

  it('never gathers more than one second', () => {
    const limit = new RateLimit(10, NOW)
    expect(taken(limit, NOW + 3_600_000)).toBe(10)
  })

  it.each([1, 2, 3, 7, 30, 999, 10_000])('keeps a rate of %i over a minute and waits no longer than needed', (rate) => {
    const limit = new RateLimit(rate, NOW)
    let now = NOW
    let count = 0
    while (now < NOW + 60_000) {
      if (limit.take(now)) count++
      else {
        const next = limit.nextAt(now)
        expect(next).toBeGreaterThan(now)
        now = next
      }
    }
    expect(count).toBeGreaterThanOrEqual(rate * 60)
    expect(count).toBeLessThanOrEqual(rate * 61 + 1)
  })

  it('takes exactly when it said that it would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.array(fc.integer({ min: 0, max: 5000 })), (rate, steps) => {
        const limit = new RateLimit(rate, NOW)
        let now = NOW
        for (const step of steps) {
          now += step
          const next = limit.nextAt(now)
          if (next > now) expect(limit.take(next - 1)).toBe(false)
          now = next
          expect(limit.take(now)).toBe(true)
        }
      }),
    )
  })

  it('gives nothing away and blocks nothing when the clock jumps', () => {
    const limit = new RateLimit(10, NOW)
    expect(taken(limit, NOW)).toBe(10)
    const earlier = NOW - 3_600_000
    expect(limit.take(earlier)).toBe(false)
    expect(limit.nextAt(earlier)).toBe(earlier + 100)
    expect(limit.take(earlier + 100)).toBe(true)
    expect(limit.take(earlier + 100)).toBe(false)
    expect(taken(limit, NOW + 86_400_000)).toBe(10)
  })

  it('limits nothing without a rate', () => {
    const limit = new RateLimit(null, NOW)
    expect(taken(limit, NOW)).toBe(20_000)
    expect(limit.nextAt(NOW)).toBe(NOW)
  })

  it('clamps a rate that is out of its range', () => {
    expect(taken(new RateLimit(0, NOW), NOW)).toBe(RATE_LIMIT.min)
    expect(taken(new RateLimit(10 ** 9, NOW), NOW)).toBe(RATE_LIMIT.max)
  })
})
