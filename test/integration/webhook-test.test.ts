import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../main/engine/clock'
import { newSigningSecret } from '../../main/engine/delivery/signature'
import { testWebhook, type WebhookTestOptions } from '../../main/engine/delivery/webhook-test'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import type { TargetTest } from '../../shared/target-test'
import { FaultReceiver, type FaultReceiverOptions, fixtureCertificate } from '../support/fault-receiver'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: FaultReceiverOptions = {}): Promise<FaultReceiver> {
  const receiver = await FaultReceiver.start(options)
  closing.push(() => receiver.close())
  return receiver
}

/** The port of a server that accepts connections and says nothing. */
async function silentPort(): Promise<number> {
  const server = createServer((socket) => {
    closing.push(async () => socket.destroy())
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => server.close())
  return (server.address() as AddressInfo).port
}

const KEY = 'key-of-the-test'

function test(callbackUrl: string, options: Partial<WebhookTestOptions> = {}): Promise<TargetTest> {
  return testWebhook({
    callbackUrl,
    apiKey: KEY,
    signingSecrets: [],
    userAgent: 'test/1',
    connectTimeoutMs: 5000,
    totalTimeoutMs: 5000,
    sendTestEvent: true,
    clock: systemClock,
    ...options,
  })
}

const outcomes = ({ steps }: TargetTest) => Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]))
const message = ({ steps }: TargetTest, name: string) => steps.find((step) => step.name === name)?.message ?? ''

function expectSentences({ steps }: TargetTest): void {
  for (const { message: text, outcome, durationMs } of steps) {
    expect(text).toMatch(/^[A-Z0-9].*[.)]$/s)
    expect(text).not.toContain(KEY)
    if (outcome === 'skipped') expect(durationMs).toBeNull()
    else expect(durationMs).toBeGreaterThanOrEqual(0)
  }
}

