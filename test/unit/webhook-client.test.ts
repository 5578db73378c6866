import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../main/engine/clock'
import { newSigningSecret, signingKey } from '../../main/engine/delivery/signature'
import { RESPONSE_BODY_KEPT, type WebhookClient, type WebhookOptions } from '../../main/engine/delivery/webhook'
import { FakeClock } from '../support/fake-clock'
import { eventId, post, webhookClient } from '../support/posts'
import { type Answer, Receiver } from '../support/receiver'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(answer: Answer = {}): Promise<Receiver> {
  const receiver = await Receiver.start({ answer })
  closing.push(() => receiver.close())
  return receiver
}

function client(url: string, options: Partial<WebhookOptions> = {}): WebhookClient {
  const made = webhookClient(url, options)
  closing.push(() => made.destroy())
  return made
}

const OLD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const NEW = newSigningSecret()
// Bytes that a way over strings would change: a BOM, what is no UTF-8, a line separator, decomposed letters.
const BODY = Buffer.concat([
  Buffer.from('\ufeff{"payload":{"id":"e\u0301\u2028"},"n":1.0}'),
  Buffer.from([0xff, 0xfe, 0x00, 0xc3]),
])

describe('a request', () => {
  it('carries the stored bytes and the headers of the contract', async () => {
    const receiver = await start()
    const clock = new FakeClock(1_700_000_123_999)
    const sender = client(`${receiver.url}?x=1&y=%20`, { apiKey: 'K', userAgent: 'console/9', clock })
    expect((await post(sender, 7, BODY)).errorCode).toBeNull()
    const [got] = receiver.requests
    expect(got?.method).toBe('POST')
    expect(got?.path).toBe('/events?x=1&y=%20')
    expect(got?.body.equals(BODY)).toBe(true)
    const { host, connection, ...headers } = got!.headers
    expect(headers).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer K',
      'user-agent': 'console/9',
      'idempotency-key': '00000000-0000-0000-0000-000000000007',
      'webhook-id': '00000000-0000-0000-0000-000000000007',
      'webhook-timestamp': '1700000123',
      'content-length': String(BODY.length),
    })
    expect(host).toBe(new URL(receiver.url).host)
    expect(connection).toBe('keep-alive')
  })

  it('carries no authorization without an API key, and more headers where asked', async () => {
    const receiver = await start()
    await post(client(receiver.url, { apiKey: undefined, extraHeaders: ['webhook-test', 'true'] }))
    expect(receiver.requests[0]?.headers).not.toHaveProperty('authorization')
    expect(receiver.requests[0]?.headers).not.toHaveProperty('webhook-signature')
    expect(receiver.requests[0]?.headers['webhook-test']).toBe('true')
  })

  it('takes the second of its own time', async () => {
    const receiver = await start()
    const clock = new FakeClock(1_700_000_000_000)
    const sender = client(receiver.url, { clock })
    for (const ms of [0, 999, 1, -5000]) {
      clock.jump(ms)
      await post(sender)
    }
    const seconds = receiver.requests.map((got) => got.headers['webhook-timestamp'])
    expect(seconds).toEqual(['1700000000', '1700000000', '1700000001', '1699999996'])
  })

  it('that cannot be made fails, and tells no secret', async () => {
    const outcome = await post(client('http://127.0.0.1:9/', { apiKey: 'line\nbreak-of-a-key' }))
    expect(outcome.errorCode).toBe('request_invalid')
    expect(JSON.stringify(outcome)).not.toContain('break-of-a-key')
  })

  it('tells its outcome after post has returned, also when it fails at once', async () => {
    const sender = client('http://127.0.0.1:9/', { apiKey: 'a\nb' })
    const order: string[] = []
    await new Promise<void>((resolve) => {
      sender.post(eventId(1), BODY, () => {
        order.push('done')
        resolve()
      })
      order.push('returned')
    })
    expect(order).toEqual(['returned', 'done'])
  })
})

