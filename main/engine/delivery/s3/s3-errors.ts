import type { AttemptErrorCode } from '../../../../shared/attempt-errors'
import { attemptErrorOfStatus } from '../../../../shared/attempt-errors'
import { failureOf } from '../attempt-failure'

/** The failure of one request to an S3 server, in the console's words. */
export interface S3Failure {
  readonly errorCode: AttemptErrorCode
  readonly statusCode: number | null
  readonly errorDetail: string | null
  /** Start of the answer's body. */
  readonly responseBody: string | null
  /** From `Retry-After`; null when the server did not say. */
  readonly retryAfterMs: number | null
  readonly requestId: string | null
}

/** The events of a batch could not be read, so that nothing complete could be sent. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
}

/** Source: the list of error codes of the S3 API reference, and the codes that MinIO adds for a full disk. */
const byName: Readonly<Record<string, AttemptErrorCode>> = {
  AccessDenied: 'access_denied',
  AccountProblem: 'access_denied',
  AllAccessDisabled: 'access_denied',
  NotSignedUp: 'access_denied',
  InvalidAccessKeyId: 'invalid_access_key',
  SignatureDoesNotMatch: 'signature_mismatch',
  NoSuchBucket: 'bucket_not_found',
  InvalidBucketName: 'bucket_not_found',
  PermanentRedirect: 'wrong_region',
  AuthorizationHeaderMalformed: 'wrong_region',
  IllegalLocationConstraintException: 'wrong_region',
  RequestTimeTooSkewed: 'clock_skew',
  ExpiredToken: 'token_expired',
  ExpiredTokenException: 'token_expired',
  InvalidToken: 'token_expired',
  TokenRefreshRequired: 'token_expired',
  SlowDown: 'throttled',
  SlowDownRead: 'throttled',
  SlowDownWrite: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  RequestThrottled: 'throttled',
  RequestLimitExceeded: 'throttled',
  BandwidthLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  TooManyRequestsException: 'throttled',
  BadDigest: 'upload_interrupted',
  IncompleteBody: 'upload_interrupted',
  InvalidPart: 'upload_interrupted',
  NoSuchUpload: 'upload_interrupted',
  RequestTimeout: 'upload_interrupted',
  XAmzContentSHA256Mismatch: 'upload_interrupted',
  AbortError: 'upload_interrupted',
  QuotaExceeded: 'bucket_full',
  InsufficientCapacity: 'bucket_full',
  XMinioStorageFull: 'bucket_full',
  XMinioAdminBucketQuotaExceeded: 'bucket_full',
}

const REGION = /^[a-z0-9-]{1,64}$/

/** Longest wait that a server may ask for. */
const RETRY_AFTER_MAX_MS = 3_600_000

/** What the SDK adds to an error; everything is optional, since some servers answer without a body, or with HTML. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: {
    readonly statusCode?: number
    readonly reason?: string
    readonly headers?: Readonly<Record<string, string>>
    /** The start of the body, kept by `S3Target`. */
    readonly keptBody?: string
  }
  readonly Region?: unknown
  readonly code?: unknown
}

/**
 * The failure behind an error of the SDK, of the connection or of the source.
 *
 * @param now epoch ms, for a `Retry-After` with a date
 * @param secrets texts that must not appear in the detail and the body
 */
export function s3FailureOf(thrown: unknown, now: number, secrets: readonly string[]): S3Failure {
  const error = (thrown instanceof Error ? thrown : new Error('')) as SdkError
  const statusCode = error.$metadata?.httpStatusCode ?? error.$response?.statusCode ?? null
  const body = error.$response?.keptBody
  const failure = {
    statusCode,
    responseBody: body === undefined ? null : scrub(body, secrets),
    retryAfterMs: retryAfter(error.$response?.headers?.['retry-after'], now),
    requestId: error.$metadata?.requestId ?? null,
  }
  const detail = (text: string | null) => (text === null || text === '' ? null : scrub(text, secrets).slice(0, 500))
  if (error instanceof SourceError)
    return { ...failure, errorCode: 'source_unreadable', errorDetail: detail(error.message) }
  if (statusCode === null) {
    const { errorCode, errorDetail } = withoutAnswer(error)
    return { ...failure, errorCode, errorDetail: detail(errorDetail) }
  }
  const region = rightRegion(error)
  const errorCode = answered(error, statusCode, region)
  const named = byName[error.name] === undefined ? error.message : `${error.name}: ${error.message}`
  const text =
    errorCode === 'wrong_region' && region !== null ? `The bucket is in the region ${region}. ${named}` : named
  return { ...failure, errorCode, errorDetail: detail(text) }
}

function answered(error: SdkError, status: number, region: string | null): AttemptErrorCode {
  const known = byName[error.name]
  if (known !== undefined) return known
  if (status >= 300 && status < 400) return region === null ? 'redirect' : 'wrong_region'
  // AWS says "Slow Down" in the status line where an answer has no body.
  if (status === 429 || (status === 503 && /slow ?down/i.test(error.$response?.reason ?? ''))) return 'throttled'
  if (status === 403) return 'access_denied'
  if (status === 507) return 'bucket_full'
  // A 400 is a fault of the request, not a verdict of a receiver on an event.
  if (status === 400) return 'client_error'
  return attemptErrorOfStatus(status) ?? 'bad_response'
}

function withoutAnswer(error: SdkError): Pick<S3Failure, 'errorCode' | 'errorDetail'> {
  if (error.name === 'AbortError') return { errorCode: 'upload_interrupted', errorDetail: 'The console stopped it.' }
  const failure = failureOf(error)
  if (failure.errorCode === 'connection_reset') return { ...failure, errorCode: 'upload_interrupted' }
  if (failure.errorCode !== null && failure.errorCode !== 'unknown') return { ...failure, errorCode: failure.errorCode }
  if (error.name === 'TimeoutError') {
    const connecting = error.message.includes('establish a connection')
    return { errorCode: connecting ? 'connect_timeout' : 'response_timeout', errorDetail: null }
  }
  return { errorCode: 'unknown', errorDetail: error.message }
}

/** The region that the server names in place of the one that was asked: in the body, in a header, or in the sentence. */
function rightRegion(error: SdkError): string | null {
  const candidates = [
    error.Region,
    error.$response?.headers?.['x-amz-bucket-region'],
    /expecting '([^']+)'/.exec(error.message)?.[1],
  ]
  for (const candidate of candidates) {
    if (typeof candidate === 'string' && REGION.test(candidate)) return candidate
  }
  return null
}

function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), RETRY_AFTER_MAX_MS) : null
}

/** The text without the secrets: a server may quote the signed headers in its answer, and a session token is one of them. */
function scrub(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) {
    for (const form of new Set([secret, encodeURIComponent(secret), secret.replaceAll('&', '&amp;')])) {
      if (form !== '') clean = clean.replaceAll(form, '***')
    }
  }
  return clean
}
