import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter, RETRY_AFTER } from '../../main/engine/delivery/retry-after'

const NOW = Date.UTC(2026, 10, 6, 8, 49, 7)

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 7 ', 7000],
    ['1.5', 1500],
    ['0', RETRY_AFTER.minMs],
    ['901', RETRY_AFTER.maxMs],
    ['9999999999', RETRY_AFTER.maxMs],
  ])('in seconds: %j', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms)
  })

  it.each([
    ['Fri, 06 Nov 2026 08:49:37 GMT', 30_000],
    ['Friday, 06-Nov-26 08:49:37 GMT', 30_000],
    ['Fri Nov  6 08:49:37 2026', 30_000],
    ['Fri, 06 Nov 2026 08:49:00 GMT', RETRY_AFTER.minMs],
    ['Sun, 06 Nov 1994 08:49:37 GMT', RETRY_AFTER.minMs],
    ['Sunday, 06-Nov-94 08:49:37 GMT', RETRY_AFTER.minMs],
    ['Fri, 06 Nov 2099 08:49:37 GMT', RETRY_AFTER.maxMs],
  ])('as a date: %j', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms)
  })

  it.each([
    '',
    'soon',
    '-5',
    '1e3',
    '0x10',
    '12345678901',
    '5 s',
    'Fri, 06 Nov 2026',
    '2026-11-06T08:49:37Z',
    'Fri, 99 Xyz 2026 08:49:37 GMT',
    'Tomorrow, 06-Nov-26 08:49:37 GMT',
  ])('is nothing when it is garbage: %j', (value) => {
    expect(parseRetryAfter(value, NOW)).toBeNull()
  })

  it('is nothing or within the limits, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const ms = parseRetryAfter(value, NOW)
        return ms === null || (ms >= RETRY_AFTER.minMs && ms <= RETRY_AFTER.maxMs)
      }),
    )
  })
})
