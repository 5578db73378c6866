import type { Attempt, ExportFormat, LogEntry, RejectedEvent } from '../../shared/domain'

/** A value of an export. A `raw` one is JSON text that goes into NDJSON byte for byte. */
export type Value = string | number | boolean | null | { readonly raw: string }

/** The columns of an export in order: their names, and where each finds its value in a row. */
export type Columns<T> = readonly (readonly [name: string, read: (row: T) => Value])[]

/** A rejected event with the stored envelope; null when that is not in the log any more. */
export type RejectedRow = RejectedEvent & { readonly envelope: string | null }

const iso = (at: number): string => new Date(at).toISOString()

/** Of View Events. */
export const attemptColumns: Columns<Attempt> = [
  ['event_id', (a) => a.eventId],
  ['event', (a) => a.eventName],
  ['domain_entity_id', (a) => a.domainEntityId],
  ['status', (a) => a.outcome],
  ['attempted_at', (a) => iso(a.attemptedAt)],
  ['status_code', (a) => a.statusCode],
  ['error', (a) => a.errorCode],
  ['duration_ms', (a) => a.durationMs],
  ['try', (a) => a.number],
  ['manual', (a) => a.manual],
  ['attempt_id', (a) => a.id],
]

/** Of View Rejected Events. */
export const rejectedColumns: Columns<RejectedRow> = [
  ['event_id', (r) => r.eventId],
  ['event', (r) => r.eventName],
  ['domain_entity_id', (r) => r.domainEntityId],
  ['rejected_at', (r) => iso(r.rejectedAt)],
  ['reason', (r) => r.reason],
  ['status_code', (r) => r.statusCode],
  ['error', (r) => r.errorCode],
  ['answer', (r) => r.responseBody],
  ['envelope', (r) => (r.envelope === null ? null : { raw: r.envelope })],
]

/** Of View Logs. */
export const logColumns: Columns<LogEntry> = [
  ['action', (entry) => entry.action],
  ['reason', (entry) => entry.reason],
  ['created_at', (entry) => iso(entry.createdAt)],
]

/** What stands before the first row: in CSV the names, after the mark by which spreadsheets know UTF-8. */
export function exportHead<T>(format: ExportFormat, columns: Columns<T>): string {
  return format === 'csv' ? `\uFEFF${columns.map(([name]) => name).join(',')}\r\n` : ''
}

/** One line of an export, its line end included. CSV as RFC 4180 has it. */
export function exportLine<T>(format: ExportFormat, columns: Columns<T>, row: T): string {
  if (format === 'csv') return `${columns.map(([, read]) => csvField(read(row))).join(',')}\r\n`
  const members = columns.map(([name, read]) => {
    const value = read(row)
    return `${JSON.stringify(name)}:${isRaw(value) ? value.raw : JSON.stringify(value)}`
  })
  return `{${members.join(',')}}\n`
}

function isRaw(value: Value): value is { readonly raw: string } {
  return typeof value === 'object' && value !== null
}

function csvField(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = isRaw(value) ? value.raw : value
  // A spreadsheet would run such a text as a formula, and payloads come from outside. OWASP: "CSV Injection".
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
