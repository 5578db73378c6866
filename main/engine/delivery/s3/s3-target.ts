import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ListMultipartUploadsCommandOutput, S3Client } from '@aws-sdk/client-s3'
import { type AttemptErrorCode, attemptErrors } from '../../../../shared/attempt-errors'
import type { TargetTest, TargetTestOutcome, TargetTestStep, TargetTestStepName } from '../../../../shared/target-test'
import { RESPONSE_BODY_KEPT } from '../webhook'
import { testObjectKey } from './object-key'
import { PartMemory } from './part-memory'
import { type S3Failure, SourceError, s3FailureOf } from './s3-errors'

export interface S3TargetOptions {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
  readonly bucket: string
  /** Null = AWS itself. */
  readonly endpoint: string | null
  readonly pathStyle: boolean
  readonly userAgent: string
  /** Until a connection stands. */
  readonly connectTimeoutMs: number
  /** Longest silence of a connection; a large upload that moves on may take as long as it needs. */
  readonly requestTimeoutMs: number
}

/** What one upload led to. */
export interface UploadOutcome {
  /** Null = the object is stored, and has the right size as far as the keys allow to tell. */
  readonly errorCode: AttemptErrorCode | null
  readonly statusCode: number | null
  /** Never holds a secret. */
  readonly errorDetail: string | null
  /** Start of the answer's body, for failures; without the secrets. */
  readonly responseBody: string | null
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | null
  /** Null when the upload did not come so far. `not-verifiable`: the keys may write but not look. */
  readonly verification: 'same-size' | 'not-verifiable' | null
  readonly etag: string | null
  /** What the server's support asks for. */
  readonly requestId: string | null
}

export interface UploadOptions {
  readonly contentEncoding?: 'gzip'
  /** Ends the upload; what it left behind is removed as far as the server answers soon. */
  readonly signal: AbortSignal
}

export interface OrphanReport {
  /** Unfinished uploads that were removed. */
  readonly aborted: number
  /** Why some may be left; null = none is. Keys that may not list or abort, and servers that cannot, are normal. */
  readonly errorCode: AttemptErrorCode | null
  readonly errorDetail: string | null
}

/**
 * Part of a multipart upload. S3's smallest, since memory is parts in flight times their size; 128 MB make 26 of them.
 * An object of at most one part is put in one request.
 */
const PART_BYTES = 5 * 1024 * 1024

/** Parts in flight: 20 MiB, plus those before and after them. */
const PARTS_IN_FLIGHT = 4

/** How long the removal of a broken upload may hold up the result of an attempt. */
const CLEAN_UP_LIMIT_MS = 5_000

type Sdk = typeof import('./sdk')['sdk']

interface Connection {
  readonly sdk: Sdk
  readonly client: S3Client
}

/** Writes batches to one bucket. Nothing is loaded or connected before the first call. */
export class S3Target {
  readonly #options: S3TargetOptions
  readonly #secrets: readonly string[]
  #connection: Promise<Connection> | null = null

  constructor(options: S3TargetOptions) {
    this.#options = options
    this.#secrets = [options.secretAccessKey, ...(options.sessionToken ? [options.sessionToken] : [])]
  }

