import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RETRY, retryDelay } from '../../main/engine/delivery/backoff'

const almostOne = () => 1 - Number.EPSILON

describe('retryDelay', () => {
  it('doubles its longest delay from one second up to one minute', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((attempts) => retryDelay(attempts, almostOne))
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('is spread over the whole span, so that events do not come back together', () => {
    expect(retryDelay(3, () => 0)).toBe(1)
    expect(retryDelay(3, () => 0.25)).toBe(1000)
    expect(retryDelay(3, () => 0.5)).toBe(2000)
  })

  it('lies between 1 ms and the cap for every number of attempts', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), chance, (attempts, random) => {
        const delay = retryDelay(attempts, () => random)
        expect(Number.isInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(1)
        expect(delay).toBeLessThanOrEqual(RETRY.capMs)
        expect(retryDelay(attempts + 1, () => random)).toBeGreaterThanOrEqual(delay)
      }),
    )
  })
})
