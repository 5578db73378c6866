import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { RETRY_AFTER } from '../../main/engine/delivery/retry-after'
import {
  type PostOutcome,
  RESPONSE_BODY_KEPT,
  type WebhookClient,
  type WebhookOptions,
} from '../../main/engine/delivery/webhook'
import { formatUuid } from '../../main/store/uuid'
import type { AttemptErrorCode } from '../../shared/attempt-errors'
import { FakeClock } from '../support/fake-clock'
import { type Fault, FaultReceiver, type FaultReceiverOptions, fixtureCertificate } from '../support/fault-receiver'
import { eventId, post, webhookClient } from '../support/posts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: FaultReceiverOptions = {}): Promise<FaultReceiver> {
  const receiver = await FaultReceiver.start(options)
  closing.push(() => receiver.close())
  return receiver
}

function client(url: string, options: Partial<WebhookOptions> = {}): WebhookClient {
  const made = webhookClient(url, options)
  closing.push(() => made.destroy())
  return made
}

async function timed(run: () => Promise<PostOutcome>): Promise<PostOutcome & { ms: number }> {
  const begin = performance.now()
  const outcome = await run()
  return { ...outcome, ms: performance.now() - begin }
}

/** A TCP server that does with a connection what a test wants. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

describe('what a fault of the receiver comes to', () => {
  it.each<[Fault, number | null, AttemptErrorCode | null]>([
    ['ok', 200, null],
    [{ status: 204 }, 204, null],
    ['rejected', 400, 'rejected'],
    [{ status: 401 }, 401, 'unauthorized'],
    ['gone', 410, 'gone'],
    [{ status: 429 }, 429, 'too_many_requests'],
    [{ status: 500 }, 500, 'server_error'],
    [{ status: 503 }, 503, 'server_error'],
    ['redirect', 302, 'redirect'],
    ['reset', null, 'connection_reset'],
    ['drop', null, 'connection_reset'],
    ['reset-mid-body', 200, 'response_incomplete'],
    ['cut-mid-body', 200, 'response_incomplete'],
    ['huge-body', 500, 'server_error'],
    ['malformed', null, 'bad_response'],
    ['malformed-length', null, 'bad_response'],
    ['switching', null, 'bad_response'],
    ['close-idle', 200, null],
  ])('%j', async (fault, statusCode, errorCode) => {
    const receiver = await start({ fault })
    const outcome = await timed(() => post(client(receiver.url)))
    expect(outcome).toMatchObject({ statusCode, errorCode })
    expect(outcome.ms).toBeLessThan(2000)
    // One request and no other: nothing is repeated, no redirect is followed.
    expect(receiver.receiver.requests).toHaveLength(1)
    expect(receiver.receiver.requests[0]?.path).toBe('/events')
  })

  it('goes on over a new connection after any of them', async () => {
    const receiver = await start()
    const faults: Fault[] = ['reset', 'drop', 'cut-mid-body', 'huge-body', 'malformed', 'switching', 'reset-mid-body']
    receiver.script(...faults.flatMap((fault): Fault[] => [fault, 'ok']))
    const sender = client(receiver.url, { connections: 1 })
    for (const [n] of faults.entries()) {
      expect((await post(sender, n)).errorCode).not.toBeNull()
      expect((await post(sender, n)).errorCode).toBeNull()
    }
    expect(receiver.taken).toHaveLength(faults.length)
    expect(receiver.duplicates.size).toBe(0)
  })

  it('tells a refused connection, and delivers when the receiver is back', async () => {
    const receiver = await start()
    const sender = client(receiver.url)
    expect((await post(sender)).errorCode).toBeNull()
    await receiver.refuse()
    for (let n = 0; n < 3; n++) {
      const { errorCode, statusCode, timings } = await post(sender)
      expect({ errorCode, statusCode }).toEqual({ errorCode: 'connection_refused', statusCode: null })
      expect(timings).toEqual({ reused: null, dnsUs: null, connectUs: null, tlsUs: null, firstByteUs: null })
    }
    await receiver.comeBack()
    expect((await post(sender)).errorCode).toBeNull()
  })

  it('tells a host name that does not resolve', async () => {
    // Longer than a label may be, so that no name service is asked.
    const { errorCode } = await post(client(`http://${'a'.repeat(64)}.invalid/events`))
    expect(errorCode).toBe('host_not_found')
  })

  it('tells headers without end', async () => {
    const port = await rawServer((socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}`))
    expect((await post(client(`http://127.0.0.1:${port}/`))).errorCode).toBe('bad_response')
  })

  it.each<[string, number | null, AttemptErrorCode]>([
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab', 200, 'response_incomplete'],
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab', 200, 'response_incomplete'],
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nab', 200, 'response_incomplete'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab', 200, 'bad_response'],
    ['HTTP/1.1 200', null, 'connection_reset'],
    ['', null, 'connection_reset'],
    ['{"ok":true}', null, 'bad_response'],
    ['HTTP/1.1 100 Continue\r\n\r\n', null, 'bad_response'],
    ['HTTP/1.1 099 No\r\n\r\n', null, 'bad_response'],
  ])('tells what ends after %j', async (text, statusCode, errorCode) => {
    const port = await rawServer((socket) => socket.once('data', () => socket.end(text)))
    expect(await post(client(`http://127.0.0.1:${port}/`))).toMatchObject({ statusCode, errorCode })
  })

  it('takes a body that ends with the connection', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 500 No\r\n\r\nwhy')))
    const outcome = await post(client(`http://127.0.0.1:${port}/`))
    expect(outcome).toMatchObject({ errorCode: 'server_error', responseBody: 'why' })
  })

  it('takes the final answer after interim ones', async () => {
    const port = await rawServer((socket) => {
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 503 No\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n',
        ),
      )
    })
    const outcome = await post(client(`http://127.0.0.1:${port}/`))
    expect(outcome).toMatchObject({ statusCode: 503, errorCode: 'server_error', retryAfterMs: 9000 })
  })
})

describe('the limit of the whole attempt', () => {
  const totalTimeoutMs = 300

  it('ends one that hangs', async () => {
    const receiver = await start({ fault: 'hang' })
    const outcome = await timed(() => post(client(receiver.url, { totalTimeoutMs })))
    expect(outcome).toMatchObject({ statusCode: null, errorCode: 'response_timeout' })
    expect(outcome.ms).toBeGreaterThanOrEqual(totalTimeoutMs - 1)
    expect(outcome.ms).toBeLessThan(totalTimeoutMs + 500)
    await receiver.waitFor(({ receiver: { open } }) => open === 0)
  })

  it('ends a body that trickles for ever', async () => {
    const receiver = await start({ fault: 'slow-body' })
    const outcome = await timed(() => post(client(receiver.url, { totalTimeoutMs })))
    expect(outcome).toMatchObject({ statusCode: 200, errorCode: 'response_timeout' })
    expect(outcome.timings.firstByteUs).toBeLessThan(totalTimeoutMs * 1000)
    expect(outcome.ms).toBeGreaterThanOrEqual(totalTimeoutMs - 1)
    expect(outcome.ms).toBeLessThan(totalTimeoutMs + 500)
    await receiver.waitFor(({ receiver: { open } }) => open === 0)
  })

  it('holds for each attempt from its own start', async () => {
    const limit = 800
    const receiver = await start({ fault: 'hang' })
    const sender = client(receiver.url, { totalTimeoutMs: limit, connections: 8 })
    const first = timed(() => post(sender, 1))
    // Half of the time later, by the limit of another client.
    await post(client(receiver.url, { totalTimeoutMs: limit / 2 }), 2)
    const second = timed(() => post(sender, 3))
    for (const { errorCode, ms } of await Promise.all([first, second])) {
      expect(errorCode).toBe('response_timeout')
      expect(ms).toBeGreaterThanOrEqual(limit - 1)
      expect(ms).toBeLessThan(limit + 350)
    }
  })

  it('counts the time in which no connection is free, and sends nothing after it', async () => {
    const receiver = await start({ fault: 'hang' })
    const sender = client(receiver.url, { totalTimeoutMs, connections: 1 })
    const first = post(sender, 1)
    const waiting = await Promise.all(Array.from({ length: 20 }, (_, i) => post(sender, i + 2)))
    expect((await first).errorCode).toBe('response_timeout')
    receiver.always('ok')
    expect((await post(sender, 99)).errorCode).toBeNull()
    const arrived = new Set(receiver.arrivals.map(({ id }) => id))
    const late = waiting.filter(({ errorCode }) => errorCode === 'connect_timeout')
    // The connection of the first one may come free a moment before the time of another is over.
    expect(late.length).toBeGreaterThanOrEqual(15)
    for (const [i, { errorCode }] of waiting.entries()) {
      if (errorCode === 'connect_timeout') expect(arrived).not.toContain(formatUuid(eventId(i + 2)))
      else expect(errorCode).toBe('response_timeout')
    }
  })

  it('does not hit an answer that is in time', async () => {
    const receiver = await start()
    receiver.receiver.answerWith({ delayMs: 150 })
    const sender = client(receiver.url, { totalTimeoutMs: 1000 })
    for (let n = 0; n < 3; n++) expect((await post(sender, n)).errorCode).toBeNull()
  })
})

describe('the limit of opening a connection', () => {
  it('ends a TLS handshake that is not answered', async () => {
    const port = await rawServer(() => {})
    const outcome = await timed(() => post(client(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 250 })))
    expect(outcome).toMatchObject({ statusCode: null, errorCode: 'connect_timeout' })
    expect(outcome.errorDetail).toBe('Time limit of 250 ms while agreeing on TLS with 127.0.0.1')
    expect(outcome.timings.connectUs).not.toBeNull()
    expect(outcome.ms).toBeGreaterThanOrEqual(249)
    expect(outcome.ms).toBeLessThan(750)
  })

  it('is never longer than that of the attempt, and gives the connection up with it', async () => {
    let closed: () => void
    const given = new Promise<void>((resolve) => (closed = resolve))
    const port = await rawServer((socket) => socket.once('close', () => closed()).resume())
    const sender = client(`https://127.0.0.1:${port}/`, { connectTimeoutMs: 60_000, totalTimeoutMs: 200 })
    const outcome = await timed(() => post(sender))
    expect(outcome.errorCode).toBe('connect_timeout')
    expect(outcome.ms).toBeLessThan(700)
    await given
  })

  it('does not count for the answer', async () => {
    const receiver = await start()
    receiver.receiver.answerWith({ delayMs: 300 })
    expect((await post(client(receiver.url, { connectTimeoutMs: 100 }))).errorCode).toBeNull()
  })
})

describe('TLS', () => {
  function trustFixtures(): void {
    const before = getCACertificates('default')
    setDefaultCACertificates([...before, fixtureCertificate('authority')])
    closing.push(async () => setDefaultCACertificates(before))
  }

  it.each([
    ['self-signed', /self-signed/],
    ['expired', /expired/],
    ['other-host', /127\.0\.0\.1 is not in the cert's list|does not match certificate/],
  ] as const)('refuses a certificate that is %s before anything is sent', async (tls, detail) => {
    trustFixtures()
    const receiver = await start({ tls })
    const outcome = await post(client(receiver.url))
    expect(outcome).toMatchObject({ statusCode: null, errorCode: 'tls_failed' })
    expect(outcome.errorDetail).toMatch(detail)
    expect(receiver.arrivals).toEqual([])
  })

  it('refuses a certificate of an authority that is not trusted', async () => {
    const receiver = await start({ tls: 'valid' })
    expect((await post(client(receiver.url))).errorCode).toBe('tls_failed')
    expect(receiver.arrivals).toEqual([])
  })

  it('delivers with a trusted one, and measures the handshake once', async () => {
    trustFixtures()
    const receiver = await start({ tls: 'valid' })
    const sender = client(receiver.url.replace('127.0.0.1', 'localhost'), { connections: 1 })
    const first = await post(sender, 1)
    expect(first).toMatchObject({ errorCode: null, timings: { reused: false } })
    for (const us of [first.timings.dnsUs, first.timings.connectUs, first.timings.tlsUs, first.timings.firstByteUs]) {
      expect(us).toBeGreaterThanOrEqual(0)
      expect(us).toBeLessThan(5_000_000)
    }
    const { timings } = await post(sender, 2)
    expect(timings).toMatchObject({ reused: true, dnsUs: null, connectUs: null, tlsUs: null })
    expect(timings.firstByteUs).toBeGreaterThan(0)
  })

  it('tells a port that speaks no TLS, and one that hangs up', async () => {
    const plain = await start()
    expect((await post(client(plain.url.replace('http:', 'https:')))).errorCode).toBe('tls_failed')
    const port = await rawServer((socket) => socket.once('data', () => socket.destroy()))
    expect((await post(client(`https://127.0.0.1:${port}/`))).errorCode).toBe('tls_failed')
  })

  it('tells a receiver with TLS that is addressed without', async () => {
    const secure = await start({ tls: 'valid' })
    const { errorCode } = await post(client(secure.url.replace('https:', 'http:')))
    expect(['bad_response', 'connection_reset']).toContain(errorCode)
  })
})

describe('Retry-After', () => {
  const clock = new FakeClock(Date.UTC(2026, 10, 6, 8, 49, 7))

  it.each<[number, string | undefined, number | null]>([
    [429, '7', 7000],
    [503, '120', 120_000],
    [503, 'Fri, 06 Nov 2026 08:49:37 GMT', 30_000],
    [429, 'Friday, 06-Nov-26 08:49:37 GMT', 30_000],
    [429, '0', RETRY_AFTER.minMs],
    [503, '86400', RETRY_AFTER.maxMs],
    [503, 'soon', null],
    [429, undefined, null],
    [500, '7', null],
    [200, '7', null],
  ])('of %i with %j is %j', async (status, value, retryAfterMs) => {
    const receiver = await start({ fault: { status, headers: value === undefined ? {} : { 'Retry-After': value } } })
    expect((await post(client(receiver.url, { clock }))).retryAfterMs).toBe(retryAfterMs)
  })
})

describe('the answer that is kept', () => {
  it('is the start of a body without end, which is not read on', async () => {
    const receiver = await start({ fault: 'huge-body' })
    const outcome = await timed(() => post(client(receiver.url)))
    expect(outcome).toMatchObject({ statusCode: 500, errorCode: 'server_error' })
    expect(outcome.responseBody).toBe('x'.repeat(RESPONSE_BODY_KEPT))
    await receiver.waitFor(({ receiver: { open } }) => open === 0)
    // What the sockets of both sides hold, and no more.
    expect(receiver.hugeBytes).toBeLessThan(16 * 1024 * 1024)
  })

  it('counts a large answer of success as one', async () => {
    const receiver = await start({ fault: { status: 200, body: 'x'.repeat(1_000_000) } })
    const sender = client(receiver.url, { connections: 1 })
    for (let n = 0; n < 3; n++) expect(await post(sender, n)).toMatchObject({ errorCode: null, responseBody: null })
  })
})

describe('connections that the receiver ends', () => {
  it('right after its answer cost no delivery', async () => {
    const receiver = await start({ fault: 'close-idle' })
    const sender = client(receiver.url, { connections: 4 })
    const failed: PostOutcome[] = []
    for (let round = 0; round < 50; round++) {
      const outcomes = await Promise.all([1, 2, 3, 4].map((n) => post(sender, round * 4 + n)))
      failed.push(...outcomes.filter(({ errorCode }) => errorCode !== null))
    }
    expect(failed).toEqual([])
    expect(receiver.taken).toHaveLength(200)
    expect(receiver.receiver.connections).toBe(200)
  })

  it('in the moment of the next request fail that attempt alone, as a broken connection', async () => {
    const receiver = await start()
    receiver.always((_, n) => (n % 2 === 0 ? 'drop' : 'ok'))
    const sender = client(receiver.url, { connections: 1 })
    for (let n = 1; n <= 20; n++) {
      const outcome = await post(sender, n)
      if (n % 2 === 1) expect(outcome).toMatchObject({ errorCode: null, timings: { reused: false } })
      else expect(outcome).toMatchObject({ errorCode: 'connection_reset', timings: { reused: true } })
    }
  })

  it('after the time that it names are ended by us a second before', async () => {
    let closedAfter = 0
    let begin = 0
    const ended = new Promise<void>((resolve) => {
      void rawServer((socket) => {
        socket.once('data', () => {
          begin = performance.now()
          socket.write('HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n')
        })
        socket.once('end', () => {
          closedAfter = performance.now() - begin
          resolve()
        })
      }).then((port) => post(client(`http://127.0.0.1:${port}/`)))
    })
    await ended
    expect(closedAfter).toBeGreaterThan(900)
    expect(closedAfter).toBeLessThan(1700)
  })
})

describe('ending a client', () => {
  it('fails what is in flight, waits or comes later, each once', async () => {
    const receiver = await start({ fault: 'hang' })
    const sender = client(receiver.url, { connections: 2 })
    const told: string[] = []
    sender.post(eventId(1), Buffer.from('{}'), ({ errorCode }) => told.push(errorCode ?? ''))
    const flights = [2, 3, 4].map((n) => post(sender, n))
    await receiver.waitFor(({ arrivals }) => arrivals.length === 2)
    const gone = sender.destroy()
    expect(told).toEqual(['cancelled'])
    for (const { errorCode } of await Promise.all(flights)) expect(errorCode).toBe('cancelled')
    await gone
    expect((await post(sender, 5)).errorCode).toBe('cancelled')
    expect(told).toHaveLength(1)
    expect(receiver.arrivals).toHaveLength(2)
  })
})

describe('the record of a fault receiver', () => {
  it('knows what was taken, in which order, and what twice', async () => {
    const receiver = await start()
    const sender = client(receiver.url, { connections: 1 })
    receiver.script('reset', 'ok', 'ok', 'rejected', 'close-idle', 'ok')
    for (const n of [1, 2, 1, 3, 2, 2]) await post(sender, n)
    const id = (n: number) => `00000000-0000-0000-0000-00000000000${n}`
    expect(receiver.arrivals.map(({ id: got }) => got)).toEqual([1, 2, 1, 3, 2, 2].map(id))
    expect(receiver.arrivals.map(({ taken }) => taken)).toEqual([false, true, true, false, true, true])
    expect(receiver.taken).toEqual([id(2), id(1)])
    expect(receiver.duplicates).toEqual(new Map([[id(2), 2]]))
    await receiver.waitForTaken([id(1), id(2)])
    await expect(receiver.waitForTaken([id(3)], 50)).rejects.toThrow('in vain')
  })
})
