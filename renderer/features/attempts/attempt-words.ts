import { type AttemptErrorCode, attemptErrors } from '@shared/attempt-errors'
import type { Attempt } from '@shared/domain'
import { formatDuration } from '../../ui/format'

/** The reason of a failure in two or three words, for a row. */
const shortReasons: Readonly<Record<AttemptErrorCode, string>> = {
  rejected: 'Rejected',
  too_many_requests: 'Too many requests',
  unauthorized: 'Unauthorized',
  forbidden: 'Forbidden',
  not_found: 'Not found',
  gone: 'Gone',
  client_error: 'Client error',
  server_error: 'Server error',
  redirect: 'Redirect',
  unexpected_status: 'Unexpected status',
  connect_timeout: 'Connect timeout',
  response_timeout: 'Response timeout',
  connection_refused: 'Connection refused',
  connection_reset: 'Connection reset',
  host_not_found: 'Host not found',
  network_unreachable: 'Network unreachable',
  tls_failed: 'TLS failed',
  bad_response: 'Bad response',
  response_incomplete: 'Answer broke off',
  local_limit: 'Local limit',
  request_invalid: 'Request invalid',
  cancelled: 'Cancelled',
  access_denied: 'Access denied',
  invalid_access_key: 'Unknown access key',
  signature_mismatch: 'Wrong secret key',
  bucket_not_found: 'Bucket not found',
  bucket_full: 'Bucket full',
  wrong_region: 'Wrong region',
  clock_skew: 'Clock is wrong',
  token_expired: 'Token expired',
  throttled: 'Throttled',
  size_mismatch: 'Wrong size stored',
  object_missing: 'Object missing',
  upload_interrupted: 'Upload broke off',
  source_unreadable: 'Batch unreadable',
  secret_unreadable: 'API key unreadable',
  unknown: 'Unknown error',
}

/** Status code and short reason, e.g. `503 Server error`. */
export function failureText(errorCode: AttemptErrorCode | null, statusCode: number | null): string {
  const reason = shortReasons[errorCode ?? 'unknown']
  return statusCode === null ? reason : `${statusCode} ${reason}`
}

/** What an attempt came to, for a row. */
export function outcomeText({ outcome, errorCode, statusCode, durationMs }: Attempt): string {
  if (outcome === 'failure') return failureText(errorCode, statusCode)
  return `${statusCode ?? 'Answered'} in ${formatDuration(durationMs)}`
}

/** What an attempt came to, as a sentence. */
export function outcomeSentence({ outcome, errorCode, statusCode }: Attempt): string {
  if (outcome === 'failure') return attemptErrors[errorCode ?? 'unknown']
  return statusCode === null ? 'The receiver took the event.' : `The receiver took the event (${statusCode}).`
}
