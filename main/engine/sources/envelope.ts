import { isUtf8 } from 'node:buffer'
import { AppError } from '../../../shared/errors'
import { eventNamePattern } from '../../../shared/schemas/integration'
import type { NewEvent } from '../../store/event-log'
import { parseUuid, uuidOfBytes } from '../../store/uuid'

/** Largest event accepted, in bytes of the stored line. */
export const EVENT_BYTES_MAX = 1024 * 1024

const TENANT_MAX = 200
const NAME_MAX = 200

/** Millisecond forms with a zone, and without one (taken as UTC): 2018 events of the specified system lack it. */
const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/

/**
 * Checks one envelope and gives what the log stores. The bytes are kept as they are, except that surrounding white space and a
 * BOM go, and line breaks between tokens are taken out so that one event is one line.
 *
 * Rules: `{tenant, name, published_at, payload}` are required, `name` looks like `entity.moment`, `payload` is an object whose
 * `id` is the domain entity ID; unknown names and further fields are accepted.
 *
 * @param bytes one JSON text, UTF-8
 * @param eventId the publisher's id (a UUID); without one the id is made from the bytes
 * @throws AppError of the `event_…` codes, naming the field
 */
export function parseEnvelope(bytes: Buffer, eventId?: string): NewEvent {
  const body = compact(trim(bytes))
  if (body.length > EVENT_BYTES_MAX) {
    throw new AppError('event_too_large', `The event has ${body.length} bytes; the limit is ${EVENT_BYTES_MAX}.`)
  }
  if (!isUtf8(body)) throw new AppError('event_not_utf8')
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new AppError('event_not_json', undefined, { cause })
  }
  if (!isObject(value)) throw new AppError('event_not_object')
  const tenant = requireText(value, 'tenant', TENANT_MAX)
  const name = requireText(value, 'name', NAME_MAX)
  if (!eventNamePattern.test(name)) {
    throw new AppError('event_field_invalid', '"name" does not look like entity.moment.', { field: 'name' })
  }
  const publishedAt = parseDateTime(requireText(value, 'published_at', 64))
  if (publishedAt === null) {
    throw new AppError('event_field_invalid', '"published_at" is not a date and time.', { field: 'published_at' })
  }
  if (value.payload === undefined) throw missing('payload')
  if (!isObject(value.payload)) {
    throw new AppError('event_field_invalid', '"payload" is not an object.', {
      field: 'payload',
    })
  }
  return {
    eventId: idOf(body, eventId),
    tenant,
    name,
    domainEntityId: entityId(value.payload.id),
    publishedAt,
    body,
  }
}

function idOf(body: Buffer, given: string | undefined): Buffer {
  if (given === undefined) return uuidOfBytes(body)
  const id = parseUuid(given)
  if (id === null) throw new AppError('event_id_invalid', undefined, { field: 'eventId' })
  return id
}

function entityId(id: unknown): string | null {
  if (typeof id === 'string') return id === '' ? null : id
  return typeof id === 'number' ? String(id) : null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function missing(field: string): AppError {
  return new AppError('event_field_missing', `"${field}" is missing.`, {
    field,
  })
}

function requireText(value: Record<string, unknown>, field: string, max: number): string {
  const text = value[field]
  if (text === undefined || text === null || text === '') throw missing(field)
  if (typeof text !== 'string')
    throw new AppError('event_field_invalid', `"${field}" is not text.`, {
      field,
    })
  if (text.length > max)
    throw new AppError('event_field_invalid', `"${field}" is longer than ${max} characters.`, { field })
  return text
}

/** Milliseconds since the epoch of an ISO 8601 date and time; without a zone it is UTC. Null when it is none. */
export function parseDateTime(text: string): number | null {
  const match = DATE_TIME.exec(text)
  if (!match) return null
  const time = Date.parse(match[3] === undefined ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'))
  return Number.isNaN(time) ? null : time
}

const [TAB, LF, CR, SPACE, QUOTE, BACKSLASH] = [0x09, 0x0a, 0x0d, 0x20, 0x22, 0x5c]

function trim(bytes: Buffer): Buffer {
  let start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let end = bytes.length
  while (start < end && isSpace(bytes[start]!)) start++
  while (end > start && isSpace(bytes[end - 1]!)) end--
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB
}

/**
 * Takes the white space between tokens out of a JSON text that has line breaks. Works on the text, not on its meaning: numbers,
 * key order and duplicate keys stay as they are. A text without line breaks is returned as it is.
 */
export function compact(bytes: Buffer): Buffer {
  if (!bytes.includes(LF) && !bytes.includes(CR)) return bytes
  const out = Buffer.allocUnsafe(bytes.length)
  let length = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (inString) {
      out[length++] = byte
      if (byte === BACKSLASH && i + 1 < bytes.length) out[length++] = bytes[++i]!
      else if (byte === QUOTE) inString = false
    } else if (!isSpace(byte)) {
      out[length++] = byte
      inString = byte === QUOTE
    }
  }
  return out.subarray(0, length)
}
