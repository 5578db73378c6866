import type { KeyObject } from 'node:crypto'
import type { Pool } from 'undici'
import { type AttemptErrorCode, attemptErrorOfStatus } from '../../../shared/attempt-errors'
import type { AttemptFindings } from '../../store/delivery'
import { formatUuid } from '../../store/uuid'
import type { Clock } from '../clock'
import { type AttemptFailure, failureOf } from './attempt-failure'
import { type MeteredClient, type MeteredHandler, meteredPool, type Opening } from './metered-client'
import { headerValue, keptHeaders, MASK } from './response-headers'
import { parseRetryAfter } from './retry-after'
import { signingKey, webhookSignature } from './signature'

/** What one POST led to. */
export interface PostOutcome extends AttemptFindings {
  /** How long the receiver asks to be left alone (429 and 503), from the end of the attempt on. */
  readonly retryAfterMs: number | null
}

export interface WebhookOptions {
  readonly callbackUrl: string
  readonly apiKey: string | undefined
  /** `whsec_` and base64; each gives a signature, so that a receiver may know either one during a rotation. */
  readonly signingSecrets: readonly string[]
  readonly connections: number
  readonly userAgent: string
  /** For name, connection and TLS together. */
  readonly connectTimeoutMs: number
  /** For the whole attempt, from `post` to the end of the answer. */
  readonly totalTimeoutMs: number
  /** Whether body and headers of the answer are kept for failures only. */
  readonly keepBodies: 'failures' | 'all'
  readonly clock: Clock
  /** More headers for each request, names and values in turn. */
  readonly extraHeaders?: readonly string[]
}

/** How many bytes of an answer's body are kept. */
export const RESPONSE_BODY_KEPT = 16 * 1024

/** After so many bytes of body the connection is closed: the status is known, and the rest may have no end. */
export const RESPONSE_BODY_READ = 64 * 1024

/** More than is kept is held until secrets are removed, so that none is cut in two and then not recognised. */
const RESPONSE_BODY_HELD = RESPONSE_BODY_KEPT + 4 * 1024

/** A shorter secret is looked for in no text: it would be found in ordinary words. */
const SHORTEST_REDACTED = 4

/** Sends envelopes to one callback URL over a pool of reused connections. */
export class WebhookClient {
  readonly #pool: Pool
  readonly #path: string
  readonly #headers: readonly string[]
  readonly #keys: readonly KeyObject[]
  readonly #clock: Clock
  readonly #flights: Flights
  #second = -1
  #timestamp = ''

