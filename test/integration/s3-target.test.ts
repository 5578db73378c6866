import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { S3Target, type S3TargetOptions, type UploadOutcome } from '../../main/engine/delivery/s3/s3-target'
import { FaultS3, type S3Fault, type S3Request } from '../support/fault-s3'
import { Random } from '../support/random'
import { Receiver } from '../support/receiver'
import type { S3Server } from '../support/swift'
import { newBucket, plainClient, sharedSwift, swiftMissing } from '../support/swift-shared'

const MB = 1024 * 1024
const missing = swiftMissing()
const never = new AbortController().signal

let swift: S3Server
let client: S3Client
let bucket: string

beforeAll(async () => {
  if (missing !== null) return
  swift = await sharedSwift()
  client = plainClient(swift)
  return () => client.destroy()
}, 90_000)

function target(changes: Partial<S3TargetOptions> = {}): S3Target {
  const made = new S3Target({
    accessKeyId: swift.accessKeyId,
    secretAccessKey: swift.secretAccessKey,
    region: swift.region,
    bucket,
    endpoint: swift.endpoint,
    pathStyle: true,
    userAgent: 'EventStreamConsole/0.0.0',
    connectTimeoutMs: 5000,
    requestTimeoutMs: 10_000,
    ...changes,
  })
  onTestFinished(() => made.destroy())
  return made
}

async function proxy(): Promise<FaultS3> {
  const made = await FaultS3.start(swift)
  onTestFinished(() => made.close())
  return made
}

/** Made once: it is what takes longest of a large object. */
const noise = Buffer.alloc(64 * MB)
const random = new Random(1)
for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(random.uint32(), at)

function bytes(size: number): Buffer {
  return noise.subarray(0, size)
}

/** In pieces that fit no part. */
async function* pieces(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += 700_001) yield body.subarray(at, at + 700_001)
}

function put(to: S3Target, key: string, body: Buffer, size = body.length): Promise<UploadOutcome> {
  return to.upload(key, size, () => pieces(body), { signal: never })
}

async function stored(key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  return Buffer.from(await Body!.transformToByteArray())
}

async function keys(): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  return Contents.map(({ Key }) => Key ?? '')
}

async function unfinished(): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.map(({ Key }) => Key ?? '')
}

const sha = (body: Buffer) => createHash('sha256').update(body).digest('hex')
const isPart = ({ method, query }: S3Request) => method === 'PUT' && query.has('partNumber')
const isHead = ({ method }: S3Request) => method === 'HEAD'
const isPut = ({ method, query }: S3Request) => method === 'PUT' && !query.has('partNumber')

