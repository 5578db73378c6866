import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PutObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import type { S3Server } from './swift.ts'
import { plainClient } from './swift-shared.ts'

/** What a proxy lets a request suffer. */
export type S3Fault =
  /** Answered by the proxy, as S3 would word it; `code` null = without a body. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly code: string | null
      readonly message?: string
      readonly headers?: Readonly<Record<string, string>>
      /** More elements of the answer, e.g. `{ Region: 'eu-west-1' }`. */
      readonly more?: Readonly<Record<string, string>>
    }
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The body is taken, the answer never comes. */
  | { readonly kind: 'hang' }
  /** The answer of the server comes, but its work is undone: the last bytes of the body are not stored. */
  | { readonly kind: 'truncate'; readonly dropBytes: number }
  /** The server does its work, and the connection breaks before the answer. */
  | { readonly kind: 'lose-answer' }

export interface S3Request {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
}

/** Decides what a request suffers; null = it is passed on unchanged. `n` counts the requests from 1. */
export type S3FaultChoice = (request: S3Request, n: number) => S3Fault | null

/** A proxy in front of a real S3 server. The signature stays valid, since `Host` is passed on as the client signed it. */
export class FaultS3 {
  /** In order of arrival. */
  readonly requests: S3Request[] = []
  /** Requests that reached the server behind. */
  passedOn = 0
  #choose: S3FaultChoice = () => null
  #arrivals: (() => void)[] = []
  readonly #behind: URL
  readonly #client: S3Client
  readonly #server = createServer((request, response) => this.#receive(request, response))
  #port = 0

  private constructor(behind: S3Server) {
    this.#behind = new URL(behind.endpoint)
    this.#client = plainClient(behind)
  }

  static async start(behind: S3Server): Promise<FaultS3> {
    const proxy = new FaultS3(behind)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    proxy.#port = (proxy.#server.address() as AddressInfo).port
    // Without it Node would invite a body that the proxy is about to refuse.
    proxy.#server.on('checkContinue', (request, response) => proxy.#receive(request, response))
    return proxy
  }

  /** Endpoint for the client under test. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Changes what happens to requests that arrive from now on. */
  failWith(choose: S3FaultChoice): void {
    this.#choose = choose
  }

  /** Resolves when a request arrives for which the predicate holds; looks at those that are there first. */
  async waitFor(predicate: (request: S3Request) => boolean): Promise<void> {
    while (!this.requests.some(predicate)) await new Promise<void>((resolve) => this.#arrivals.push(resolve))
  }

  /** Breaks all connections and frees the port. */
  async close(): Promise<void> {
    this.#client.destroy()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request
    const seen = { method, path: url, query: new URL(url, this.endpoint).searchParams, headers }
    this.requests.push(seen)
    for (const notify of this.#arrivals.splice(0)) notify()
    const fault = this.#choose(seen, this.requests.length)
    // A client that gives up is a case under test, not a failure of the proxy.
    request.on('error', () => {})
    response.on('error', () => {})
    if (fault?.kind === 'answer') return answer(request, response, fault)
    if (headers.expect !== undefined) response.writeContinue()
    if (fault?.kind === 'reset') return reset(request, fault.afterBytes)
    if (fault?.kind === 'hang') return void request.resume()
    if (fault?.kind === 'truncate') return void this.#truncate(request, response, seen, fault.dropBytes)
    this.#passOn(request, response, fault?.kind === 'lose-answer')
  }

  #passOn(request: IncomingMessage, response: ServerResponse, loseAnswer: boolean): void {
    this.passedOn++
    const { expect: _, ...headers } = request.headers
    const { hostname, port } = this.#behind
    const onward = send({ hostname, port, method: request.method, path: request.url, headers }, (answered) => {
      if (loseAnswer) {
        answered.resume().on('end', () => request.socket.resetAndDestroy())
        return
      }
      response.writeHead(answered.statusCode ?? 502, answered.rawHeaders)
      answered.pipe(response)
    })
    onward.on('error', () => request.socket.destroy())
    request.on('close', () => request.complete || onward.destroy())
    request.pipe(onward)
  }

  /** Stores less than was sent, signed anew, and passes on the answer to that. */
  async #truncate(request: IncomingMessage, response: ServerResponse, seen: S3Request, drop: number): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks)
    const Body = sent.subarray(0, sent.length - drop)
    const [, Bucket = '', ...rest] = new URL(seen.path, this.endpoint).pathname.split('/')
    const Key = decodeURIComponent(rest.join('/'))
    const UploadId = seen.query.get('uploadId')
    this.passedOn++
    const { ETag = '' } =
      UploadId === null
        ? await this.#client.send(new PutObjectCommand({ Bucket, Key, Body }))
        : await this.#client.send(
            new UploadPartCommand({ Bucket, Key, Body, UploadId, PartNumber: Number(seen.query.get('partNumber')) }),
          )
    response.writeHead(200, { ETag }).end()
  }
}

/** Answers before the body is read, as servers do to a client that waits for permission to send it. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message = 'Injected.', headers = {}, more = {} }: Extract<S3Fault, { kind: 'answer' }>,
): void {
  const elements = Object.entries({ Code: code, Message: message, ...more, RequestId: 'FAULT' })
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${elements.map(([k, v]) => `<${k}>${v}</${k}>`).join('')}</Error>`
  const body = code === null || request.method === 'HEAD' ? '' : xml
  response.writeHead(status, { 'Content-Type': 'application/xml', 'x-amz-request-id': 'FAULT', ...headers })
  response.end(body)
  request.resume()
}

function reset(request: IncomingMessage, afterBytes: number): void {
  let seen = 0
  request.on('data', (chunk: Buffer) => {
    seen += chunk.length
    if (seen >= afterBytes) request.socket.resetAndDestroy()
  })
}
