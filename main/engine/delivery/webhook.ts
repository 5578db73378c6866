import { type Dispatcher, Pool } from 'undici'
import { type AttemptErrorCode, attemptErrorOfStatus } from '../../../shared/attempt-errors'
import { formatUuid } from '../../store/uuid'

/** What one POST led to. */
export interface PostOutcome {
  readonly statusCode: number | null
  /** Null = delivered. */
  readonly errorCode: AttemptErrorCode | null
  readonly errorDetail: string | null
  /** Start of the answer's body, for failures. */
  readonly responseBody: string | null
}

export interface WebhookOptions {
  readonly callbackUrl: string
  readonly apiKey: string | undefined
  readonly connections: number
  readonly userAgent: string
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
}

/** How much of an answer's body is kept. */
export const RESPONSE_BODY_KEPT = 16 * 1024

/** Sends envelopes to one callback URL over a pool of reused connections. */
export class WebhookClient {
  readonly #pool: Pool
  readonly #path: string
  readonly #headers: readonly string[]

  constructor(options: WebhookOptions) {
    const url = new URL(options.callbackUrl)
    this.#path = url.pathname + url.search
    this.#pool = new Pool(url.origin, {
      connections: options.connections,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.responseTimeoutMs,
      bodyTimeout: options.responseTimeoutMs,
      maxHeaderSize: 64 * 1024,
    })
    this.#headers = [
      'content-type',
      'application/json',
      'user-agent',
      options.userAgent,
      ...(options.apiKey === undefined ? [] : ['authorization', `Bearer ${options.apiKey}`]),
    ]
  }

  /**
   * POSTs one stored envelope, byte for byte. Redirects are not followed. Calls `done` exactly once and never throws.
   *
   * @param eventId 16 bytes; sent as `webhook-id` and `idempotency-key`, the same for every try
   */
  post(eventId: Buffer, body: Buffer, done: (outcome: PostOutcome) => void): void {
    const id = formatUuid(eventId)
    const request: Dispatcher.DispatchOptions = {
      path: this.#path,
      method: 'POST',
      headers: [...this.#headers, 'webhook-id', id, 'idempotency-key', id],
      body,
    }
    try {
      this.#pool.dispatch(request, new AnswerReader(done))
    } catch (error) {
      done(failureOf(error))
    }
  }

  /** Ends the connections; requests in flight fail. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #done: (outcome: PostOutcome) => void
  #status = 0
  #failed = false
  #kept: Buffer[] = []
  #bytes = 0

  constructor(done: (outcome: PostOutcome) => void) {
    this.#done = done
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return
    this.#status = status
    this.#failed = attemptErrorOfStatus(status) !== null
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#failed || this.#bytes >= RESPONSE_BODY_KEPT) return
    this.#kept.push(chunk.subarray(0, RESPONSE_BODY_KEPT - this.#bytes))
    this.#bytes += chunk.length
  }

  onResponseEnd(): void {
    this.#done({
      statusCode: this.#status,
      errorCode: attemptErrorOfStatus(this.#status),
      errorDetail: null,
      responseBody: this.#failed ? Buffer.concat(this.#kept).toString('utf8') : null,
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#done({
      ...failureOf(error),
      statusCode: this.#status === 0 ? null : this.#status,
    })
  }
}

const byCode: Readonly<Record<string, AttemptErrorCode>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  UND_ERR_CLOSED: 'connection_reset',
  UND_ERR_DESTROYED: 'connection_reset',
  ENOTFOUND: 'host_not_found',
  EAI_AGAIN: 'host_not_found',
  ENETUNREACH: 'network_unreachable',
  EHOSTUNREACH: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  EADDRNOTAVAIL: 'network_unreachable',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'response_timeout',
  UND_ERR_BODY_TIMEOUT: 'response_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  EPROTO: 'tls_failed',
}

const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/

/** The failure behind an error of the HTTP client or the system. */
export function failureOf(error: unknown): PostOutcome {
  const causes = error instanceof AggregateError ? [...error.errors, error] : [error]
  const codes = causes.map((e) => (e instanceof Error && 'code' in e ? String(e.code) : ''))
  const known = codes.find((code) => code in byCode || TLS.test(code) || code.startsWith('HPE_'))
  const errorCode: AttemptErrorCode =
    known === undefined ? 'unknown' : (byCode[known] ?? (TLS.test(known) ? 'tls_failed' : 'bad_response'))
  const first = causes.find((e): e is Error => e instanceof Error)
  return {
    statusCode: null,
    errorCode,
    errorDetail: first ? first.message.slice(0, 500) : null,
    responseBody: null,
  }
}