describe.skipIf(missing !== null)('an S3 target on a real server', () => {
  beforeEach(async () => {
    bucket = await newBucket(client)
  })

  it.each([
    ['an empty object', 0],
    ['a small object', 1234],
    ['an object of exactly one part', 5 * MB],
    ['one byte more than a part', 5 * MB + 1],
    ['an object of exactly two parts', 10 * MB],
    ['an object of several parts', 23 * MB + 17],
    ['an object of many parts', 61 * MB + 3],
  ])('stores %s byte for byte', async (_, size) => {
    const body = bytes(size)
    const outcome = await put(target(), 'a/tenant/1-data-x.export', body)
    expect(outcome).toMatchObject({ errorCode: null, statusCode: 200, verification: 'same-size', errorDetail: null })
    expect(outcome.etag).toMatch(/^"?[0-9a-f]{32}(-\d+)?"?$/)
    expect(outcome.requestId).toMatch(/./)
    expect(sha(await stored('a/tenant/1-data-x.export'))).toBe(sha(body))
    expect(await keys()).toEqual(['a/tenant/1-data-x.export'])
    expect(await unfinished()).toEqual([])
  })

  it('replaces an object by the same object when an upload is repeated', async () => {
    const to = target()
    const body = bytes(6 * MB)
    const first = await put(to, 'k', body)
    const second = await put(to, 'k', body)
    expect(second).toMatchObject({ errorCode: null, etag: first.etag })
    expect(sha(await stored('k'))).toBe(sha(body))
    expect(await keys()).toEqual(['k'])
  })

  it('keeps keys with every character as they are', async () => {
    const key = 'a b/tenant!2f!2e/1-data-x.export'
    expect(await put(target(), key, bytes(10))).toMatchObject({ errorCode: null })
    expect(await keys()).toEqual([key])
  })

  it('says what the bytes are', async () => {
    const to = target()
    await to.upload('packed', 3, () => pieces(bytes(3)), { contentEncoding: 'gzip', signal: never })
    await to.upload('packed-parts', 6 * MB, () => pieces(bytes(6 * MB)), { contentEncoding: 'gzip', signal: never })
    await put(to, 'plain', bytes(3))
    const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    for (const key of ['packed', 'packed-parts']) {
      expect(await head(key)).toMatchObject({ ContentEncoding: 'gzip', ContentType: 'application/x-ndjson' })
    }
    const plain = await head('plain')
    expect(plain.ContentType).toBe('application/x-ndjson')
    expect(plain.ContentEncoding).toBeUndefined()
  })

  it('sends no checksum framing to a server that is not AWS, and names the console', async () => {
    const through = await proxy()
    const to = target({ endpoint: through.endpoint })
    await put(to, 'small', bytes(100))
    await put(to, 'large', bytes(11 * MB))
    const sent = through.requests.filter(({ method }) => method === 'PUT')
    expect(sent).toHaveLength(4)
    for (const { headers } of sent) {
      expect(Object.keys(headers).filter((name) => /checksum|trailer|decoded-content/.test(name))).toEqual([])
      expect(headers['content-encoding'] ?? '').not.toContain('aws-chunked')
      expect(headers['user-agent']).toContain('EventStreamConsole/0.0.0')
    }
  })

  it('is not led elsewhere by the AWS settings of the user', async () => {
    const through = await proxy()
    process.env.AWS_ENDPOINT_URL_S3 = through.endpoint
    process.env.AWS_REGION = 'eu-north-1'
    onTestFinished(() => {
      delete process.env.AWS_ENDPOINT_URL_S3
      delete process.env.AWS_REGION
    })
    // No such region, so that the test reaches nobody.
    const to = target({ endpoint: null, region: 'no-such-region-1', pathStyle: false, connectTimeoutMs: 2000 })
    expect((await put(to, 'k', bytes(3))).errorCode).not.toBeNull()
    expect(through.requests).toEqual([])
  })

  describe('refuses with its own code', () => {
    it.each<[string, Partial<S3TargetOptions>, string, number]>([
      ['a wrong secret', { secretAccessKey: 'not-the-secret' }, 'signature_mismatch', 403],
      ['a missing bucket', { bucket: 'no-such-bucket' }, 'bucket_not_found', 404],
      ['a wrong region', { region: 'eu-west-1' }, 'wrong_region', 400],
    ])('%s', async (_, changes, errorCode, statusCode) => {
      for (const size of [10, 6 * MB]) {
        const outcome = await put(target(changes), 'k', bytes(size))
        expect(outcome).toMatchObject({ errorCode, statusCode, verification: null, etag: null })
        expect(outcome.responseBody).toContain('<Error>')
        if (changes.region) expect(outcome.errorDetail).toContain('in the region us-east-1')
        expect(JSON.stringify(outcome)).not.toContain('not-the-secret')
      }
    })
  })

  it('does not let a session token out, even when the server quotes it', async () => {
    const through = await proxy()
    const sessionToken = 'token+with/special=&signs'
    through.failWith(() => ({
      kind: 'answer',
      status: 403,
      code: 'SignatureDoesNotMatch',
      message: `signed: ${sessionToken}`,
      more: { CanonicalRequest: `x-amz-security-token:${encodeURIComponent(sessionToken)}` },
    }))
    const outcome = await put(target({ endpoint: through.endpoint, sessionToken }), 'k', bytes(3))
    expect(through.requests[0]?.headers['x-amz-security-token']).toBe(sessionToken)
    expect(outcome.errorCode).toBe('signature_mismatch')
    expect(outcome.responseBody).toContain('***')
    expect(JSON.stringify(outcome)).not.toContain('special')
  })

  it.each<[string, () => AsyncIterable<Buffer>]>([
    ['gives too little', () => pieces(bytes(6 * MB - 1))],
    ['gives too much', () => pieces(bytes(6 * MB + 1))],
    [
      'breaks off',
      async function* () {
        yield bytes(5 * MB + 5)
        throw new Error('the disk is gone')
      },
    ],
  ])('shows no object and leaves no parts when the source %s', async (_, open) => {
    const outcome = await target().upload('k', 6 * MB, open, { signal: never })
    expect(outcome).toMatchObject({ errorCode: 'source_unreadable', statusCode: null })
    expect(await keys()).toEqual([])
    expect(await unfinished()).toEqual([])
  })

  it('shows no small object either when the source is shorter than it should be', async () => {
    expect(await put(target(), 'k', bytes(10), 11)).toMatchObject({
      errorCode: 'source_unreadable',
      errorDetail: expect.stringContaining('10 bytes'),
    })
    expect(await keys()).toEqual([])
  })

  it('stops at once on request and leaves no parts', async () => {
    const through = await proxy()
    const ending = new AbortController()
    through.failWith((request) => (isPart(request) ? { kind: 'hang' } : null))
    const to = target({ endpoint: through.endpoint })
    const done = to.upload('k', 12 * MB, () => pieces(bytes(12 * MB)), { signal: ending.signal })
    await through.waitFor(isPart)
    expect(await unfinished()).toEqual(['k'])
    ending.abort()
    expect(await done).toMatchObject({ errorCode: 'upload_interrupted', errorDetail: 'The console stopped it.' })
    expect(await unfinished()).toEqual([])
    const sent = through.requests.length
    expect(await to.upload('k', 3, () => pieces(bytes(3)), { signal: ending.signal })).toMatchObject({
      errorCode: 'upload_interrupted',
    })
    expect(through.requests).toHaveLength(sent)
  })

  describe('orphans of a crash', () => {
    const start = (Key: string) => client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }))

    it('are removed by key, and those of others stay', async () => {
      for (const key of ['p/a', 'p/a', 'p/b', 'p/c', 'q/a']) await start(key)
      expect(await target().abortOrphans('p/', ['p/a', 'p/c', 'p/none'])).toEqual({
        aborted: 3,
        errorCode: null,
        errorDetail: null,
      })
      expect((await unfinished()).sort()).toEqual(['p/b', 'q/a'])
    })

    it('that were removed in the meantime are no failure', async () => {
      const { UploadId } = await start('p/a')
      await start('p/b')
      const through = await proxy()
      const to = target({ endpoint: through.endpoint })
      through.failWith((request) => {
        if (request.method === 'DELETE' && request.path.includes('/p/a')) {
          return { kind: 'answer', status: 404, code: 'NoSuchUpload' }
        }
        return null
      })
      expect(await to.abortOrphans('p/', ['p/a', 'p/b'])).toMatchObject({ aborted: 1, errorCode: null })
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: 'p/a', UploadId }))
    })

    it.each([
      [403, 'AccessDenied', 'access_denied'],
      [501, 'NotImplemented', 'server_error'],
    ])('that the server does not list (%i) are reported', async (status, code, errorCode) => {
      const through = await proxy()
      through.failWith(() => ({ kind: 'answer', status, code }))
      const report = await target({ endpoint: through.endpoint }).abortOrphans('p/', ['p/a'])
      expect(report).toMatchObject({ aborted: 0, errorCode })
    })
  })

  describe('with faults on the way', () => {
    type Case = [name: string, fault: S3Fault, expected: Partial<Record<keyof UploadOutcome, unknown>>]

    const answers: Case[] = [
      ['SlowDown', { kind: 'answer', status: 503, code: 'SlowDown' }, { errorCode: 'throttled', statusCode: 503 }],
      [
        'SlowDown with a time',
        { kind: 'answer', status: 503, code: 'SlowDown', headers: { 'Retry-After': '7' } },
        { errorCode: 'throttled', retryAfterMs: 7000 },
      ],
      ['429', { kind: 'answer', status: 429, code: null }, { errorCode: 'throttled', statusCode: 429 }],
      [
        'InternalError',
        { kind: 'answer', status: 500, code: 'InternalError' },
        { errorCode: 'server_error', statusCode: 500, requestId: 'FAULT' },
      ],
      ['AccessDenied', { kind: 'answer', status: 403, code: 'AccessDenied' }, { errorCode: 'access_denied' }],
      [
        'InvalidAccessKeyId',
        { kind: 'answer', status: 403, code: 'InvalidAccessKeyId' },
        { errorCode: 'invalid_access_key' },
      ],
      ['ExpiredToken', { kind: 'answer', status: 400, code: 'ExpiredToken' }, { errorCode: 'token_expired' }],
      ['a wrong clock', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' }, { errorCode: 'clock_skew' }],
      [
        'a redirect to the right region',
        {
          kind: 'answer',
          status: 301,
          code: 'PermanentRedirect',
          headers: { 'x-amz-bucket-region': 'eu-central-1' },
        },
        { errorCode: 'wrong_region', errorDetail: expect.stringContaining('in the region eu-central-1') },
      ],
      [
        'a signature for another region',
        {
          kind: 'answer',
          status: 400,
          code: 'AuthorizationHeaderMalformed',
          message: 'the region is wrong; expecting &apos;ap-south-1&apos;',
          more: { Region: 'ap-south-1' },
        },
        { errorCode: 'wrong_region', errorDetail: expect.stringContaining('in the region ap-south-1') },
      ],
      ['an answer that is not S3', { kind: 'answer', status: 404, code: null }, { errorCode: 'not_found' }],
      [
        'a connection that breaks',
        { kind: 'reset', afterBytes: 1 },
        { errorCode: 'upload_interrupted', statusCode: null },
      ],
      ['a lost answer', { kind: 'lose-answer' }, { errorCode: 'upload_interrupted', statusCode: null }],
    ]

    it.each(answers)('%s fails a small object, once', async (_, fault, expected) => {
      const through = await proxy()
      through.failWith(() => fault)
      expect(await put(target({ endpoint: through.endpoint }), 'k', bytes(1000))).toMatchObject(expected)
      expect(through.requests).toHaveLength(1)
    })

    it.each(answers)('%s fails the second part, and no part stays', async (_, fault, expected) => {
      const through = await proxy()
      through.failWith((request) => (request.query.get('partNumber') === '2' ? fault : null))
      expect(await put(target({ endpoint: through.endpoint }), 'k', bytes(12 * MB))).toMatchObject(expected)
      expect(through.requests.filter(({ query }) => query.get('partNumber') === '2')).toHaveLength(1)
      expect(await unfinished()).toEqual([])
      expect(await keys()).toEqual([])
    })

    it('a first failed part ends the others', async () => {
      const through = await proxy()
      through.failWith((request) => {
        if (!isPart(request)) return null
        return request.query.get('partNumber') === '3'
          ? { kind: 'answer', status: 403, code: 'AccessDenied' }
          : { kind: 'hang' }
      })
      // The others would hang for far longer than the test may take.
      const to = target({ endpoint: through.endpoint, requestTimeoutMs: 60_000 })
      expect(await put(to, 'k', bytes(40 * MB))).toMatchObject({ errorCode: 'access_denied' })
      expect(through.requests.filter(isPart).length).toBeLessThanOrEqual(4)
      expect(await unfinished()).toEqual([])
    })

    it('a failing removal of the parts does not hide the reason', async () => {
      const through = await proxy()
      through.failWith((request) => {
        if (request.method === 'DELETE') return { kind: 'answer', status: 403, code: 'AccessDenied' }
        return isPart(request) ? { kind: 'answer', status: 503, code: 'SlowDown' } : null
      })
      const to = target({ endpoint: through.endpoint })
      expect(await put(to, 'k', bytes(12 * MB))).toMatchObject({ errorCode: 'throttled' })
      expect(await unfinished()).toEqual(['k'])
      through.failWith(() => null)
      expect(await to.abortOrphans('k', ['k'])).toMatchObject({ aborted: 1 })
      expect(await unfinished()).toEqual([])
    })

    it('a failure inside a 200 of the last step is a failure', async () => {
      const through = await proxy()
      through.failWith(({ method, query }) =>
        method === 'POST' && query.has('uploadId') ? { kind: 'answer', status: 200, code: 'SlowDown' } : null,
      )
      expect(await put(target({ endpoint: through.endpoint }), 'k', bytes(6 * MB))).toMatchObject({
        errorCode: 'throttled',
      })
      expect(await keys()).toEqual([])
      expect(await unfinished()).toEqual([])
    })

    it('a server that hangs is given up after its silence', async () => {
      const through = await proxy()
      through.failWith((request) => (request.method === 'PUT' ? { kind: 'hang' } : null))
      const to = target({ endpoint: through.endpoint, requestTimeoutMs: 300 })
      expect(await put(to, 'k', bytes(1000))).toMatchObject({ errorCode: 'response_timeout', statusCode: null })
      expect(await put(to, 'k', bytes(6 * MB))).toMatchObject({ errorCode: 'response_timeout', statusCode: null })
      expect(await unfinished()).toEqual([])
    })

    it.each([
      ['small', 1000],
      ['large', 13 * MB],
    ])('a %s object that is stored short is found', async (_, size) => {
      const through = await proxy()
      const last = String(Math.ceil(size / (5 * MB)))
      through.failWith((request) =>
        isPut(request) || request.query.get('partNumber') === last ? { kind: 'truncate', dropBytes: 7 } : null,
      )
      const to = target({ endpoint: through.endpoint })
      expect(await put(to, 'k', bytes(size))).toMatchObject({
        errorCode: 'size_mismatch',
        statusCode: 200,
        errorDetail: `The object has ${size - 7} bytes, ${size} were sent.`,
        verification: null,
      })
      through.failWith(() => null)
      expect(await put(to, 'k', bytes(size))).toMatchObject({ errorCode: null, verification: 'same-size' })
      expect(sha(await stored('k'))).toBe(sha(bytes(size)))
    })

    it.each<[string, S3Fault, Partial<UploadOutcome>]>([
      ['forbidden', { kind: 'answer', status: 403, code: null }, { errorCode: null, verification: 'not-verifiable' }],
      ['unknown', { kind: 'answer', status: 501, code: null }, { errorCode: null, verification: 'not-verifiable' }],
      [
        'of a missing object',
        { kind: 'answer', status: 404, code: null },
        { errorCode: 'object_missing', verification: null },
      ],
      ['that fails', { kind: 'answer', status: 500, code: null }, { errorCode: 'server_error', verification: null }],
    ])('a look at the object that is %s', async (_, fault, expected) => {
      const through = await proxy()
      through.failWith((request) => (isHead(request) ? fault : null))
      expect(await put(target({ endpoint: through.endpoint }), 'k', bytes(10))).toMatchObject(expected)
    })

    it('a look at the object that fails once is repeated', async () => {
      const through = await proxy()
      let looks = 0
      through.failWith((request) =>
        isHead(request) && ++looks === 1 ? { kind: 'answer', status: 502, code: null } : null,
      )
      expect(await put(target({ endpoint: through.endpoint }), 'k', bytes(10))).toMatchObject({
        errorCode: null,
        verification: 'same-size',
      })
      expect(looks).toBe(2)
    })
  })

  describe('Test target', () => {
    const outcomes = ({ steps }: Awaited<ReturnType<S3Target['test']>>) => steps.map((s) => `${s.name} ${s.outcome}`)

    it('puts, looks, deletes and leaves nothing behind', async () => {
      const through = await proxy()
      const result = await target({ endpoint: through.endpoint }).test('some/prefix')
      expect(result.ok).toBe(true)
      expect(outcomes(result)).toEqual(['put ok', 'verify ok', 'delete ok'])
      for (const { durationMs } of result.steps) expect(durationMs).toBeGreaterThanOrEqual(0)
      expect(through.requests[0]?.path).toMatch(/\/some\/prefix\/event-stream-console-test-[0-9a-f]{16}\.temp/)
      expect(await keys()).toEqual([])
    })

    it('holds the word temp', async () => {
      const through = await proxy()
      through.failWith(({ method }) =>
        method === 'DELETE' ? { kind: 'answer', status: 403, code: 'AccessDenied' } : null,
      )
      const result = await target({ endpoint: through.endpoint }).test(null)
      const [key = ''] = await keys()
      expect(key).toMatch(/^event-stream-console-test-[0-9a-f]{16}\.temp$/)
      expect((await stored(key)).toString()).toBe('temp')
      expect(result.ok).toBe(true)
      expect(outcomes(result)).toEqual(['put ok', 'verify ok', 'delete note'])
      expect(result.steps[2]?.message).toContain(key)
    })

    it('takes write-only keys', async () => {
      const through = await proxy()
      through.failWith((request) => (isHead(request) ? { kind: 'answer', status: 403, code: null } : null))
      const result = await target({ endpoint: through.endpoint }).test('p')
      expect(result.ok).toBe(true)
      expect(outcomes(result)).toEqual(['put ok', 'verify note', 'delete ok'])
    })

    it('says what to do about a refusal, and tries no further', async () => {
      const result = await target({ secretAccessKey: 'not-the-secret' }).test('p')
      expect(result.ok).toBe(false)
      expect(outcomes(result)).toEqual(['put failed', 'verify skipped', 'delete skipped'])
      expect(result.steps[0]?.message).toContain('Enter it again.')
      expect(result.steps[1]?.durationMs).toBeNull()
      expect(JSON.stringify(result)).not.toContain('not-the-secret')
    })

    it('finds a server that stores something else', async () => {
      const through = await proxy()
      through.failWith((request) => (isPut(request) ? { kind: 'truncate', dropBytes: 1 } : null))
      const result = await target({ endpoint: through.endpoint }).test('p')
      expect(result.ok).toBe(false)
      expect(outcomes(result)).toEqual(['put ok', 'verify failed', 'delete ok'])
      expect(await keys()).toEqual([])
    })
  })
})

