import { lookup } from 'node:dns'
import { isIP, Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher, errors, Pool } from 'undici'
import { sharedLookup } from './shared-lookup'

/** How long each step of opening a connection took, in µs; null = it did not happen, or did not end. */
export interface Opening {
  dnsUs: number | null
  connectUs: number | null
  tlsUs: number | null
  /** The step that runs or failed; null once the connection is open. */
  step: 'resolve' | 'connect' | 'tls' | null
}

/** A handler that wants to know over which client its request goes. */
export interface MeteredHandler extends Dispatcher.DispatchHandler {
  client: MeteredClient | null
}

/** One place of the pool. It has one connection at a time and knows how that came about. */
export class MeteredClient extends Client {
  #opening: Opening | null = null

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if ('client' in handler) (handler as MeteredHandler).client = this
    return super.dispatch(options, handler)
  }

  /** The connection that is being opened, or is open and has carried no request; else null. */
  get opening(): Opening | null {
    return this.#opening
  }

  /** Like {@link opening}, once for each connection: for the request that is its first. */
  takeOpening(): Opening | null {
    const opening = this.#opening
    this.#opening = null
    return opening
  }

  /** Called when a connection is begun. */
  begin(opening: Opening): void {
    this.#opening = opening
  }
}

export interface MeteredPoolOptions {
  readonly connections: number
  /** For name, connection and TLS together. */
  readonly connectTimeoutMs: number
}

/**
 * A pool of connections to one origin that carry one request at a time. It has no time limit but the one for opening a connection:
 * the whole attempt is limited by who sends it.
 */
export function meteredPool(origin: string, { connections, connectTimeoutMs }: MeteredPoolOptions): Pool {
  // One for all clients of the pool, so that they share TLS sessions.
  const open = buildConnector({ timeout: 0, lookup: sharedLookup(lookup) })
  return new Pool(origin, {
    connections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 64 * 1024,
    // A request that is written while the receiver closes the idle connection fails, though nothing is wrong. So we are the first to
    // close it: after 4 s (many servers wait 5), or one second before the time that the server names in its Keep-Alive header.
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 60_000,
    keepAliveTimeoutThreshold: 1000,
    factory: (url: URL, options: object) => {
      const client: MeteredClient = new MeteredClient(url, {
        ...options,
        connect: (to, callback) => connect(client, open, connectTimeoutMs, to, callback),
      })
      return client
    },
  })
}

function connect(
  client: MeteredClient,
  open: buildConnector.connector,
  limitMs: number,
  to: buildConnector.Options,
  callback: buildConnector.Callback,
): void {
  const opening: Opening = { dnsUs: null, connectUs: null, tlsUs: null, step: 'connect' }
  client.begin(opening)
  let mark = performance.now()
  const lap = (): number => {
    const now = performance.now()
    const us = Math.round((now - mark) * 1000)
    mark = now
    return us
  }
  const timer = setTimeout(() => {
    const step = { resolve: 'finding the address of', connect: 'connecting to', tls: 'agreeing on TLS with' }
    const text = `Time limit of ${limitMs} ms while ${step[opening.step ?? 'connect']} ${to.hostname}`
    socket?.destroy(new errors.ConnectTimeoutError(text))
  }, limitMs)
  const ended: buildConnector.Callback = (...result) => {
    clearTimeout(timer)
    callback(...result)
  }
  // It gives the socket back, though its type does not say so.
  const socket = open(to, ended) as unknown as Socket | undefined
  if (!(socket instanceof Socket)) return
  if (isIP(to.hostname) === 0) opening.step = 'resolve'
  socket.once('lookup', () => {
    opening.dnsUs = lap()
    opening.step = 'connect'
  })
  socket.once('connect', () => {
    opening.connectUs = lap()
    opening.step = to.protocol === 'https:' ? 'tls' : null
  })
  socket.once('secureConnect', () => {
    opening.tlsUs = lap()
    opening.step = null
  })
}
