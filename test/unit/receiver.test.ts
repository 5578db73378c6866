import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Agent, type Dispatcher, request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Receiver, type ReceiverOptions } from '../support/receiver'
import {
  type ReceiverProcessOptions,
  readReceived,
  startCountingReceiver,
  startReceiverProcess,
} from '../support/receiver-launcher'
import { tempDir } from '../support/temp-dir'

/** A client with connections of its own, closed after the test. */
function client(
  connections = 8,
): (url: string, body?: Buffer | string, headers?: Record<string, string>) => Promise<Answered> {
  const dispatcher = new Agent({ connections })
  onTestFinished(() => dispatcher.destroy())
  return async (url, body = '', headers = {}) =>
    answered(await request(url, { method: 'POST', body, headers, dispatcher }))
}

interface Answered {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly text: string
}

async function answered({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answered> {
  return { status: statusCode, headers, text: await body.text() }
}

describe('a receiver', () => {
  async function start(options?: ReceiverOptions): Promise<Receiver> {
    const receiver = await Receiver.start(options)
    onTestFinished(() => receiver.close())
    return receiver
  }

  it('records method, path, headers, exact bytes and time, and answers 200', async () => {
    const receiver = await start()
    const body = randomBytes(300_000)
    const before = Date.now()
    const post = client()
    const { status } = await post(`${receiver.url}?a=b`, body, {
      'Webhook-Id': 'an-id',
    })
    expect(status).toBe(200)
    expect(receiver.requests).toHaveLength(1)
    const [got] = receiver.requests
    expect(got).toMatchObject({ method: 'POST', path: '/events?a=b', status: 200 })
    expect(got?.headers['webhook-id']).toBe('an-id')
    expect(got?.rawHeaders).toContain('Webhook-Id')
    expect(got?.body.equals(body)).toBe(true)
    expect(got?.receivedAt).toBeGreaterThanOrEqual(before)
    expect(got?.receivedAt).toBeLessThanOrEqual(Date.now())
    expect(receiver.eventIds).toEqual(['an-id'])
  })

  it('answers as it is told, by the number and the content of the request', async () => {
    const receiver = await start({
      answer: (got, n) =>
        got.body.toString() === 'bad'
          ? { status: 400, body: 'no' }
          : { status: n === 1 ? 503 : 204, headers: { 'Retry-After': '7' } },
    })
    const post = client()
    expect(await post(receiver.url, 'one')).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
    expect(await post(receiver.url, 'two')).toMatchObject({ status: 204 })
    expect(await post(receiver.url, 'bad')).toMatchObject({ status: 400, text: 'no' })
    receiver.answerWith({ status: 201, body: Buffer.from([1, 2, 3]) })
    expect(await post(receiver.url, 'bad')).toMatchObject({ status: 201, text: '\u0001\u0002\u0003' })
    expect(receiver.requests.map((r) => r.status)).toEqual([503, 204, 400, 201])
  })

  it('resets the connection', async () => {
    const receiver = await start({ answer: 'reset' })
    await expect(client()(receiver.url)).rejects.toMatchObject({
      code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/),
    })
    await receiver.waitFor(([first]) => first?.ending === 'reset')
    expect(receiver.requests[0]?.status).toBeNull()
  })

  it('hangs until it is closed', async () => {
    const receiver = await start({ answer: 'hang' })
    const pending = client()(receiver.url).then(
      () => 'answered',
      () => 'broken off',
    )
    await receiver.waitForCount(1)
    expect(receiver.open).toBe(1)
    expect(receiver.requests[0]?.ending).toBe('open')
    await receiver.close()
    await receiver.close()
    expect(await pending).toBe('broken off')
    await expect(client()(receiver.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('answers late by time, or when the test lets it', async () => {
    const receiver = await start({ answer: { delayMs: 30 } })
    const post = client()
    const began = performance.now()
    await post(receiver.url)
    expect(performance.now() - began).toBeGreaterThan(25)
    let open: (answer: { status: number }) => void = () => {}
    const gate = new Promise<{ status: number }>((resolve) => {
      open = resolve
    })
    receiver.answerWith(() => gate)
    const pending = Promise.all([post(receiver.url), post(receiver.url)])
    await receiver.waitForCount(3)
    expect(receiver.open).toBe(2)
    open({ status: 202 })
    expect((await pending).map((r) => r.status)).toEqual([202, 202])
    await receiver.waitFor(() => receiver.open === 0)
    expect(receiver.peakOpen).toBe(2)
  })

  it('tells reused connections from new ones', async () => {
    const receiver = await start()
    const post = client(1)
    for (let i = 0; i < 5; i++) await post(receiver.url)
    expect(receiver.connections).toBe(1)
    await client()(receiver.url)
    expect(receiver.connections).toBe(2)
  })

  it('notes a client that gave up, and records nothing of half a request', async () => {
    const receiver = await start({ answer: 'hang' })
    const socket = connect(receiver.port, '127.0.0.1')
    socket.write('POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
    const other = connect(receiver.port, '127.0.0.1')
    other.write('POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
    await receiver.waitForCount(1)
    socket.destroy()
    other.destroy()
    await receiver.waitFor(([first]) => first?.ending === 'abandoned')
    expect(receiver.requests.map((r) => r.path)).toEqual(['/whole'])
  })

  it('makes a broken answerer visible', async () => {
    const receiver = await start({
      answer: () => {
        throw new Error('oops')
      },
    })
    expect(await client()(receiver.url)).toMatchObject({ status: 599, text: expect.stringContaining('oops') })
  })

  it('says what it got when it waited in vain', async () => {
    const receiver = await start({ answer: { status: 500 } })
    await client()(receiver.url)
    await receiver.waitForCount(1, 1)
    await expect(receiver.waitForCount(2, 1)).rejects.toThrow('It got 1 requests; the last: POST /events 500')
  })
})

describe('a receiver process', { timeout: 30_000 }, () => {
  async function start(options: Partial<ReceiverProcessOptions> = {}) {
    const receiver = await startReceiverProcess({ idsFile: join(tempDir(), 'ids.txt'), ...options })
    onTestFinished(() => receiver.stop())
    return receiver
  }
  const sha256 = (body: Buffer | string) => createHash('sha256').update(body).digest('hex')

  it('has written id and checksum to the file when the answer comes', async () => {
    const receiver = await start()
    const post = client()
    for (let i = 0; i < 20; i++) {
      const body = randomBytes(i * 5000)
      const { status } = await post(receiver.url, body, { 'webhook-id': `id-${i}` })
      expect(status).toBe(200)
      expect(readReceived(receiver.idsFile).at(-1)).toEqual({ eventId: `id-${i}`, sha256: sha256(body), status: 200 })
    }
    await post(receiver.url, 'x')
    expect(readReceived(receiver.idsFile).at(-1)?.eventId).toBe('-')
    expect(readReceived(receiver.idsFile)).toHaveLength(21)
  })

  it('keeps the file when it is killed, and goes on in it at the same port', async () => {
    const first = await start()
    const post = client()
    await post(first.url, 'a', { 'webhook-id': 'one' })
    process.kill(first.pid, 'SIGKILL')
    await first.stop()
    const second = await start({ idsFile: first.idsFile, port: first.port })
    expect(second.url).toBe(first.url)
    await post(second.url, 'b', { 'webhook-id': 'two' })
    expect(readReceived(first.idsFile).map((line) => line.eventId)).toEqual(['one', 'two'])
  })

  it('answers with the mix of status codes and the latency asked for, the same for the same seed', async () => {
    const mixed = async () => {
      const receiver = await start({ statusMix: { 200: 6, 503: 3, 400: 1 }, latencyMs: [10, 20], seed: 5 })
      const post = client()
      const began = performance.now()
      const statuses: number[] = []
      for (let i = 0; i < 40; i++) statuses.push((await post(receiver.url)).status)
      expect((performance.now() - began) / 40).toBeGreaterThan(9)
      expect(readReceived(receiver.idsFile).map((line) => line.status)).toEqual(statuses)
      return statuses
    }
    const statuses = await mixed()
    expect([...new Set(statuses)].sort()).toEqual([200, 400, 503])
    expect(statuses.filter((s) => s === 200).length).toBeGreaterThan(14)
    expect(await mixed()).toEqual(statuses)
  })

  it('says why it did not start', async () => {
    const receiver = await start()
    const idsFile = join(tempDir(), 'ids.txt')
    await expect(startReceiverProcess({ idsFile, port: receiver.port })).rejects.toThrow('EADDRINUSE')
    const nowhere = join(tempDir(), 'no/such/folder')
    await expect(startReceiverProcess({ idsFile: nowhere })).rejects.toThrow('ENOENT')
    expect(existsSync(nowhere)).toBe(false)
  })
})

describe('a counting receiver', { timeout: 30_000 }, () => {
  it('counts requests wherever TCP cuts them, and says what they cost', async () => {
    const receiver = await startCountingReceiver()
    onTestFinished(() => receiver.stop())
    const request = (body: string) =>
      `POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const text = ['first', '', '\r\n\r\nPOST', 'x'.repeat(70_000), 'last'].map(request).join('')
    const answers = (cut: number) =>
      new Promise<number>((resolve, reject) => {
        let got = ''
        const socket = connect({ port: receiver.port, host: '127.0.0.1', noDelay: true }, () => {
          for (let at = 0; at < text.length; at += cut) socket.write(text.slice(at, at + cut))
        })
        socket.on('error', reject).on('data', (chunk) => {
          got += chunk
          const count = got.split('HTTP/1.1 200 OK\r\n').length - 1
          if (count < 5) return
          socket.destroy()
          resolve(count)
        })
      })
    for (const cut of [text.length, 7, 1000]) expect(await answers(cut)).toBe(5)
    const usage = await receiver.usage()
    expect(usage.requests).toBe(15)
    expect(usage.cpuMs).toBeGreaterThan(0)
  })

  it('refuses a body of unknown length, which it could not count', async () => {
    const receiver = await startCountingReceiver()
    onTestFinished(() => receiver.stop())
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('x'))
        controller.close()
      },
    })
    const { status } = await fetch(receiver.url, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect(status).toBe(411)
    expect((await receiver.usage()).requests).toBe(0)
  })

  it('fails all but every n-th request when it is told to', async () => {
    const receiver = await startCountingReceiver({ oneGoodIn: 3 })
    onTestFinished(() => receiver.stop())
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) statuses.push((await fetch(receiver.url, { method: 'POST', body: 'x' })).status)
    expect(statuses).toEqual([503, 503, 200, 503, 503, 200, 503])
    expect((await receiver.usage()).requests).toBe(7)
  })

  it('tells which requests came when, on the clock that processes of a machine share, once each', async () => {
    const receiver = await startCountingReceiver({ arrivals: true })
    onTestFinished(() => receiver.stop())
    const times: [before: number, after: number][] = []
    const now = () => Number(process.hrtime.bigint())
    for (const id of ['a', 'b']) {
      const before = now()
      await fetch(receiver.url, { method: 'POST', body: 'x', headers: { 'webhook-id': id } })
      times.push([before, now()])
    }
    const arrivals = await receiver.arrivals()
    expect(arrivals.map((a) => a.eventId)).toEqual(['a', 'b'])
    for (const [i, { at }] of arrivals.entries()) {
      expect(at).toBeGreaterThan(times[i]![0])
      expect(at).toBeLessThan(times[i]![1])
    }
    await fetch(receiver.url, { method: 'POST', body: 'x' })
    expect((await receiver.arrivals()).map((a) => a.eventId)).toEqual(['-'])
    expect((await receiver.usage()).requests).toBe(3)
  })
})
