import { z } from 'zod'

const MINUTE = 60_000

/** Time periods that end now. */
const spans = { '15m': 15 * MINUTE, '1h': 60 * MINUTE, '24h': 1440 * MINUTE, '7d': 7 * 1440 * MINUTE } as const

export const period = z.enum(['15m', '1h', '24h', '7d', 'custom'])
export type Period = z.infer<typeof period>

/** A time period as it stands in the address: one that moves with the clock, or two moments. */
export interface PeriodSearch {
  readonly period?: Period | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** The fixed bounds of a custom period. */
export function momentOf({ period: chosen, from, to }: PeriodSearch): { from?: number; to?: number } {
  if (chosen !== 'custom') return {}
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

/** The bounds of a period at a moment. */
export function periodRange(search: PeriodSearch, now: number): { from?: number; to?: number } {
  const { period: chosen } = search
  if (chosen === undefined || chosen === 'custom') return momentOf(search)
  return { from: now - spans[chosen] }
}
