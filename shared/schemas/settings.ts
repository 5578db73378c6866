import { z } from 'zod'
import type { Settings } from '../domain'
import { callbackUrl, DEFAULT_INTEGRATION_LIMIT } from './integration'

const days = z.number().int().min(1).max(3650)

/** A change of the workspace's settings: what is left out stays. */
export const settingsUpdate = z
  .strictObject({
    integrationLimit: z.number().int().min(1).max(1000),
    keepEventsDays: days,
    keepAttemptsDays: days,
    keepRejectedDays: days,
    maxStoreBytes: z
      .number()
      .int()
      .min(100 * 1024 * 1024)
      .nullable(),
    lateAfterMinutes: z.number().min(1).max(1440),
    lagAlertMinutes: z.number().min(1).max(43_200).nullable(),
    alertUrl: callbackUrl.nullable(),
  })
  .partial()
export type SettingsUpdate = z.infer<typeof settingsUpdate>

/** 25 integrations, 30 days and 15 minutes are rules of the specified system. */
export const settingsDefaults: Settings = {
  integrationLimit: DEFAULT_INTEGRATION_LIMIT,
  keepEventsDays: 30,
  keepAttemptsDays: 30,
  keepRejectedDays: 90,
  maxStoreBytes: null,
  lateAfterMinutes: 15,
  lagAlertMinutes: null,
  alertUrl: null,
}
