import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { type Answer, type ReceivedRequest, Receiver } from './receiver'

/**
 * What a receiver does with a request that has arrived complete:
 *
 * - `ok`, `rejected`, `gone`: answers 200, 400, 410
 * - `reset`, `drop`: breaks the connection before any answer, with a TCP reset or an orderly end
 * - `reset-mid-body`, `cut-mid-body`: the same in the middle of an answer of 200
 * - `hang`: never answers
 * - `slow-body`: answers 200 at once, then sends a byte of the body now and then, for ever
 * - `huge-body`: answers 500 with a body that does not end
 * - `redirect`: answers 302 to another path of its own
 * - `malformed`, `malformed-length`: answers what is no HTTP, or has two lengths
 * - `switching`: answers 101 though nobody asked
 * - `close-idle`: answers 200, promises to keep the connection, and ends it at once
 */
export type Fault =
  | 'ok'
  | 'rejected'
  | 'gone'
  | 'reset'
  | 'drop'
  | 'reset-mid-body'
  | 'cut-mid-body'
  | 'hang'
  | 'slow-body'
  | 'huge-body'
  | 'redirect'
  | 'malformed'
  | 'malformed-length'
  | 'switching'
  | 'close-idle'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** Certificates of `test/fixtures/tls`. All but `valid` are refused; `valid` is good for whoever trusts the authority there. */
export type TlsFault = 'valid' | 'expired' | 'other-host' | 'self-signed'

export interface FaultReceiverOptions {
  /** For each request, in order of arrival, counted from 1. Default: always `ok`. */
  readonly fault?: Fault | ((request: ReceivedRequest, n: number) => Fault)
  readonly tls?: TlsFault
  readonly port?: number
}

/** One request, as the proofs count it. */
export interface Arrival {
  /** The `webhook-id` header; an empty string where it lacks. */
  readonly id: string
  readonly fault: Fault
  /** True when the receiver took the event: it answered 2xx to the end. */
  readonly taken: boolean
}

const SLOW_BODY_EVERY_MS = 20
/** An answer without end ends here all the same, or a client that reads on would never fail a test. */
const HUGE_BODY_MAX = 256 * 1024 * 1024
/** So that the bytes before a reset are read before it discards them. */
const BEFORE_RESET_MS = 50

/** A TLS certificate of the fixtures, in PEM. */
export function fixtureCertificate(name: TlsFault | 'authority'): string {
  return readFileSync(join(import.meta.dirname, '../fixtures/tls', `${name}.pem`), 'utf8')
}

/** A receiver for proofs: fails in every way that a receiver can, on request or by a script, and knows what it has got and taken. */
export class FaultReceiver {
  readonly receiver: Receiver
  readonly #faults = new Map<ReceivedRequest, Fault>()
  #script: Fault[] = []
  #fault: (request: ReceivedRequest, n: number) => Fault
  #hugeBytes = 0

  private constructor(receiver: Receiver, { fault = 'ok' }: FaultReceiverOptions) {
    this.receiver = receiver
    this.#fault = typeof fault === 'function' ? fault : () => fault
    receiver.answerWith((request, n) => {
      const chosen = this.#script.shift() ?? this.#fault(request, n)
      this.#faults.set(request, chosen)
      return this.#answer(chosen)
    })
  }

  /** Starts a receiver; it accepts requests when this resolves. */
  static async start(options: FaultReceiverOptions = {}): Promise<FaultReceiver> {
    const key = readFileSync(join(import.meta.dirname, '../fixtures/tls/server.key'), 'utf8')
    const tls = options.tls === undefined ? {} : { tls: { key, cert: fixtureCertificate(options.tls) } }
    const receiver = await Receiver.start({ ...tls, port: options.port ?? 0 })
    return new FaultReceiver(receiver, options)
  }

  /** Address to use as callback URL. */
  get url(): string {
    return this.receiver.url
  }

  /** What is done with requests from now on, unless the script says otherwise. */
  always(fault: Fault | ((request: ReceivedRequest, n: number) => Fault)): void {
    this.#fault = typeof fault === 'function' ? fault : () => fault
  }

  /** What is done with the next requests, one fault each, before the usual takes over again. */
  script(...faults: Fault[]): void {
    this.#script.push(...faults)
  }

  /** Closes the port and breaks all connections, until {@link comeBack}. */
  refuse(): Promise<void> {
    return this.receiver.refuse()
  }

