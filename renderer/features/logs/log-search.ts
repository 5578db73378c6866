import type { LogFilter } from '@shared/contract'
import { z } from 'zod'
import { momentOf, period, periodRange } from '../attempts/period'

const epochMs = z.number().int().min(0).max(8.64e15)

/** The filters of View Logs, as they stand in the address. */
export const logSearch = z.object({
  text: z
    .union([z.string(), z.number(), z.boolean()])
    .transform(String)
    .pipe(z.string().min(1).max(200))
    .optional()
    .catch(undefined),
  /** Bursts of retries too. */
  retries: z.boolean().optional().catch(undefined),
  period: period.optional().catch(undefined),
  from: epochMs.optional().catch(undefined),
  to: epochMs.optional().catch(undefined),
})
export type LogSearch = z.infer<typeof logSearch>

/** The filter of a search without a period that moves with the clock. */
export function fixedLogFilter(search: LogSearch): LogFilter {
  const { text, retries } = search
  return {
    ...(retries === true ? {} : { actions: ['integration_started', 'integration_stopped'] }),
    ...(text === undefined ? {} : { text }),
    ...momentOf(search),
  }
}

/** The filter of a search at a moment. */
export function logFilterAt(search: LogSearch, now: number): LogFilter {
  return { ...fixedLogFilter(search), ...periodRange(search, now) }
}

export function hasLogFilters({ text, period: chosen }: LogSearch): boolean {
  return text !== undefined || chosen !== undefined
}
