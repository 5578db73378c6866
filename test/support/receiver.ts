import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/**
 * What became of a request: still unanswered, answered, reset by us, left to the test's own bytes (`raw`), or given up by the client.
 */
export type Ending = 'open' | 'answered' | 'reset' | 'raw' | 'abandoned'

export interface ReceivedRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** Names and values as they were sent, alternating. */
  readonly rawHeaders: readonly string[]
  /** The exact bytes. */
  readonly body: Buffer
  /** When the body was complete, epoch ms. */
  readonly receivedAt: number
  readonly ending: Ending
  /** Of our answer; null without one. */
  readonly status: number | null
}

export interface Reply {
  /** Default: 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Time between the complete request and the answer. */
  readonly delayMs?: number
}

/** Writes to the connection what it likes, instead of an answer. The connection carries no further request. */
export interface RawAnswer {
  readonly raw: (connection: Socket) => void
}

/** `reset` breaks the connection, `hang` keeps it open without an answer until the receiver is closed. */
export type Answer = Reply | RawAnswer | 'reset' | 'hang'

/**
 * Decides the answer to a request; `n` counts the requests from 1. A promise holds the answer back until it settles, which
 * lets a test decide when a receiver answers.
 */
export type Answerer = (request: ReceivedRequest, n: number) => Answer | Promise<Answer>

export interface ReceiverOptions {
  /** Default: 200 without a body. */
  readonly answer?: Answerer | Answer
  /** Default: a free one. */
  readonly port?: number
  /** Key and certificate in PEM: the receiver speaks TLS. Default: it does not. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

const WAIT_LIMIT_MS = 10_000

interface Waiter {
  readonly done: () => boolean
  readonly resolve: () => void
}

/** A real HTTP server on loopback that records what it gets and answers as a test wants. */
export class Receiver {
  readonly requests: ReceivedRequest[] = []
  /** Connections ever opened: what tells keep-alive from a connection for each request. */
  connections = 0
  /** The largest number of requests that were unanswered at the same time. */
  peakOpen = 0
  #open = 0
  #answer: Answerer
  #port = 0
  #closed = false
  readonly #waiters = new Set<Waiter>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #raw = new Set<Socket>()
  readonly #scheme: 'http' | 'https'
  readonly #server: Server

  private constructor({ answer = {}, tls }: ReceiverOptions) {
    this.#answer = asAnswerer(answer)
    this.#scheme = tls === undefined ? 'http' : 'https'
    const receive = (request: IncomingMessage, response: ServerResponse) => this.#receive(request, response)
    const keepAliveTimeout = 60_000
    this.#server =
      tls === undefined
        ? createServer({ keepAliveTimeout }, receive)
        : createTlsServer({ ...tls, keepAliveTimeout }, receive)
    this.#server.on('connection', () => this.connections++)
  }

  /** Starts a receiver; it accepts requests when this resolves. */
  static async start(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options)
    await receiver.#listen(options.port ?? 0)
    return receiver
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get port(): number {
    return this.#port
  }

  /** Address to use as callback URL. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.#port}/events`
  }

  /** Requests that are not answered at this moment. */
  get open(): number {
    return this.#open
  }

  /** The value of the `webhook-id` header of each request, in order of arrival; an empty string where it lacks. */
  get eventIds(): string[] {
    return this.requests.map((request) => String(request.headers['webhook-id'] ?? ''))
  }

  /** Changes the answer to requests that arrive from now on. */
  answerWith(answer: Answerer | Answer): void {
    this.#answer = asAnswerer(answer)
  }

  /**
   * Waits until the predicate holds for the requests recorded so far. It is asked now, after each request that arrives and after
   * each that ends. Rejects when it does not hold within `limitMs`.
   */
  waitFor(
    predicate: (requests: readonly ReceivedRequest[]) => boolean,
    limitMs: number = WAIT_LIMIT_MS,
  ): Promise<void> {
    const done = () => predicate(this.requests)
    if (done()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#waiters.delete(waiter)
        const last = this.requests.slice(-5).map((r) => `${r.method} ${r.path} ${r.status ?? r.ending}`)
        reject(
          new Error(
            `The receiver waited ${limitMs} ms in vain. It got ${this.requests.length} requests; the last: ${last.join(', ')}`,
          ),
        )
      }, limitMs)
      const waiter: Waiter = {
        done,
        resolve: () => {
          clearTimeout(limit)
          resolve()
        },
      }
      this.#waiters.add(waiter)
    })
  }

  /** Waits until this many requests have arrived. */
  waitForCount(count: number, limitMs?: number): Promise<void> {
    return this.waitFor((requests) => requests.length >= count, limitMs)
  }

  /** Breaks all connections, the hanging ones too, and frees the port. Calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.refuse()
  }

  /** Breaks all connections and refuses new ones until {@link comeBack}. What was recorded is kept. */
  async refuse(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
      // Those that a raw answer took over are not among them.
      for (const socket of this.#raw) socket.destroy()
    })
  }

  /** Accepts requests again, at the same address. */
  comeBack(): Promise<void> {
    return this.#listen(this.#port)
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A client that gives up in the middle of the body sent no request; nothing is recorded.
    request.on('error', () => {})
    request.on('end', () => {
      const received: Recorded = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(chunks),
        receivedAt: Date.now(),
        ending: 'open',
        status: null,
      }
      this.requests.push(received)
      this.#open++
      this.peakOpen = Math.max(this.peakOpen, this.#open)
      response.on('close', () => {
        this.#open--
        if (received.ending === 'open') received.ending = response.writableFinished ? 'answered' : 'abandoned'
        this.#wake()
      })
      const n = this.requests.length
      void this.#decide(received, n, response)
      this.#wake()
    })
  }

  async #decide(received: Recorded, n: number, response: ServerResponse): Promise<void> {
    let answer: Answer
    try {
      answer = await this.#answer(received, n)
    } catch (error) {
      // A broken answerer must not look like a receiver that hangs.
      answer = { status: 599, body: `The test's answerer threw: ${String(error)}` }
    }
    if (answer === 'hang') return
    if (answer === 'reset') {
      received.ending = 'reset'
      response.socket?.resetAndDestroy()
      return
    }
    if ('raw' in answer) {
      received.ending = 'raw'
      const { socket } = response
      if (socket === null) return
      this.#raw.add(socket)
      socket.once('close', () => this.#raw.delete(socket))
      return answer.raw(socket)
    }
    const { delayMs = 0 } = answer
    if (delayMs <= 0) return reply(received, response, answer)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      reply(received, response, answer)
    }, delayMs)
    this.#timers.add(timer)
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.done()) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }
}

type Recorded = { -readonly [K in keyof ReceivedRequest]: ReceivedRequest[K] }

function reply(received: Recorded, response: ServerResponse, { status = 200, headers = {}, body = '' }: Reply): void {
  if (response.destroyed) return
  received.status = status
  const bytes = Buffer.from(body)
  response.writeHead(status, { 'Content-Length': String(bytes.length), ...headers })
  response.end(bytes)
}

function asAnswerer(answer: Answerer | Answer): Answerer {
  return typeof answer === 'function' ? answer : () => answer
}
