import type { EpochMs } from '@shared/domain'

const integer = new Intl.NumberFormat()
const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

const timeOfDay: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
}
const dayThisYear: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric' }
const day: Intl.DateTimeFormatOptions = { ...dayThisYear, year: 'numeric' }
const dateTimeThisYear = new Intl.DateTimeFormat(undefined, { ...dayThisYear, ...timeOfDay })
const dateTime = new Intl.DateTimeFormat(undefined, { ...day, ...timeOfDay })
const exact = new Intl.DateTimeFormat(undefined, { ...day, ...timeOfDay, fractionalSecondDigits: 3 })
const dateOnly = new Intl.DateTimeFormat(undefined, day)
const minuteTime = new Intl.DateTimeFormat(undefined, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

export function formatNumber(value: number): string {
  return integer.format(value)
}

/** Exact below 100,000, short from there on: a column of figures has one width. */
export function formatFigure(value: number): string {
  return value < 100_000 ? integer.format(value) : compact.format(value)
}

export function formatDateTime(at: EpochMs): string {
  const sameYear = new Date(at).getFullYear() === new Date().getFullYear()
  return (sameYear ? dateTimeThisYear : dateTime).format(at)
}

export function formatExact(at: EpochMs): string {
  return exact.format(at)
}

export function formatDate(at: EpochMs): string {
  return dateOnly.format(at)
}

export function formatMinute(at: EpochMs): string {
  return minuteTime.format(at)
}

export function formatUtc(at: EpochMs): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** A span of time in its largest unit, e.g. `3 min`. */
export function formatSpan(ms: number): string {
  for (const [size, unit] of UNITS) if (ms >= size) return `${integer.format(Math.floor(ms / size))} ${unit}`
  return '0 s'
}

/** How long ago, or how far ahead, a moment is, e.g. `3 min ago`, `in 40 s`. */
export function formatRelative(at: EpochMs, now: EpochMs): string {
  const age = now - at
  if (Math.abs(age) < 1000) return 'now'
  return age > 0 ? `${formatSpan(age)} ago` : `in ${formatSpan(-age)}`
}

/** A measured duration, e.g. `0.8 ms`, `43 ms`, `1.2 s`. */
export function formatDuration(ms: number): string {
  if (ms < 10) return `${decimal.format(ms)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return `${decimal.format(ms / 1000)} s`
}

const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < SIZES.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? integer.format(value) : decimal.format(value)} ${SIZES[unit]}`
}

/** `1 event`, `2 events`: the number with the right form of the word. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`
}
