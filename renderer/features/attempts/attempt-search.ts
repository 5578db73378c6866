import type { AttemptFilter } from '@shared/contract'
import { z } from 'zod'
import { momentOf, period, periodRange } from './period'

const epochMs = z.number().int().min(0).max(8.64e15)

/** Text of the address that looks like a number or a word of JSON is read as one. */
const text = z
  .union([z.string(), z.number(), z.boolean()])
  .transform(String)
  .pipe(z.string().min(1).max(200))
  .optional()
  .catch(undefined)

/** The filters of View Events and the open row, as they stand in the address. What does not fit is left out. */
export const attemptSearch = z.object({
  entityId: text,
  status: z.enum(['success', 'failure']).optional().catch(undefined),
  type: text,
  text,
  period: period.optional().catch(undefined),
  from: epochMs.optional().catch(undefined),
  to: epochMs.optional().catch(undefined),
  attempt: z.number().int().positive().optional().catch(undefined),
  /** Which event of an S3 batch. */
  seq: z.number().int().positive().optional().catch(undefined),
})
export type AttemptSearch = z.infer<typeof attemptSearch>

/** The part of a search that filters: what a saved filter keeps. */
export type AttemptFilters = Omit<AttemptSearch, 'attempt' | 'seq'>

export function filtersOf({ attempt: _attempt, seq: _seq, ...filters }: AttemptSearch): AttemptFilters {
  return filters
}

/** The filter of a search without the periods that move with the clock; for telling searches apart. */
export function fixedFilter(search: AttemptSearch): AttemptFilter {
  const { entityId, status, type, text: wanted } = search
  return {
    ...(entityId === undefined ? {} : { domainEntityId: entityId }),
    ...(status === undefined ? {} : { outcome: status }),
    ...(type === undefined ? {} : { eventName: type }),
    ...(wanted === undefined ? {} : { text: wanted }),
    ...momentOf(search),
  }
}

/** The filter of a search at a moment. */
export function filterAt(search: AttemptSearch, now: number): AttemptFilter {
  return { ...fixedFilter(search), ...periodRange(search, now) }
}

export function hasFilters({ entityId, status, type, text: wanted, period: chosen }: AttemptSearch): boolean {
  return [entityId, status, type, wanted, chosen].some((each) => each !== undefined)
}
