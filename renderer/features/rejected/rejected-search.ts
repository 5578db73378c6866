import type { RejectedFilter } from '@shared/contract'
import { eventName } from '@shared/schemas/integration'
import { z } from 'zod'
import { momentOf, period, periodRange } from '../attempts/period'

const epochMs = z.number().int().min(0).max(8.64e15)

/** The filters of View Rejected Events and the open row, as they stand in the address. */
export const rejectedSearch = z.object({
  entityId: z
    .union([z.string(), z.number(), z.boolean()])
    .transform(String)
    .pipe(z.string().min(1).max(200))
    .optional()
    .catch(undefined),
  type: eventName.optional().catch(undefined),
  period: period.optional().catch(undefined),
  from: epochMs.optional().catch(undefined),
  to: epochMs.optional().catch(undefined),
  attempt: z.number().int().positive().optional().catch(undefined),
})
export type RejectedSearch = z.infer<typeof rejectedSearch>

/** The filter of a search without a period that moves with the clock. */
export function fixedRejectedFilter(search: RejectedSearch): RejectedFilter {
  const { entityId, type } = search
  return {
    ...(entityId === undefined ? {} : { domainEntityId: entityId }),
    ...(type === undefined ? {} : { eventName: type }),
    ...momentOf(search),
  }
}

/** The filter of a search at a moment. */
export function rejectedFilterAt(search: RejectedSearch, now: number): RejectedFilter {
  return { ...fixedRejectedFilter(search), ...periodRange(search, now) }
}

export function hasRejectedFilters({ entityId, type, period: chosen }: RejectedSearch): boolean {
  return entityId !== undefined || type !== undefined || chosen !== undefined
}
