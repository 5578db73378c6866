import type { Settings } from '@shared/domain'
import { settingsDefaults } from '@shared/schemas/settings'

export type SettingKey = keyof Settings

export interface Setting {
  readonly key: SettingKey
  readonly group: string
  readonly label: string
  readonly hint: string
  readonly kind: 'number' | 'address'
  readonly unit?: string
  /** Units of the field in one unit of the stored value, e.g. bytes in a gigabyte. */
  readonly factor?: number
  /** May be left empty, which means this. */
  readonly empty?: string
}

const GB = 1_000_000_000

/** The settings of the workspace in the order of the screen. */
export const settingList: readonly Setting[] = [
  {
    key: 'keepEventsDays',
    group: 'Retention',
    label: 'Keep events for',
    unit: 'days',
    kind: 'number',
    hint: 'Older events leave the event log, unless an active integration still has to deliver them. An integration that was paused for longer misses them.',
  },
  {
    key: 'keepAttemptsDays',
    group: 'Retention',
    label: 'Keep attempts for',
    unit: 'days',
    kind: 'number',
    hint: 'Older attempts leave View Events. Counters keep them.',
  },
  {
    key: 'keepRejectedDays',
    group: 'Retention',
    label: 'Keep rejected events for',
    unit: 'days',
    kind: 'number',
    hint: 'Older ones leave View Rejected Events for good.',
  },
  {
    key: 'maxStoreBytes',
    group: 'Retention',
    label: 'Size of the store at most',
    unit: 'GB',
    factor: GB,
    kind: 'number',
    empty: 'No limit',
    hint: 'Above it the oldest events go before their time. What an active integration still has to deliver always stays.',
  },
  {
    key: 'integrationLimit',
    group: 'Integrations',
    label: 'Integrations at most',
    kind: 'number',
    hint: 'Active, paused and ended ones together.',
  },
  {
    key: 'lateAfterMinutes',
    group: 'Alerts',
    label: 'An event is late after',
    unit: 'minutes',
    kind: 'number',
    hint: 'Counted from its acceptance or the last start of the integration. Webhooks are meant to deliver within 15 minutes.',
  },
  {
    key: 'lagAlertMinutes',
    group: 'Alerts',
    label: 'Alert on a lag of more than',
    unit: 'minutes',
    kind: 'number',
    empty: 'No such alert',
    hint: 'Age of the oldest event that an active integration has not delivered.',
  },
  {
    key: 'alertUrl',
    group: 'Alerts',
    label: 'Post alerts to',
    kind: 'address',
    empty: 'Nowhere',
    hint: 'Each alert is posted there as JSON, besides the inbox of the console.',
  },
]

/** The text of a setting's field. */
export function fieldText({ key, factor = 1 }: Setting, values: Settings): string {
  const value = values[key]
  if (value === null) return ''
  return typeof value === 'number' ? String(value / factor) : value
}

/** What a field's text stands for; undefined for a text that is no number where one is needed. */
export function fieldValue({ kind, factor = 1, empty }: Setting, text: string): string | number | null | undefined {
  const trimmed = text.trim()
  if (trimmed === '' && empty !== undefined) return null
  if (kind === 'address') return trimmed
  const number = Number(trimmed)
  if (trimmed === '' || !Number.isFinite(number)) return undefined
  return factor === 1 ? number : Math.round(number * factor)
}

/** The default of a setting, in words. */
export function defaultText(setting: Setting): string {
  const text = fieldText(setting, settingsDefaults)
  if (text === '') return setting.empty ?? ''
  return setting.unit === undefined ? text : `${text} ${setting.unit}`
}

/** The settings whose name, explanation or group hold every word of a search. */
export function findSettings(search: string): readonly Setting[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return settingList.filter(({ label, hint, group }) => {
    const text = `${group} ${label} ${hint}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