describe('an S3 target that is not there', () => {
  const options: S3TargetOptions = {
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    region: 'us-east-1',
    bucket: 'bucket',
    endpoint: 'http://127.0.0.1:1',
    pathStyle: true,
    userAgent: 'EventStreamConsole/0.0.0',
    connectTimeoutMs: 2000,
    requestTimeoutMs: 2000,
  }

  it.each<[string, Partial<S3TargetOptions>, string]>([
    ['nothing listens', {}, 'connection_refused'],
    ['no such host', { endpoint: 'http://no-such-host.invalid' }, 'host_not_found'],
  ])('%s', async (_, changes, errorCode) => {
    for (const size of [10, 6 * MB]) {
      const to = new S3Target({ ...options, ...changes })
      expect(await put(to, 'k', bytes(size))).toMatchObject({ errorCode, statusCode: null, responseBody: null })
      await to.destroy()
    }
  })

  it('speaks no TLS', async () => {
    const receiver = await Receiver.start()
    onTestFinished(() => receiver.close())
    const to = new S3Target({ ...options, endpoint: `https://127.0.0.1:${receiver.port}` })
    expect(await put(to, 'k', bytes(10))).toMatchObject({ errorCode: 'tls_failed' })
    await to.destroy()
  })

  it('is a web server that says yes to everything', async () => {
    const receiver = await Receiver.start({ answer: { status: 200, body: '<html></html>' } })
    onTestFinished(() => receiver.close())
    const to = new S3Target({ ...options, endpoint: `http://127.0.0.1:${receiver.port}` })
    expect(await put(to, 'k', bytes(10))).toMatchObject({ errorCode: 'size_mismatch' })
    expect((await put(to, 'k', bytes(6 * MB))).errorCode).not.toBeNull()
    await to.destroy()
  })

  it('has an endpoint that is no address', async () => {
    const to = new S3Target({ ...options, endpoint: 'not an address' })
    expect((await put(to, 'k', bytes(10))).errorCode).toBe('unknown')
    expect((await to.test('p')).ok).toBe(false)
    expect((await to.abortOrphans('p', ['k'])).errorCode).toBe('unknown')
    await to.destroy()
  })
})
