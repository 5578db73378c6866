import { createHash } from 'node:crypto'
import type { EpochMs } from '../../../../shared/domain'

export interface ObjectKeyParts {
  /** As the operator gave it; null or empty = the key starts at the tenant. */
  readonly keyPrefix: string | null
  readonly tenant: string
  /** When the batch was closed. */
  readonly createdAt: EpochMs
  /** What tells two batches of one millisecond apart: letters and digits only. */
  readonly random: string
}

/** Longest tenant segment, in bytes; leaves the prefix most of the 1,024 bytes that S3 allows for a key. */
const TENANT_MAX = 200

/** How much of a longer tenant stays readable. */
const TENANT_HEAD = 160

/**
 * The key of a batch: `{key_prefix}/{tenant}/{epoch-ms}-data-{random}.export` (source: the product specification).
 * A compressed object has the same key: readers of the specified system look for `.export`, and an integration whose
 * compression is switched later keeps one naming. What the bytes are is told by `Content-Encoding: gzip`.
 */
export function objectKey({ keyPrefix, tenant, createdAt, random }: ObjectKeyParts): string {
  return [...prefixSegments(keyPrefix), tenantSegment(tenant), `${createdAt}-data-${random}.export`].join('/')
}

/** The key under the same prefix that *Test target* writes; its name tells a reader of the bucket to pass over it. */
export function testObjectKey(keyPrefix: string | null, random: string): string {
  return [...prefixSegments(keyPrefix), `event-stream-console-test-${random}.temp`].join('/')
}

/** Empty segments and dots are dropped: servers and proxies disagree on what they mean, and a signature covers the path. */
function prefixSegments(keyPrefix: string | null): string[] {
  return (keyPrefix ?? '').split('/').filter((segment) => !['', '.', '..'].includes(segment))
}

/**
 * A tenant is any text of an event, the segment is one level of the key with characters that S3 calls safe. Letters, digits,
 * `-`, `_` and `.` stay; every other UTF-8 byte becomes `!` and two hex digits, so that no two tenants share a segment.
 */
function tenantSegment(tenant: string): string {
  const dots = /^\.*$/.test(tenant)
  let segment = ''
  for (const byte of Buffer.from(tenant, 'utf8')) {
    const char = String.fromCharCode(byte)
    segment += !dots && /[\w.-]/.test(char) ? char : `!${byte.toString(16).padStart(2, '0')}`
  }
  // An escape never gives a lone `!` or `!!`, so these stay apart from every other tenant.
  if (segment === '') return '!'
  if (segment.length <= TENANT_MAX) return segment
  return `${segment.slice(0, TENANT_HEAD)}!!${createHash('sha256').update(tenant).digest('hex').slice(0, 32)}`
}