describe('a signature', () => {
  it('is one of Standard Webhooks, for each secret', async () => {
    const receiver = await start()
    const sender = client(receiver.url, { signingSecrets: [OLD, NEW], clock: systemClock })
    const body = Buffer.from('{"payload":{"id":"Straße \u2028"}}')
    await post(sender, 1, body)
    const got = receiver.requests[0]!
    for (const secret of [OLD, NEW]) {
      expect(new Webhook(secret).verify(got.body, got.headers as Record<string, string>)).toEqual(
        JSON.parse(String(body)),
      )
    }
    expect(String(got.headers['webhook-signature'])).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/)
    const changed = Buffer.from(String(got.body).replace('S', 's'))
    expect(() => new Webhook(OLD).verify(changed, got.headers as Record<string, string>)).toThrow()
    expect(() => new Webhook(newSigningSecret()).verify(got.body, got.headers as Record<string, string>)).toThrow()
  })

  it('covers the bytes as they are, whatever they are', async () => {
    const receiver = await start()
    await post(client(receiver.url, { signingSecrets: [OLD] }), 1, BODY)
    const { headers } = receiver.requests[0]!
    const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), BODY])
    const mac = createHmac('sha256', Buffer.from(OLD.slice(6), 'base64'))
      .update(signed)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${mac}`)
  })

  it('needs a secret in its form', () => {
    for (const bad of ['', 'whsec_', 'whsec_a b', 'whsec_ä', 'WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw!']) {
      expect(signingKey(bad), bad).toBeNull()
      expect(() => client('http://127.0.0.1/', { signingSecrets: [bad] }), bad).toThrow(TypeError)
    }
    expect(signingKey(OLD)?.export().length).toBe(24)
    expect(signingKey(OLD.slice(6))?.export().length).toBe(24)
    expect(signingKey(NEW)?.export().length).toBe(32)
    expect(newSigningSecret()).not.toBe(NEW)
  })
})

describe('what is kept of an answer', () => {
  const answer = { status: 500, body: 'why', headers: { 'X-Trace': 't1', 'Set-Cookie': 'sid=abc' } }

  it('is body and headers of a failure, credentials masked', async () => {
    const receiver = await start(answer)
    const { responseBody, responseHeaders } = await post(client(receiver.url))
    expect(responseBody).toBe('why')
    expect(responseHeaders).toContainEqual(['X-Trace', 't1'])
    expect(responseHeaders).toContainEqual(['Set-Cookie', '***'])
  })

  it('is nothing of a success, unless all are kept', async () => {
    const receiver = await start({ ...answer, status: 200 })
    expect(await post(client(receiver.url))).toMatchObject({ responseBody: null, responseHeaders: null })
    const { responseBody, responseHeaders } = await post(client(receiver.url, { keepBodies: 'all' }))
    expect(responseBody).toBe('why')
    expect(responseHeaders).toContainEqual(['X-Trace', 't1'])
  })

  it('never holds the API key or a signing secret, even where the limit would cut one in two', async () => {
    const key = 'key-0123456789'
    const before = 'x'.repeat(RESPONSE_BODY_KEPT - 5)
    const body = `${before}${key} ${OLD} ${OLD.slice(6)}`
    const receiver = await start({ status: 500, body, headers: { 'X-Echo': `Bearer ${key}` } })
    const outcome = await post(client(receiver.url, { apiKey: key, signingSecrets: [OLD] }))
    expect(outcome.responseBody).toBe(`${before}*** *`)
    expect(outcome.responseHeaders).toContainEqual(['X-Echo', 'Bearer ***'])
    const short = await start({ status: 500, body: `got ${key} and ${OLD} and ${OLD.slice(6)}` })
    const { responseBody } = await post(client(short.url, { apiKey: key, signingSecrets: [OLD] }))
    expect(responseBody).toBe('got *** and *** and ***')
  })

  it.each(['', 'x', 'xy'])('ends with a whole character, after %j', async (before) => {
    const receiver = await start({ status: 500, body: before + '€'.repeat(RESPONSE_BODY_KEPT) })
    const { responseBody } = await post(client(receiver.url))
    expect(responseBody).toBe(before + '€'.repeat(Math.floor((RESPONSE_BODY_KEPT - before.length) / 3)))
  })
})

describe('connections', () => {
  it('are as many as allowed, and reused', async () => {
    const receiver = await start()
    const sender = client(receiver.url, { connections: 3 })
    for (let round = 0; round < 5; round++) await Promise.all([1, 2, 3, 4, 5, 6].map((n) => post(sender, n)))
    expect(receiver.connections).toBe(3)
    expect(receiver.requests).toHaveLength(30)
  })

  it('are measured for the request that opened them', async () => {
    const receiver = await start()
    const sender = client(receiver.url, { connections: 1 })
    const first = await post(sender)
    expect(first.timings).toMatchObject({ reused: false, dnsUs: null, tlsUs: null })
    expect(first.timings.connectUs).toBeGreaterThan(0)
    expect(first.timings.firstByteUs).toBeGreaterThan(0)
    const second = await post(sender)
    expect(second.timings).toMatchObject({ reused: true, dnsUs: null, connectUs: null, tlsUs: null })
  })

  it('measure the time until the answer begins', async () => {
    const receiver = await start({ delayMs: 120 })
    const { timings } = await post(client(receiver.url))
    expect(timings.firstByteUs).toBeGreaterThan(115_000)
    expect(timings.firstByteUs).toBeLessThan(1_000_000)
  })
})