  comeBack(): Promise<void> {
    return this.receiver.comeBack()
  }

  /** Every request in order of arrival. */
  get arrivals(): Arrival[] {
    return this.receiver.requests.map((request) => {
      const fault = this.#faults.get(request) ?? 'ok'
      const answered = request.ending === 'answered' && request.status !== null && request.status < 300
      return {
        id: String(request.headers['webhook-id'] ?? ''),
        fault,
        taken: answered || (fault === 'close-idle' && request.ending === 'raw'),
      }
    })
  }

  /** Ids of the events that were taken, each once, in the order of their first taking. */
  get taken(): string[] {
    return [...new Set(this.arrivals.filter(({ taken }) => taken).map(({ id }) => id))]
  }

  /** How often each id was taken beyond the first time; ids without a duplicate are not in it. */
  get duplicates(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { id, taken } of this.arrivals) if (taken) counts.set(id, (counts.get(id) ?? -1) + 1)
    return new Map([...counts].filter(([, more]) => more > 0))
  }

  /** How many bytes of `huge-body` the system accepted so far, over all requests. */
  get hugeBytes(): number {
    return this.#hugeBytes
  }

  /** Waits until the predicate holds; asked now, after each request that arrives and after each that ends. */
  waitFor(predicate: (receiver: FaultReceiver) => boolean, limitMs?: number): Promise<void> {
    return this.receiver.waitFor(() => predicate(this), limitMs)
  }

  /** Waits until all these events were taken. */
  waitForTaken(ids: readonly string[], limitMs?: number): Promise<void> {
    return this.waitFor(() => {
      const taken = new Set(this.taken)
      return ids.every((id) => taken.has(id))
    }, limitMs)
  }

  close(): Promise<void> {
    return this.receiver.close()
  }

  #answer(fault: Fault): Answer {
    if (typeof fault === 'object') return fault
    switch (fault) {
      case 'ok':
        return { status: 200 }
      case 'rejected':
        return { status: 400, body: 'no such order' }
      case 'gone':
        return { status: 410 }
      case 'redirect':
        return { status: 302, headers: { location: '/elsewhere' } }
      case 'reset':
      case 'hang':
        return fault
      case 'drop':
        return { raw: (connection) => connection.end() }
      case 'reset-mid-body':
        return {
          raw: (connection) => {
            connection.write(head('200 OK', 'content-length: 1000'))
            setTimeout(() => connection.resetAndDestroy(), BEFORE_RESET_MS)
          },
        }
      case 'cut-mid-body':
        return { raw: (connection) => connection.end(`${head('200 OK', 'content-length: 1000')}half`) }
      case 'slow-body':
        return { raw: trickle }
      case 'huge-body':
        return { raw: (connection) => this.#flood(connection) }
      case 'malformed':
        return { raw: (connection) => connection.end('SSH-2.0-OpenSSH_9.2\r\n\r\n') }
      case 'malformed-length':
        return {
          raw: (connection) => connection.end(`${head('200 OK', 'content-length: 2', 'content-length: 3')}abc`),
        }
      case 'switching':
        return {
          raw: (connection) =>
            connection.write(head('101 Switching Protocols', 'upgrade: other', 'connection: upgrade')),
        }
      case 'close-idle':
        return {
          raw: (connection) => connection.end(head('200 OK', 'content-length: 0', 'keep-alive: timeout=60')),
        }
    }
  }

  #flood(connection: Socket): void {
    const chunk = Buffer.alloc(16 * 1024, 'x')
    connection.write(head('500 Internal Server Error', `content-length: ${2 ** 40}`))
    const more = () => {
      while (connection.writable && this.#hugeBytes < HUGE_BODY_MAX) {
        this.#hugeBytes += chunk.length
        if (!connection.write(chunk)) return
      }
      connection.end()
    }
    connection.on('drain', more)
    connection.on('error', () => {})
    more()
  }
}

function head(status: string, ...headers: string[]): string {
  return `HTTP/1.1 ${status}\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`
}

function trickle(connection: Socket): void {
  connection.write(head('200 OK', 'content-length: 1000000'))
  const timer = setInterval(() => connection.write('.'), SLOW_BODY_EVERY_MS)
  connection.on('error', () => {})
  connection.once('close', () => clearInterval(timer))
}
