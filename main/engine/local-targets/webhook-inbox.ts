import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InboxRequest, InboxRequestDetail, InboxStatus } from '../../../shared/domain'
import { AppError } from '../../../shared/errors'
import type { SettingStore } from '../../store/settings'
import type { Clock } from '../clock'

/** Requests kept in memory, newest last; the inbox is a test tool, not a record. */
export const INBOX_KEPT = 1000

const BODY_MAX = 2 * 1024 * 1024
const IDS_REMEMBERED = 100_000
const HOST = '127.0.0.1'
const PATH = '/inbox'
const PORT_SETTING = 'inbox.port'

/** A receiver on loopback to rehearse a webhook integration with: answers 200 and shows what came. */
export class WebhookInbox {
  readonly #settings: SettingStore
  readonly #clock: Clock
  readonly #onChange: () => void
  #server: Server | null = null
  #requests: InboxRequestDetail[] = []
  #received = 0
  #seen = new Set<string>()

  constructor(settings: SettingStore, clock: Clock, onChange: () => void) {
    this.#settings = settings
    this.#clock = clock
    this.#onChange = onChange
  }

  /**
   * Listens on the port it had before, so that integrations keep pointing to it, or on a free one the first time.
   *
   * @throws AppError `inbox_port_taken`
   */
  async start(): Promise<InboxStatus> {
    if (this.#server) return this.status()
    const server = createServer((request, response) => this.#receive(request, response))
    const port = this.#settings.get<number>(PORT_SETTING) ?? 0
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(new AppError('inbox_port_taken', `Another program uses port ${port} of this machine.`, { cause })),
      )
      server.listen(port, HOST, resolve)
    })
    this.#server = server
    this.#settings.set(PORT_SETTING, (server.address() as AddressInfo).port)
    this.#onChange()
    return this.status()
  }

  async stop(): Promise<InboxStatus> {
    const server = this.#server
    this.#server = null
    if (server) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      this.#onChange()
    }
    return this.status()
  }

  clear(): InboxStatus {
    this.#requests = []
    this.#received = 0
    this.#seen.clear()
    this.#onChange()
    return this.status()
  }

  status(): InboxStatus {
    const address = this.#server?.address() as AddressInfo | undefined
    return {
      running: this.#server !== null,
      url: address ? `http://${HOST}:${address.port}${PATH}` : null,
      received: this.#received,
    }
  }

  /** What is kept, newest first, without bodies. */
  list(): { rows: InboxRequest[]; total: number } {
    const rows = this.#requests.map(({ body: _body, ...rest }) => rest).reverse()
    return { rows, total: this.#received }
  }

  get(no: number): InboxRequestDetail {
    const found = this.#requests.find((r) => r.no === no)
    if (!found) throw new AppError('event_not_found', 'The inbox no longer keeps this request.', { field: 'no' })
    return found
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= BODY_MAX) chunks.push(chunk)
    })
    request.on('end', () => {
      this.#keep(request, bytes, Buffer.concat(chunks).toString('utf8'))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"received":true}')
    })
    request.on('error', () => response.destroy())
  }

  #keep(request: IncomingMessage, bytes: number, body: string): void {
    const headers: [string, string][] = []
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      const name = request.rawHeaders[i]!
      const secret = name.toLowerCase() === 'authorization'
      headers.push([name, secret ? mask(request.rawHeaders[i + 1]!) : request.rawHeaders[i + 1]!])
    }
    const id = request.headers['webhook-id']
    const eventId = typeof id === 'string' ? id : null
    const duplicate = eventId !== null && this.#seen.has(eventId)
    if (eventId !== null && this.#seen.size < IDS_REMEMBERED) this.#seen.add(eventId)
    this.#received++
    this.#requests.push({
      no: this.#received,
      receivedAt: this.#clock.now(),
      method: request.method ?? '',
      path: request.url ?? '',
      headers,
      bytes,
      eventId,
      eventName: nameOf(body),
      duplicate,
      body,
    })
    if (this.#requests.length > INBOX_KEPT) this.#requests.splice(0, this.#requests.length - INBOX_KEPT)
    this.#onChange()
  }
}

/** Shows the kind and the end of a credential, enough to tell which one came. */
function mask(value: string): string {
  const [scheme = '', secret = ''] = value.split(' ', 2)
  return secret.length > 8 ? `${scheme} …${secret.slice(-4)}` : `${scheme} …`
}

function nameOf(body: string): string | null {
  try {
    const value = JSON.parse(body) as { name?: unknown } | null
    return typeof value?.name === 'string' ? value.name : null
  } catch {
    return null
  }
}
