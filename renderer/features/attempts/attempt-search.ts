import type { AttemptFilter } from '@shared/contract'
import { z } from 'zod'

const MINUTE = 60_000
const epochMs = z.number().int().min(0).max(8.64e15)

/** Time periods that end now. */
const spans = { '15m': 15 * MINUTE, '1h': 60 * MINUTE, '24h': 1440 * MINUTE, '7d': 7 * 1440 * MINUTE } as const

export const period = z.enum(['15m', '1h', '24h', '7d', 'custom'])
export type Period = z.infer<typeof period>

/** The filters of View Events and the open row, as they stand in the address. What does not fit is left out. */
export const attemptSearch = z.object({
  // An ID of digits only is read from the address as a number.
  entityId: z
    .union([z.string().min(1).max(200), z.number().transform(String)])
    .optional()
    .catch(undefined),
  status: z.enum(['success', 'failure']).optional().catch(undefined),
  period: period.optional().catch(undefined),
  from: epochMs.optional().catch(undefined),
  to: epochMs.optional().catch(undefined),
  attempt: z.number().int().positive().optional().catch(undefined),
})
export type AttemptSearch = z.infer<typeof attemptSearch>

/** The filter of a search without the periods that move with the clock; for telling searches apart. */
export function fixedFilter({ entityId, status, period: chosen, from, to }: AttemptSearch): AttemptFilter {
  const custom = chosen === 'custom'
  return {
    ...(entityId === undefined ? {} : { domainEntityId: entityId }),
    ...(status === undefined ? {} : { outcome: status }),
    ...(custom && from !== undefined ? { from } : {}),
    ...(custom && to !== undefined ? { to } : {}),
  }
}

/** The filter of a search at a moment. */
export function filterAt(search: AttemptSearch, now: number): AttemptFilter {
  const { period: chosen } = search
  const moving = chosen === undefined || chosen === 'custom' ? {} : { from: now - spans[chosen] }
  return { ...fixedFilter(search), ...moving }
}

export function hasFilters({ entityId, status, period: chosen }: AttemptSearch): boolean {
  return entityId !== undefined || status !== undefined || chosen !== undefined
}
