import { createHash } from 'node:crypto'

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Namespace of event ids made from an event's bytes. Fixed for ever: changing it would make every re-import new events. */
const EVENT_NAMESPACE = Buffer.from('9f0a6d2c5a534c0e8f3c3f6c2e1b7d44', 'hex')

/** The 16 bytes of a UUID in text form, or null when the text is none. */
export function parseUuid(text: string): Buffer | null {
  return PATTERN.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : null
}

export function formatUuid(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, 16)
  const hex = buffer.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** The UUIDv5 (RFC 9562) of an event's exact bytes, for publishers that give no id. */
export function uuidOfBytes(body: Uint8Array): Buffer {
  const id = createHash('sha1').update(EVENT_NAMESPACE).update(body).digest().subarray(0, 16)
  id[6] = (id[6]! & 0x0f) | 0x50
  id[8] = (id[8]! & 0x3f) | 0x80
  return id
}
