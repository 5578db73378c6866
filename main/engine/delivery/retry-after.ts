import type { EpochMs } from '../../../shared/domain'

/** What a `Retry-After` is clamped to: no hammering on a zero, no standstill on a mistake of the receiver. */
export const RETRY_AFTER = { minMs: 1000, maxMs: 15 * 60_000 } as const

const SECONDS = /^\d{1,10}(\.\d+)?$/
const DAY = '(Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const IMF_FIXDATE = new RegExp(`^${DAY}, \\d{2} [A-Z][a-z]{2} \\d{4} \\d{2}:\\d{2}:\\d{2} GMT$`)
const RFC850 = new RegExp(`^${DAY}[a-z]*, (\\d{2})-([A-Z][a-z]{2})-(\\d{2}) (\\d{2}:\\d{2}:\\d{2}) GMT$`)
const ASCTIME = new RegExp(`^${DAY} [A-Z][a-z]{2} [ \\d]\\d \\d{2}:\\d{2}:\\d{2} \\d{4}$`)

/**
 * How long a receiver asks to be left alone, in ms from `now`, within {@link RETRY_AFTER}; null for a value that is neither
 * seconds nor an HTTP date (RFC 9110, 10.2.3 and 5.6.7: all three forms of a date).
 */
export function parseRetryAfter(value: string, now: EpochMs): number | null {
  const text = value.trim()
  const wait = SECONDS.test(text) ? Number(text) * 1000 : parseHttpDate(text, now) - now
  return Number.isNaN(wait) ? null : Math.min(RETRY_AFTER.maxMs, Math.max(RETRY_AFTER.minMs, Math.ceil(wait)))
}

/** NaN for anything else than an HTTP date. */
function parseHttpDate(text: string, now: EpochMs): EpochMs {
  if (IMF_FIXDATE.test(text)) return Date.parse(text)
  if (ASCTIME.test(text)) return Date.parse(`${text} GMT`)
  const short = RFC850.exec(text)
  if (short === null) return Number.NaN
  const thisYear = new Date(now).getUTCFullYear()
  const year = Math.floor(thisYear / 100) * 100 + Number(short[4])
  // Two digits that seem more than 50 years ahead mean the past (RFC 9110, 5.6.7).
  return Date.parse(`${short[2]} ${short[3]} ${year > thisYear + 50 ? year - 100 : year} ${short[5]} GMT`)
}
