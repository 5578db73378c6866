import { randomUUID } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type AttemptErrorCode, attemptErrors } from '../../../shared/attempt-errors'
import type { TargetTest, TargetTestOutcome, TargetTestStep, TargetTestStepName } from '../../../shared/target-test'
import { parseUuid } from '../../store/uuid'
import type { Clock } from '../clock'
import { failureOf } from './attempt-failure'
import { type PostOutcome, WebhookClient } from './webhook'

export interface WebhookTestOptions {
  readonly callbackUrl: string
  readonly apiKey: string | undefined
  readonly signingSecrets: readonly string[]
  readonly userAgent: string
  /** For each of the steps before the request. */
  readonly connectTimeoutMs: number
  /** For the request. */
  readonly totalTimeoutMs: number
  /** On the operator's word only: the receiver may take the test event for a real one. */
  readonly sendTestEvent: boolean
  readonly clock: Clock
  /** Of the test event. Default: `test`. */
  readonly tenant?: string
}

/** The name of the event that a test sends. No integration can select it. */
export const TEST_EVENT_NAME = 'console.test'

/** What an operator can do about a failure; added to its sentence. */
const advice: Readonly<Partial<Record<AttemptErrorCode, string>>> = {
  rejected: 'The receiver is reachable. It refuses this test event, which may be no harm: ask its developers.',
  too_many_requests: 'The receiver is reachable. Set a rate limit, or ask for a higher one.',
  unauthorized: 'Check the API key.',
  forbidden: 'Check what the API key is allowed to do.',
  not_found: 'Check the path of the callback URL.',
  gone: 'Ask for the new address of the receiver.',
  client_error: 'Ask the developers of the receiver what they expect.',
  server_error: 'The receiver is reachable. Look into its logs.',
  redirect: 'Use the address that it points to as callback URL.',
  unexpected_status: 'Check that the callback URL belongs to a webhook receiver.',
  connect_timeout: 'Check host and port of the callback URL, and whether a firewall drops the connection.',
  response_timeout: 'The receiver must answer sooner: let it store the event, answer, and work on it later.',
  connection_refused: 'Check the port of the callback URL, and that the receiver runs.',
  connection_reset: 'Look into the logs of the receiver and of the proxies in front of it.',
  host_not_found: 'Check the spelling of the host, and that this machine can resolve names of that network.',
  network_unreachable: 'Check the network, the VPN and the firewall of this machine.',
  tls_failed: 'Check the certificate of the receiver, and that its port speaks TLS.',
  bad_response: 'Check that the port of the callback URL speaks HTTP: a receiver with TLS needs https.',
  response_incomplete: 'Look into the logs of the receiver and of the proxies in front of it.',
  local_limit: 'Close programs that hold many connections, and try again.',
  request_invalid: 'Enter the API key anew, without line breaks.',
}

/** What the errors of certificates mean. */
const certificateAdvice: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate of the receiver is self-signed. Give the receiver a certificate of an authority that this machine trusts.',
  SELF_SIGNED_CERT_IN_CHAIN:
    'The certificate of the receiver comes from an authority that this machine does not trust. Install that authority, or another certificate.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The receiver does not send the intermediate certificates, or this machine does not trust its authority. Complete the chain.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'The receiver does not send the intermediate certificates, or this machine does not trust its authority. Complete the chain.',
  CERT_HAS_EXPIRED: 'The certificate of the receiver has expired. Renew it.',
  CERT_NOT_YET_VALID: 'The certificate of the receiver is not valid yet. Check the clocks of both machines.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'The certificate of the receiver is for another host. Use the host that it names, or get one for this host.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The port does not speak TLS. Use http, or the port that speaks TLS.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The port does not speak TLS. Use http, or the port that speaks TLS.',
}

/**
 * *Test target* of a webhook: goes the way of a delivery step by step up to the first that fails, and says for each in a sentence what
 * it found or what to do. Nothing is sent unless `sendTestEvent`; then one event named {@link TEST_EVENT_NAME}, with `test: true` in its
 * payload and the header `webhook-test: true`. A failure is part of the answer; it does not reject.
 *
 * @param options `callbackUrl` must be an absolute http or https URL
 */
export async function testWebhook(options: WebhookTestOptions): Promise<TargetTest> {
  const steps: TargetTestStep[] = []
  const url = new URL(options.callbackUrl)
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)

  const step = async <T>(name: TargetTestStepName, run: () => Promise<Finding<T>>): Promise<T | null> => {
    const start = performance.now()
    const { outcome, message, value } = await run()
    const durationMs = Math.round((performance.now() - start) * 10) / 10
    steps.push({ name, outcome, message, durationMs })
    return value
  }
  const skip = (name: TargetTestStepName, message: string) =>
    steps.push({ name, outcome: 'skipped', message, durationMs: null })

  const address = await step('resolve', () => resolve(host, options.connectTimeoutMs))
  const socket = address && (await step('connect', () => connect(host, port, options.connectTimeoutMs)))
  if (address === null) skip('connect', 'Not tried, since the host has no address.')
  let reached = socket !== null
  if (!secure) {
    const warning = isLocal(address?.[0]) ? '' : ' Events and the API key travel unencrypted.'
    skip('tls', `Not needed: the callback URL says http.${warning}`)
  } else if (socket === null) skip('tls', 'Not tried, since there is no connection.')
  else reached = (await step('tls', () => secureConnection(socket, host, options.connectTimeoutMs))) !== null
  socket?.destroy()

  if (!reached) skip('request', 'Not tried, since there is no connection.')
  else if (!options.sendTestEvent) {
    steps.push({
      name: 'request',
      outcome: 'skipped',
      message:
        'No test event was sent, so API key and path are not checked. Allow a test event to check them: the receiver gets one event that is marked as a test.',
      durationMs: null,
    })
  } else await step('request', () => request(options))
  return { ok: steps.every(({ outcome }) => outcome !== 'failed'), steps }
}