describe('the test of a webhook', () => {
  it('goes through to the answer', async () => {
    const receiver = await start()
    const secret = newSigningSecret()
    const result = await test(receiver.url, { signingSecrets: [secret], tenant: 'acme' })
    expect(result.ok).toBe(true)
    expect(outcomes(result)).toEqual({ resolve: 'ok', connect: 'ok', tls: 'skipped', request: 'ok' })
    expectSentences(result)
    const got = receiver.receiver.requests[0]!
    expect(receiver.arrivals).toHaveLength(1)
    expect(got.headers).toMatchObject({ 'webhook-test': 'true', authorization: `Bearer ${KEY}` })
    const { tenant, name, payload } = new Webhook(secret).verify(got.body, got.headers as Record<string, string>) as {
      tenant: string
      name: string
      payload: Record<string, unknown>
    }
    expect({ tenant, name }).toEqual({ tenant: 'acme', name: 'console.test' })
    expect(payload).toMatchObject({ id: got.headers['webhook-id'], test: true })
    // A real envelope, so that the receiver's own parser takes it.
    expect(parseEnvelope(got.body).name).toBe('console.test')
  })

  it('sends nothing without the word of the operator', async () => {
    const receiver = await start()
    const result = await test(receiver.url, { sendTestEvent: false })
    expect(result.ok).toBe(true)
    expect(outcomes(result)).toEqual({ resolve: 'ok', connect: 'ok', tls: 'skipped', request: 'skipped' })
    expect(message(result, 'request')).toContain('No test event was sent')
    expectSentences(result)
    expect(receiver.receiver.requests).toEqual([])
  })

  it('tells a refused connection', async () => {
    const receiver = await start()
    await receiver.refuse()
    const result = await test(receiver.url)
    expect(result.ok).toBe(false)
    expect(outcomes(result)).toEqual({ resolve: 'ok', connect: 'failed', tls: 'skipped', request: 'skipped' })
    expect(message(result, 'connect')).toContain('Check the port')
    expectSentences(result)
  })

  it('tells a host that does not resolve', async () => {
    const result = await test(`https://${'a'.repeat(64)}.invalid/events`)
    expect(result.ok).toBe(false)
    expect(outcomes(result)).toEqual({ resolve: 'failed', connect: 'skipped', tls: 'skipped', request: 'skipped' })
    expect(message(result, 'resolve')).toContain('Check the spelling')
    expectSentences(result)
  })

  it.each([
    ['self-signed', 'self-signed'],
    ['expired', 'has expired. Renew it'],
    ['other-host', 'is for another host'],
    ['valid', 'does not trust its authority'],
  ] as const)('tells a certificate that is %s', async (tls, text) => {
    const receiver = await start({ tls })
    if (tls !== 'valid') {
      const before = getCACertificates('default')
      setDefaultCACertificates([...before, fixtureCertificate('authority')])
      closing.push(async () => setDefaultCACertificates(before))
    }
    const result = await test(receiver.url)
    expect(result.ok).toBe(false)
    expect(outcomes(result)).toEqual({ resolve: 'ok', connect: 'ok', tls: 'failed', request: 'skipped' })
    expect(message(result, 'tls')).toContain(text)
    expectSentences(result)
    expect(receiver.receiver.requests).toEqual([])
  })

  it('goes through with a trusted certificate', async () => {
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, fixtureCertificate('authority')])
    closing.push(async () => setDefaultCACertificates(before))
    const receiver = await start({ tls: 'valid' })
    const result = await test(receiver.url.replace('127.0.0.1', 'localhost'))
    expect(outcomes(result)).toEqual({ resolve: 'ok', connect: 'ok', tls: 'ok', request: 'ok' })
    expect(message(result, 'tls')).toContain('valid until 2125-12-31')
    expectSentences(result)
  })

  it('tells a port that speaks no TLS', async () => {
    const receiver = await start()
    const result = await test(receiver.url.replace('http:', 'https:'))
    expect(outcomes(result)).toMatchObject({ connect: 'ok', tls: 'failed', request: 'skipped' })
    expect(message(result, 'tls')).toContain('does not speak TLS')
    expectSentences(result)
  })

  it('ends a handshake and an answer that do not come', async () => {
    const port = await silentPort()
    const start = performance.now()
    const handshake = await test(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 200 })
    expect(outcomes(handshake)).toMatchObject({ connect: 'ok', tls: 'failed', request: 'skipped' })
    expect(message(handshake, 'tls')).toContain('within 200 ms')
    const answer = await test(`http://127.0.0.1:${port}/`, { totalTimeoutMs: 200 })
    expect(outcomes(answer)).toMatchObject({ connect: 'ok', tls: 'skipped', request: 'failed' })
    expect(message(answer, 'request')).toContain('The receiver must answer sooner')
    expect(performance.now() - start).toBeLessThan(2000)
    expectSentences(handshake)
    expectSentences(answer)
  })

  it.each([
    [401, 'Check the API key.'],
    [404, 'Check the path'],
    [302, 'Use the address that it points to'],
    [500, 'Look into its logs.'],
  ])('tells an answer of %i, with what the receiver said', async (status, text) => {
    const receiver = await start({ fault: { status, body: `no, not with ${KEY}\nsecond line` } })
    const result = await test(receiver.url)
    expect(result.ok).toBe(false)
    expect(outcomes(result)).toMatchObject({ connect: 'ok', request: 'failed' })
    expect(message(result, 'request')).toContain(text)
    expect(message(result, 'request')).toContain('(it said: no, not with ***)')
    expectSentences(result)
  })

  it('tells a signing secret in the wrong form', async () => {
    const receiver = await start()
    const result = await test(receiver.url, { signingSecrets: ['not a secret'] })
    expect(outcomes(result)).toMatchObject({ request: 'failed' })
    expect(message(result, 'request')).toContain('signing secret')
    expect(receiver.receiver.requests).toEqual([])
  })
})
