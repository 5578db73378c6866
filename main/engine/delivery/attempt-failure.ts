import type { AttemptErrorCode } from '../../../shared/attempt-errors'

/** Longest text that is kept with a failed attempt. */
const DETAIL_KEPT = 500

const byCode: Readonly<Record<string, AttemptErrorCode>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  EAI_FAIL: 'host_not_found',
  EAI_NODATA: 'host_not_found',
  EAI_NONAME: 'host_not_found',
  ENETUNREACH: 'network_unreachable',
  EHOSTUNREACH: 'network_unreachable',
  EHOSTDOWN: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  // What a firewall of this machine answers.
  EACCES: 'network_unreachable',
  EPERM: 'network_unreachable',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  EMFILE: 'local_limit',
  ENFILE: 'local_limit',
  ENOBUFS: 'local_limit',
  // No free local port.
  EADDRNOTAVAIL: 'local_limit',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  // The length is wrong, or the answer ended before it was reached: the latter when a status code had arrived.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  // The HTTP client asserts what an answer must be, such as a status of at least 100.
  ERR_ASSERTION: 'bad_response',
  UND_ERR_INVALID_ARG: 'request_invalid',
  UND_ERR_CLOSED: 'cancelled',
  UND_ERR_DESTROYED: 'cancelled',
  EPROTO: 'tls_failed',
}

const TLS =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_)/

/** Why an attempt failed, as its code and a text that adds to it. */
export interface AttemptFailure {
  readonly errorCode: AttemptErrorCode
  /** What the HTTP client or the system said; at most 500 characters. */
  readonly errorDetail: string
}

/**
 * The failure behind an error of the HTTP client or the system. Of several errors (one for each address of a host) the first that
 * is known counts.
 *
 * @param answered true when a status code had arrived before: a connection that breaks then did not break before the answer
 */
export function failureOf(error: unknown, answered = false): AttemptFailure {
  const causes = error instanceof AggregateError ? [...error.errors, error] : [error]
  const found = causes.map(codeOf).find((code) => code !== null) ?? 'unknown'
  const texts = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause)))
  const errorDetail = [...new Set(texts)].filter((text) => text !== '').join('; ')
  return {
    errorCode: answered && isBreak(found, errorDetail) ? 'response_incomplete' : found,
    errorDetail: errorDetail.slice(0, DETAIL_KEPT),
  }
}

/** True for what ends an answer that has begun. */
function isBreak(code: AttemptErrorCode, text: string): boolean {
  if (code === 'connection_reset' || code === 'connect_timeout') return true
  return code === 'bad_response' && /Invalid EOF|content-length/.test(text)
}

function codeOf(error: unknown): AttemptErrorCode | null {
  if (!(error instanceof Error)) return null
  // These come without a code.
  if (error.name === 'HTTPParserError') return 'bad_response'
  if (!('code' in error)) return null
  const code = String(error.code)
  // The HTTP client reports an answer of the wrong kind (100 or 101 unasked) as a failure of the connection.
  if (code === 'UND_ERR_SOCKET' && error.message.startsWith('bad ')) return 'bad_response'
  return byCode[code] ?? (TLS.test(code) ? 'tls_failed' : null)
}