  /** @throws TypeError when a signing secret is not in the form of one; {@link signingKey} tells before */
  constructor(options: WebhookOptions) {
    const url = new URL(options.callbackUrl)
    const { apiKey, clock, extraHeaders = [], signingSecrets, totalTimeoutMs } = options
    this.#path = url.pathname + url.search
    this.#clock = clock
    this.#keys = signingSecrets.map((secret) => {
      const key = signingKey(secret)
      if (key === null) throw new TypeError('A signing secret is not whsec_ followed by base64.')
      return key
    })
    this.#pool = meteredPool(url.origin, {
      connections: options.connections,
      connectTimeoutMs: Math.min(options.connectTimeoutMs, totalTimeoutMs),
    })
    this.#headers = [
      'content-type',
      'application/json',
      'user-agent',
      options.userAgent,
      ...(apiKey === undefined ? [] : ['authorization', `Bearer ${apiKey}`]),
      ...extraHeaders,
    ]
    const secrets = [...(apiKey === undefined ? [] : [apiKey]), ...signingSecrets.flatMap(spellings)]
    this.#flights = new Flights(totalTimeoutMs, options.keepBodies === 'all', redactor(secrets), clock)
  }

  /**
   * POSTs one stored envelope, byte for byte. Redirects are not followed. Calls `done` exactly once, never before this has
   * returned, and never throws.
   *
   * @param eventId 16 bytes; sent as `webhook-id` and `idempotency-key`, the same for every try
   */
  post(eventId: Buffer, body: Buffer, done: (outcome: PostOutcome) => void): void {
    const id = formatUuid(eventId)
    const second = Math.floor(this.#clock.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#timestamp = String(second)
    }
    // Not shared between requests: the pool keeps it until a connection is free.
    const headers = this.#headers.slice()
    headers.push('idempotency-key', id, 'webhook-id', id, 'webhook-timestamp', this.#timestamp)
    if (this.#keys.length > 0) {
      headers.push('webhook-signature', webhookSignature(this.#keys, id, this.#timestamp, body))
    }
    const flight = new Flight(this.#flights, done)
    this.#flights.add(flight)
    this.#pool.dispatch({ path: this.#path, method: 'POST', headers, body }, flight)
    flight.posting = false
  }

  /** Ends the connections. Attempts in flight fail as `cancelled` during this call; later ones do too. */
  async destroy(): Promise<void> {
    // First, so that they fail at once and not when the connections are gone.
    this.#flights.close()
    await this.#pool.destroy()
  }
}

/** The attempts of one client that have not ended, oldest first, with one timer for the oldest of them. */
class Flights {
  readonly keepAll: boolean
  readonly redact: (text: string) => string
  readonly clock: Clock
  readonly #limitMs: number
  #oldest: Flight | null = null
  #newest: Flight | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(limitMs: number, keepAll: boolean, redact: (text: string) => string, clock: Clock) {
    this.#limitMs = limitMs
    this.keepAll = keepAll
    this.redact = redact
    this.clock = clock
  }

  add(flight: Flight): void {
    flight.before = this.#newest
    if (this.#newest === null) this.#oldest = flight
    else this.#newest.after = flight
    this.#newest = flight
    // It is left running when the list gets empty: setting it for each burst would cost more than one idle run.
    if (this.#timer === null && !this.#closed) this.#timer = setTimeout(this.#sweep, this.#limitMs)
  }

  remove(flight: Flight): void {
    if (flight.before === null) this.#oldest = flight.after
    else flight.before.after = flight.after
    if (flight.after === null) this.#newest = flight.before
    else flight.after.before = flight.before
    flight.before = null
    flight.after = null
  }

  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#oldest !== null) this.#oldest.end('cancelled', null)
  }

  readonly #sweep = (): void => {
    this.#timer = null
    const now = performance.now()
    while (this.#oldest !== null && this.#oldest.startedAt + this.#limitMs <= now) this.#oldest.expire(this.#limitMs)
    if (this.#oldest === null) return
    this.#timer = setTimeout(this.#sweep, Math.max(1, Math.ceil(this.#oldest.startedAt + this.#limitMs - now)))
  }
}

const NOT_SENT: Opening = { dnsUs: null, connectUs: null, tlsUs: null, step: null }

/**
 * One attempt. It takes the answer through the older of undici's two handler interfaces (`onConnect`, `onHeaders`, ...), which hands
 * over the headers as they came; the newer one makes an object of them, and a controller, for every answer.
 */
class Flight implements MeteredHandler {
  readonly startedAt = performance.now()
  client: MeteredClient | null = null
  /** True while `post` runs. */
  posting = true
  before: Flight | null = null
  after: Flight | null = null
  readonly #flights: Flights
  readonly #done: (outcome: PostOutcome) => void
  #ended = false
  #abort: ((error?: Error) => void) | null = null
  #sentAt = 0
  #firstByteUs: number | null = null
  #opening: Opening | null = null
  #status = 0
  #errorCode: AttemptErrorCode | null = null
  #keeps = false
  #headers: readonly Buffer[] | null = null
  #body: Buffer[] | null = null
  #bytes = 0

  constructor(flights: Flights, done: (outcome: PostOutcome) => void) {
    this.#flights = flights
    this.#done = done
  }

  onConnect(abort: (error?: Error) => void): void {
    // Given up while it waited for a connection. To throw is the way to keep it from being sent without ending the connection.
    if (this.#ended) throw new Error('The attempt has ended.')
    this.#abort = abort
    this.#opening = this.client?.takeOpening() ?? null
    this.#sentAt = performance.now()
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    if (status < 200 || this.#ended) return true
    this.#firstByteUs = Math.round((performance.now() - this.#sentAt) * 1000)
    this.#status = status
    this.#errorCode = attemptErrorOfStatus(status)
    this.#keeps = this.#errorCode !== null || this.#flights.keepAll
    if (this.#keeps) this.#headers = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.#ended) return true
    if (this.#keeps && this.#bytes < RESPONSE_BODY_HELD) {
      // A copy: the chunk is a part of what the socket read, which would be held with it.
      const part = Buffer.from(chunk.subarray(0, RESPONSE_BODY_HELD - this.#bytes))
      if (this.#body === null) this.#body = [part]
      else this.#body.push(part)
    }
    this.#bytes += chunk.length
    if (this.#bytes >= RESPONSE_BODY_READ) {
      this.end(this.#errorCode, null)
      this.#abort?.()
    }
    return true
  }

  onComplete(): void {
    this.end(this.#errorCode, null)
  }

  onError(error: Error): void {
    if (this.#ended) return
    const { errorCode, errorDetail } = this.#failureOf(error)
    this.end(errorCode, errorDetail)
  }

  #failureOf(error: Error): AttemptFailure {
    const failure = failureOf(error, this.#status !== 0)
    if (failure.errorCode !== 'connection_reset' || this.#abort !== null) return failure
    // A port that does not speak TLS, or refuses ours, just hangs up.
    return this.client?.opening?.step === 'tls' ? { ...failure, errorCode: 'tls_failed' } : failure
  }

  /** The time limit of the attempt has passed. */
  expire(limitMs: number): void {
    if (this.#abort === null) return this.end('connect_timeout', `No connection was free within ${limitMs} ms`)
    this.end('response_timeout', `The answer was not complete after ${limitMs} ms`)
    this.#abort()
  }

  /** Ends the attempt and says what came of it; does nothing when it has ended already. */
  end(errorCode: AttemptErrorCode | null, detail: string | null): void {
    if (this.#ended) return
    this.#ended = true
    this.#flights.remove(this)
    const { redact, clock } = this.#flights
    const sent = this.#abort !== null
    const opening = (sent ? this.#opening : this.client?.opening) ?? NOT_SENT
    const status = this.#status
    const kept = this.#headers
    const asked = kept !== null && (status === 429 || status === 503) ? headerValue(kept, 'retry-after') : null
    const outcome: PostOutcome = {
      statusCode: status === 0 ? null : status,
      errorCode,
      errorDetail: detail === null ? null : redact(detail),
      responseBody: kept === null ? null : keptBody(this.#body ?? [], redact),
      responseHeaders: kept === null ? null : keptHeaders(kept, redact),
      retryAfterMs: asked === null ? null : parseRetryAfter(asked, clock.now()),
      timings: {
        reused: sent ? this.#opening === null : null,
        dnsUs: opening.dnsUs,
        connectUs: opening.connectUs,
        tlsUs: opening.tlsUs,
        firstByteUs: this.#firstByteUs,
      },
    }
    if (this.posting) queueMicrotask(() => this.#done(outcome))
    else this.#tell(outcome)
  }

  #tell(outcome: PostOutcome): void {
    try {
      this.#done(outcome)
    } catch (error) {
      // undici would take it for a failure of the connection and hide it; it is a defect of ours.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

/** The start of a body as text, without secrets, at most {@link RESPONSE_BODY_KEPT} bytes. */
function keptBody(chunks: readonly Buffer[], redact: (text: string) => string): string {
  const text = redact(Buffer.concat(chunks).toString('utf8'))
  const bytes = Buffer.from(text)
  if (bytes.length <= RESPONSE_BODY_KEPT) return text
  // Not in the middle of a character: its continuation bytes start with the bits 10.
  let end = RESPONSE_BODY_KEPT
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** A signing secret as it is written, and without its prefix. */
function spellings(secret: string): string[] {
  return [secret, secret.replace(/^whsec_/, '')]
}

/** Masks the secrets in a text. */
function redactor(secrets: readonly string[]): (text: string) => string {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_REDACTED)
  return (text) => long.reduce((rest, secret) => rest.replaceAll(secret, MASK), text)
}