interface Finding<T> {
  readonly outcome: TargetTestOutcome
  readonly message: string
  /** Null when the steps that need it cannot be made. */
  readonly value: T | null
}

async function resolve(host: string, limitMs: number): Promise<Finding<string[]>> {
  if (isIP(host) !== 0) return { outcome: 'ok', message: 'The callback URL gives an address.', value: [host] }
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(timeout(`no answer from the name service within ${limitMs} ms`)), limitMs)
    })
    const found = await Promise.race([lookup(host, { all: true }), late])
    const addresses = found.map(({ address }) => address)
    return { outcome: 'ok', message: `The host ${host} has the address ${list(addresses)}.`, value: addresses }
  } catch (error) {
    return failed(error)
  } finally {
    clearTimeout(timer)
  }
}

async function connect(host: string, port: number, limitMs: number): Promise<Finding<Socket>> {
  const socket = connectTcp({ host, port })
  try {
    await opened(socket, 'connect', limitMs)
    return { outcome: 'ok', message: `Connected to ${socket.remoteAddress} port ${port}.`, value: socket }
  } catch (error) {
    socket.destroy()
    return failed(error)
  }
}

async function secureConnection(socket: Socket, host: string, limitMs: number): Promise<Finding<Socket>> {
  const secured = connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}) })
  try {
    await opened(secured, 'secureConnect', limitMs)
    const until = new Date(secured.getPeerCertificate().valid_to)
    const message = `${secured.getProtocol() ?? 'TLS'}, with a trusted certificate that is valid until ${until.toISOString().slice(0, 10)}.`
    return { outcome: 'ok', message, value: secured }
  } catch (error) {
    const hungUp = failureOf(error).errorCode === 'connection_reset'
    return hungUp ? failedWith('tls_failed', 'the receiver closed the connection') : failed(error)
  } finally {
    secured.destroy()
  }
}

/** Resolves with the event; rejects with the error of the socket, or when it takes too long. */
function opened(socket: Socket, event: 'connect' | 'secureConnect', limitMs: number): Promise<void> {
  return new Promise((done, reject) => {
    const timer = setTimeout(() => socket.destroy(timeout(`no answer within ${limitMs} ms`)), limitMs)
    const settle = (end: () => void) => {
      clearTimeout(timer)
      end()
    }
    socket.once(event, () => settle(done))
    // Stays, so that a late error of a socket that nobody uses any more is no uncaught one.
    socket.on('error', (error) => settle(() => reject(error)))
  })
}

async function request(options: WebhookTestOptions): Promise<Finding<true>> {
  let client: WebhookClient
  try {
    client = new WebhookClient({
      callbackUrl: options.callbackUrl,
      apiKey: options.apiKey,
      signingSecrets: options.signingSecrets,
      connections: 1,
      userAgent: options.userAgent,
      connectTimeoutMs: options.connectTimeoutMs,
      totalTimeoutMs: options.totalTimeoutMs,
      keepBodies: 'failures',
      clock: options.clock,
      extraHeaders: ['webhook-test', 'true'],
    })
  } catch {
    return {
      outcome: 'failed',
      message: 'A signing secret is not whsec_ followed by base64. Enter it anew.',
      value: null,
    }
  }
  const id = randomUUID()
  const event = {
    tenant: options.tenant ?? 'test',
    name: TEST_EVENT_NAME,
    published_at: new Date(options.clock.now()).toISOString(),
    payload: { id, test: true, message: 'A test of the connection. Please answer 2xx and ignore it.' },
  }
  const body = Buffer.from(JSON.stringify(event))
  const outcome = await new Promise<PostOutcome>((done) => client.post(parseUuid(id)!, body, done))
  await client.destroy()
  if (outcome.errorCode === null) {
    const signed = options.signingSecrets.length > 0 ? ' It was signed.' : ''
    return { outcome: 'ok', message: `The receiver took the test event (${outcome.statusCode}).${signed}`, value: true }
  }
  return failedWith(outcome.errorCode, outcome.statusCode === null ? outcome.errorDetail : start(outcome.responseBody))
}

/** The first line of an answer, for a sentence. */
function start(body: string | null): string | null {
  const line = body?.trim().split(/[\r\n]/, 1)[0] ?? ''
  return line === '' ? null : `it said: ${line.length > 200 ? `${line.slice(0, 200)}…` : line}`
}

function failed(error: unknown): Finding<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const meaning = certificateAdvice[code]
  if (meaning !== undefined) return { outcome: 'failed', message: meaning, value: null }
  const { errorCode, errorDetail } = failureOf(error)
  return failedWith(errorCode, errorDetail)
}

function failedWith(code: AttemptErrorCode, detail: string | null): Finding<never> {
  const more = detail === null || detail === '' ? [] : [`(${detail})`]
  return {
    outcome: 'failed',
    message: [attemptErrors[code], advice[code], ...more].filter(Boolean).join(' '),
    value: null,
  }
}

function timeout(text: string): Error {
  return Object.assign(new Error(text), { code: 'ETIMEDOUT' })
}

function list(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(', ')
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown
}

function isLocal(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || address.startsWith('127.'))
}