  /**
   * Stores one object and compares its size. Calling it again with the same bytes replaces the object by itself. Never throws:
   * every failure is an outcome. The SDK repeats nothing, the engine does.
   *
   * @param size bytes that `open` gives; another number is a failure before the object becomes visible
   * @param open starts reading from the first byte, called once; a chunk may be used again when the next one is asked for
   */
  async upload(
    key: string,
    size: number,
    open: () => AsyncIterable<Buffer>,
    options: UploadOptions,
  ): Promise<UploadOutcome> {
    try {
      const connection = await this.#connect()
      const stored = await this.#store(connection, key, size, open, options)
      return await this.#verify(connection, key, size, stored, options.signal)
    } catch (error) {
      return failed(this.#failureOf(error), null)
    }
  }

  /**
   * Removes the unfinished multipart uploads of keys that a process left behind. Uploads of other keys stay. Never throws.
   *
   * @param prefix what all the keys begin with
   */
  async abortOrphans(
    prefix: string,
    keys: readonly string[],
    signal: AbortSignal = new AbortController().signal,
  ): Promise<OrphanReport> {
    let aborted = 0
    if (keys.length === 0) return { aborted, errorCode: null, errorDetail: null }
    const own = new Set(keys)
    const Bucket = this.#options.bucket
    try {
      const { sdk, client } = await this.#connect()
      let from: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> | null = {}
      while (from !== null) {
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new sdk.ListMultipartUploadsCommand({
            Bucket,
            Prefix: prefix,
            KeyMarker: from.NextKeyMarker,
            UploadIdMarker: from.NextUploadIdMarker,
          }),
          { abortSignal: signal },
        )
        for (const { Key, UploadId } of page.Uploads ?? []) {
          if (Key === undefined || UploadId === undefined || !own.has(Key)) continue
          try {
            await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal: signal })
            aborted++
          } catch (error) {
            // It may have been finished or removed since it was listed.
            if (!(error instanceof Error && error.name === 'NoSuchUpload')) throw error
          }
        }
        from = page.IsTruncated && page.NextKeyMarker ? page : null
      }
      return { aborted, errorCode: null, errorDetail: null }
    } catch (error) {
      const { errorCode, errorDetail } = this.#failureOf(error)
      return { aborted, errorCode, errorDetail }
    }
  }

  /**
   * Does what a delivery does, with a small object under the key prefix, and deletes it again. A refused look or deletion is a
   * note, since keys that may only write are enough for deliveries. Never throws.
   */
  async test(keyPrefix: string | null, signal: AbortSignal = new AbortController().signal): Promise<TargetTest> {
    const { bucket } = this.#options
    const key = testObjectKey(keyPrefix, randomBytes(8).toString('hex'))
    const body = Buffer.from('temp')
    const steps: TargetTestStep[] = []
    const step = (name: TargetTestStepName, outcome: TargetTestOutcome, message: string, since: number | null) => {
      steps.push({ name, outcome, message, durationMs: since === null ? null : Math.round(performance.now() - since) })
    }
    const result = (): TargetTest => ({ ok: steps.every(({ outcome }) => outcome !== 'failed'), steps })
    const skip = (...names: TargetTestStepName[]) => {
      for (const name of names) step(name, 'skipped', 'Not tried, because a step before it failed.', null)
      return result()
    }

    let since = performance.now()
    let connection: Connection
    let stored: Stored
    try {
      connection = await this.#connect()
      stored = await this.#store(connection, key, body.length, () => Readable.from([body]), { signal })
    } catch (error) {
      step('put', 'failed', sentenceOf(this.#failureOf(error)), since)
      return skip('verify', 'delete')
    }
    step('put', 'ok', `A test object was stored in ${bucket} as ${key}.`, since)

    since = performance.now()
    const { errorCode, errorDetail, verification } = await this.#verify(connection, key, body.length, stored, signal)
    if (errorCode !== null) step('verify', 'failed', sentenceOf({ errorCode, errorDetail }), since)
    else if (verification === 'same-size') step('verify', 'ok', 'The server has the object with the right size.', since)
    else {
      const what =
        'The keys may write objects but not look at them, so the console cannot compare sizes after an upload.'
      step('verify', 'note', `${what} Deliveries work; allow s3:GetObject if you want the comparison.`, since)
    }

    since = performance.now()
    try {
      const command = new connection.sdk.DeleteObjectCommand({ Bucket: bucket, Key: key })
      await connection.client.send(command, { abortSignal: signal })
      step('delete', 'ok', 'The test object was deleted again.', since)
    } catch (error) {
      const failure = this.#failureOf(error)
      const why = failure.errorCode === 'access_denied' ? 'The keys may not delete objects.' : sentenceOf(failure)
      step('delete', 'note', `${why} Deliveries need no deletion; remove ${key} from ${bucket} by hand.`, since)
    }
    return result()
  }

  /** Ends the idle connections. Uploads in flight are ended by their signal. */
  async destroy(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    const opened = await connection?.catch(() => null)
    opened?.client.destroy()
  }

  #connect(): Promise<Connection> {
    if (this.#connection === null) {
      const opening = this.#open()
      this.#connection = opening
      // A failure, for one of loading, must not be remembered.
      opening.catch(() => {
        if (this.#connection === opening) this.#connection = null
      })
    }
    return this.#connection
  }

  async #open(): Promise<Connection> {
    const { accessKeyId, secretAccessKey, sessionToken, region, endpoint, pathStyle, userAgent } = this.#options
    const { sdk } = await import('./sdk')
    // Other servers than AWS may not know the framing of a checksum behind the body and store it as data.
    const checksums = endpoint === null ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
    const client = new sdk.S3Client({
      region,
      ...(endpoint === null ? {} : { endpoint }),
      forcePathStyle: pathStyle,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
      requestChecksumCalculation: checksums,
      responseChecksumValidation: checksums,
      maxAttempts: 1,
      retryMode: 'standard',
      customUserAgent: userAgent,
      requestHandler: {
        connectionTimeout: this.#options.connectTimeoutMs,
        socketTimeout: this.#options.requestTimeoutMs,
      },
      // What the SDK would otherwise take from the environment and the files of whoever uses this computer.
      ignoreConfiguredEndpointUrls: true,
      defaultsMode: 'standard',
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      useArnRegion: false,
      disableS3ExpressSessionAuth: false,
      authSchemePreference: [],
      userAgentAppId: '',
    })
    keepFailedBodies(client)
    return { sdk, client }
  }

  /** Resolves when the server has confirmed the object. */
  async #store(
    { sdk, client }: Connection,
    key: string,
    size: number,
    open: () => AsyncIterable<Buffer>,
    { contentEncoding, signal }: UploadOptions,
  ): Promise<Stored> {
    const object = {
      Bucket: this.#options.bucket,
      Key: key,
      ContentType: 'application/x-ndjson',
      ...(contentEncoding === undefined ? {} : { ContentEncoding: contentEncoding }),
    }
    signal.throwIfAborted()
    if (size <= PART_BYTES) {
      const Body = await collect(exactly(open, size), size)
      return client.send(new sdk.PutObjectCommand({ ...object, Body }), { abortSignal: signal })
    }
    // One failed part ends the others, and so does the caller; the SDK alone would send on to the last one.
    const ending = new AbortController()
    const memory = new PartMemory(PART_BYTES)
    const end = () => {
      ending.abort()
      memory.end()
    }
    signal.addEventListener('abort', end)
    const errors: unknown[] = []
    const fail = (error: unknown) => {
      errors.push(error)
      end()
      return error
    }
    const send = async (command: Parameters<S3Client['send']>[0]) => {
      if (command instanceof sdk.AbortMultipartUploadCommand) {
        // Its own failure must not hide why the upload failed; what is left is for `abortOrphans`.
        return client.send(command, { abortSignal: AbortSignal.timeout(CLEAN_UP_LIMIT_MS) }).catch(() => ({}))
      }
      try {
        const part = command instanceof sdk.UploadPartCommand ? command.input : null
        const number = part?.PartNumber ?? 0
        if (part?.Body instanceof Uint8Array) memory.handed(number, part.Body)
        const answer = await client.send(command, { abortSignal: ending.signal })
        memory.sent(number)
        return answer
      } catch (error) {
        throw fail(error)
      }
    }
    const upload = new sdk.Upload({
      // All that lib-storage uses of a client.
      client: { config: client.config, send } as unknown as S3Client,
      params: { ...object, Body: Readable.from(memory.pieces(exactly(open, size, fail)), { highWaterMark: 1 }) },
      partSize: PART_BYTES,
      queueSize: PARTS_IN_FLIGHT,
    })
    try {
      return await upload.done()
    } catch (error) {
      throw errors[0] ?? error
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  async #verify(
    connection: Connection,
    key: string,
    size: number,
    stored: Stored,
    signal: AbortSignal,
  ): Promise<UploadOutcome> {
    const success: UploadOutcome = {
      errorCode: null,
      statusCode: stored.$metadata.httpStatusCode ?? null,
      errorDetail: null,
      responseBody: null,
      retryAfterMs: null,
      verification: 'same-size',
      etag: stored.ETag ?? null,
      requestId: stored.$metadata.requestId ?? null,
    }
    let found: number | undefined
    try {
      found = await this.#sizeOf(connection, key, signal)
    } catch (error) {
      const failure = this.#failureOf(error)
      const { statusCode } = failure
      if (statusCode === 403 || statusCode === 405 || statusCode === 501) {
        return { ...success, verification: 'not-verifiable' }
      }
      if (statusCode === 404) return failed({ ...failure, errorCode: 'object_missing' }, stored)
      return failed(failure, stored)
    }
    if (found === undefined) return { ...success, verification: 'not-verifiable' }
    if (found === size) return success
    const errorDetail = `The object has ${found} bytes, ${size} were sent.`
    return { ...success, errorCode: 'size_mismatch', errorDetail, verification: null }
  }

  /** Asked twice, as one lost answer is not worth sending a whole batch again. */
  async #sizeOf({ sdk, client }: Connection, key: string, signal: AbortSignal): Promise<number | undefined> {
    const ask = () =>
      client.send(new sdk.HeadObjectCommand({ Bucket: this.#options.bucket, Key: key }), { abortSignal: signal })
    const first = await ask().catch((error: unknown) => {
      const { statusCode } = this.#failureOf(error)
      if (signal.aborted || (statusCode !== null && statusCode < 500)) throw error
      return null
    })
    return (first ?? (await ask())).ContentLength
  }

  #failureOf(error: unknown): S3Failure {
    return s3FailureOf(error, Date.now(), this.#secrets)
  }
}

/** What is used of the answer to a put and to the end of a multipart upload. */
interface Stored {
  readonly ETag?: string | undefined
  readonly $metadata: { readonly httpStatusCode?: number | undefined; readonly requestId?: string | undefined }
}

function failed(failure: S3Failure, stored: Stored | null): UploadOutcome {
  return { ...failure, verification: null, etag: stored?.ETag ?? null }
}

function sentenceOf({ errorCode, errorDetail }: Pick<S3Failure, 'errorCode' | 'errorDetail'>): string {
  const sentence = attemptErrors[errorCode]
  return errorDetail === null ? sentence : `${sentence} (${errorDetail})`
}

/** The bytes of the source; fails when they are not exactly `size`, or when reading them fails. */
async function* exactly(
  open: () => AsyncIterable<Buffer>,
  size: number,
  onFailure: (error: unknown) => void = () => {},
): AsyncGenerator<Buffer> {
  const fail = (why: string) => {
    const error = new SourceError(why)
    onFailure(error)
    return error
  }
  let seen = 0
  try {
    for await (const chunk of open()) {
      seen += chunk.length
      if (seen > size) break
      yield chunk
    }
  } catch (error) {
    throw fail(error instanceof Error ? error.message : 'Reading failed.')
  }
  if (seen !== size)
    throw fail(`The batch has ${seen > size ? `more than ${size}` : seen} bytes, ${size} were expected.`)
}

async function collect(chunks: AsyncIterable<Buffer>, size: number): Promise<Buffer> {
  const all = Buffer.alloc(size)
  let at = 0
  for await (const chunk of chunks) at += chunk.copy(all, at)
  return all
}

/** How much of a failure's body is read at most. */
const FAILED_BODY_READ = 1024 * 1024

type RequestHandler = S3Client['config']['requestHandler']

/** Leaves the start of every body that comes with a failure at the answer, from where the SDK's error leads to it. */
function keepFailedBodies(client: S3Client): void {
  const inner: RequestHandler = client.config.requestHandler
  const handle: RequestHandler['handle'] = async (request, options) => {
    const answer = await inner.handle(request, options)
    const { response } = answer
    if (response.statusCode < 300 || !(response.body instanceof Readable)) return answer
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      // A failure in XML is short; a longer page is of no use to the SDK either.
      if (bytes >= FAILED_BODY_READ) break
    }
    const body = Buffer.concat(chunks)
    response.body = Readable.from([body], { objectMode: false })
    return { response: Object.assign(response, { keptBody: body.subarray(0, RESPONSE_BODY_KEPT).toString('utf8') }) }
  }
  client.config.requestHandler = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'handle') return handle
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
