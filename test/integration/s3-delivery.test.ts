import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import type { NewIntegration } from '../../shared/schemas/integration'
import { FakeClock } from '../support/fake-clock'
import { FaultS3 } from '../support/fault-s3'
import type { S3Server } from '../support/swift'
import { newBucket, plainClient, sharedSwift, swiftMissing } from '../support/swift-shared'
import { tempDir } from '../support/temp-dir'

const missing = swiftMissing()
const FIVE_MINUTES = 5 * 60_000

let swift: S3Server
let client: S3Client
let bucket: string
let folder: string
let clock: FakeClock
let changes: (() => void)[]

beforeAll(async () => {
  if (missing !== null) return
  swift = await sharedSwift()
  client = plainClient(swift)
  return () => client.destroy()
}, 90_000)

beforeEach(async () => {
  folder = tempDir()
  clock = new FakeClock()
  changes = []
  if (missing === null) bucket = await newBucket(client)
})

/** Opens the engine; a test that crashes it closes it without grace. */
function open(): { engine: Engine; close: (graceMs?: number) => Promise<void> } {
  const engine = new Engine({
    workspace: folder,
    key: new Uint8Array(32).fill(7),
    version: '0.0.0',
    onChanged: () => {
      for (const notify of changes.splice(0)) notify()
    },
    onNotice: (error) => {
      throw new Error(error.message)
    },
    clock,
    random: () => 0.01,
  })
  let closed = false
  const close = async (graceMs?: number) => {
    if (!closed) await engine.close(graceMs)
    closed = true
  }
  onTestFinished(() => close(50))
  return { engine, close }
}

function queries() {
  const db = openReadable(join(folder, STORE_FILE))
  onTestFinished(() => void db.close())
  return createQueries(db)
}

function integration(change: Partial<NewIntegration> = {}, endpoint = swift.endpoint): NewIntegration {
  return {
    id: 'warehouse',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: {
      kind: 's3',
      accessKeyId: swift.accessKeyId,
      secretAccessKey: swift.secretAccessKey,
      region: swift.region,
      bucket,
      keyPrefix: 'in/orders',
      endpoint,
      pathStyle: true,
    },
    ...change,
  }
}

function line(no: number, change: { name?: string; tenant?: string; at?: number; size?: number } = {}): string {
  const { name = 'order.created', tenant = 'acme', at = clock.now(), size = 10 } = change
  const payload = { id: `order-${no}`, no, text: 'x'.repeat(size) }
  return JSON.stringify({ tenant, name, published_at: new Date(at).toISOString(), payload })
}

function publish(engine: Engine, lines: readonly string[]): void {
  engine.publish(lines.map((text) => parseEnvelope(Buffer.from(text))))
}

async function objects(): Promise<{ key: string; body: Buffer; encoding: string | undefined }[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
  const found = []
  for (const { Key } of Contents) {
    const { Body, ContentEncoding } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
    found.push({ key: Key!, body: Buffer.from(await Body!.transformToByteArray()), encoding: ContentEncoding })
  }
  return found.sort((a, b) => a.key.localeCompare(b.key))
}

function firstNo(body: string): number {
  return JSON.parse(body.slice(0, body.indexOf('\n'))).payload.no
}

/** Waits until the store says so; asked after each change that the engine tells. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise<void>((resolve) => changes.push(resolve))
}

async function summary() {
  return queries()['integrations.get']({ id: 'warehouse' })
}

async function delivered(count: number): Promise<void> {
  await until(async () => (await summary()).delivered === count)
}

describe.skipIf(missing !== null)('delivery to S3', () => {
  it('writes the matching events of five minutes as one object of lines, under the key of the specification', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    const lines = [line(1), line(2), line(3)]
    publish(engine, [lines[0]!, line(9, { name: 'return.processed' }), lines[1]!])
    await clock.advance(FIVE_MINUTES - 1000)
    publish(engine, [lines[2]!])
    expect(await objects()).toEqual([])
    await clock.advance(1000)
    await delivered(3)
    const stored = await objects()
    expect(stored.map((o) => o.body.toString())).toEqual([`${lines.join('\n')}\n`])
    expect(stored[0]!.key).toMatch(new RegExp(`^in/orders/acme/${clock.now()}-data-[0-9a-z]+\\.export$`))
    expect(await summary()).toMatchObject({ delivered: 3, backlog: 0, status: 'running' })
  })

  it('writes no empty object, and begins the five minutes anew when they end with nothing to send', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    await clock.advance(FIVE_MINUTES)
    await clock.advance(FIVE_MINUTES - 1000)
    publish(engine, [line(1)])
    await clock.advance(500)
    expect(await objects()).toEqual([])
    await clock.advance(500)
    await delivered(1)
    expect(await objects()).toHaveLength(1)
  })

  it('closes an object before it would exceed the size, whatever the time', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration({ options: { batchBytes: 1024 * 1024 } }))
    const lines = Array.from({ length: 25 }, (_, i) => line(i, { size: 100_000 }))
    publish(engine, lines)
    await delivered(20)
    await clock.advance(FIVE_MINUTES)
    await delivered(25)
    // Objects of the same millisecond are told apart by chance, so their keys say nothing about their order.
    const stored = (await objects()).map((o) => o.body.toString()).sort((a, b) => firstNo(a) - firstNo(b))
    expect(stored.join('') === `${lines.join('\n')}\n`).toBe(true)
    expect(stored.map((body) => body.length <= 1024 * 1024)).toEqual([true, true, true])
  })

  it('gives each tenant an object of its own', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    const lines = [line(1), line(2, { tenant: 'other' }), line(3)]
    publish(engine, lines)
    await clock.advance(FIVE_MINUTES)
    await delivered(3)
    const stored = await objects()
    expect(stored.map((o) => [o.key.split('/')[2], o.body.toString()])).toEqual([
      ['acme', `${lines[0]}\n${lines[2]}\n`],
      ['other', `${lines[1]}\n`],
    ])
  })

  it('writes compressed objects that hold the same lines, and keeps no file once they are stored', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration({ options: { gzip: true } }))
    const lines = [line(1), line(2, { size: 5000 })]
    publish(engine, lines)
    await clock.advance(FIVE_MINUTES)
    await delivered(2)
    const [stored] = await objects()
    expect(stored!.encoding).toBe('gzip')
    expect(gunzipSync(stored!.body).toString()).toBe(`${lines.join('\n')}\n`)
    await until(() => readdirSync(join(folder, 'spool')).length === 0)
  })

  it.each([false, true])('writes the same object again after a crash in the middle (gzip: %s)', async (gzip) => {
    const proxy = await FaultS3.start(swift)
    onTestFinished(() => proxy.close())
    proxy.failWith(({ method }) => (method === 'PUT' ? { kind: 'lose-answer' } : null))
    const first = open()
    await first.engine.call('integrations.create', integration({ options: { gzip } }, proxy.endpoint))
    const lines = Array.from({ length: 50 }, (_, i) => line(i))
    publish(first.engine, lines)
    await clock.advance(FIVE_MINUTES)
    await until(
      async () => (await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 1 })).rows.length > 0,
    )
    const before = await objects()
    expect(before).toHaveLength(1)
    await first.close(0)

    proxy.failWith(() => null)
    const second = open()
    publish(second.engine, [line(100)])
    await clock.advance(60_000)
    await delivered(50)
    expect(await objects()).toEqual(before)
    expect(await summary()).toMatchObject({ delivered: 50, backlog: 1 })
  })

  it('backs off and tries again when the server refuses, and says why', async () => {
    const proxy = await FaultS3.start(swift)
    onTestFinished(() => proxy.close())
    proxy.failWith((_, n) => (n <= 2 ? { kind: 'answer', status: 503, code: 'SlowDown' } : null))
    const { engine } = open()
    await engine.call('integrations.create', integration({}, proxy.endpoint))
    publish(engine, [line(1), line(2)])
    await clock.advance(FIVE_MINUTES)
    await until(
      async () => (await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 9 })).rows.length === 2,
    )
    const { rows } = await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 9 })
    expect(rows.map((r) => [r.outcome, r.errorCode, r.domainEntityId])).toEqual([
      ['failure', 'throttled', 'order-2'],
      ['failure', 'throttled', 'order-1'],
    ])
    for (let i = 0; (await summary()).delivered < 2; i++) {
      await clock.advance(30_000)
      await until(async () => (await summary()).delivered === 2 || proxy.requests.length > i + 1)
    }
    const { rows: logs } = await queries()['integrations.logs']({ id: 'warehouse', limit: 9 })
    expect(logs.map((l) => l.action)).toContain('retry_triggered')
  })

  it('stops after an hour without the bucket, and starts by itself when it is there', async () => {
    const { engine } = open()
    bucket = `not-made-${bucket}`.slice(0, 60)
    await engine.call('integrations.create', integration())
    publish(engine, [line(1)])
    for (let minutes = 0; (await summary()).status === 'running' && minutes < 120; minutes++) {
      const before = (await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 500 })).rows.length
      await clock.advance(60_000)
      if (minutes < 5) continue
      await until(
        async () =>
          (await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 500 })).rows.length > before,
      )
    }
    const stopped = await summary()
    expect(stopped).toMatchObject({ status: 'stopped', stopCause: 'failure', restartPending: true, backlog: 1 })
    const { rows: logs } = await queries()['integrations.logs']({ id: 'warehouse', limit: 1 })
    expect(logs[0]!.reason).toMatch(/bucket_not_found/)
    const { CreateBucketCommand } = await import('@aws-sdk/client-s3')
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    await clock.advance(61_000)
    await until(async () => (await summary()).status === 'running')
    await delivered(1)
  })

  it('ends a temporary integration after the last event before its end, with a last object', async () => {
    const { engine } = open()
    const startsAt = clock.now() - 1000
    const endsAt = clock.now() + 120_000
    publish(engine, [line(1, { at: startsAt - 5 })])
    await engine.call('integrations.create', integration({ integrationType: 'temporary', startsAt, endsAt }))
    publish(engine, [line(2), line(3, { at: endsAt + 5 })])
    await clock.advance(120_000)
    await until(async () => (await summary()).stopCause === 'ended')
    expect((await objects()).map((o) => o.body.toString())).toEqual([`${line(2, { at: endsAt - 120_000 })}\n`])
    expect(await summary()).toMatchObject({ delivered: 1, backlog: 0 })
  })

  it('tells in which object, line and bytes an event lies, and lists one row for each event of a batch', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    const lines = Array.from({ length: 7 }, (_, i) => line(i))
    publish(engine, lines.slice(0, 4))
    await clock.advance(FIVE_MINUTES)
    await delivered(4)
    publish(engine, lines.slice(4))
    await clock.advance(FIVE_MINUTES)
    await delivered(7)
    const list = queries()['attempts.list']
    const seen: string[] = []
    let after: string | null = null
    do {
      const page = await list({ id: 'warehouse', filter: {}, limit: 2, after })
      seen.push(...page.rows.map((r) => `${r.domainEntityId} ${r.outcome}`))
      after = page.next
    } while (after !== null)
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `order-${n} success`))
    const { rows } = await list({ id: 'warehouse', filter: { domainEntityId: 'order-2' }, limit: 9 })
    expect(rows.map((r) => r.domainEntityId)).toEqual(['order-2'])
    const { id: attemptId, seq } = rows[0]!
    const detail = await queries()['attempts.get']({ id: 'warehouse', attemptId, seq })
    const object = (await objects()).find((o) => o.key === detail.object!.key)!
    expect(detail.object).toMatchObject({ line: 3, verification: 'same-size' })
    expect(object.body.subarray(detail.object!.byteFrom, detail.object!.byteTo).toString()).toBe(lines[2])
    expect(detail.body).toBe(lines[2])
  })

  it('writes the objects of a range again when an operator asks, and changes no counter', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    publish(engine, [line(1), line(2)])
    await clock.advance(FIVE_MINUTES)
    await delivered(2)
    const before = await objects()
    const resend = await engine.call('resends.start', {
      id: 'warehouse',
      filter: { kind: 'range', from: 0, to: clock.now() },
    })
    expect(resend).toMatchObject({ total: 2, state: 'running' })
    await until(async () => (await queries()['resends.list']({ id: 'warehouse' })).rows[0]!.state === 'done')
    expect((await queries()['resends.list']({ id: 'warehouse' })).rows).toMatchObject([{ succeeded: 2, failed: 0 }])
    expect(await objects()).toEqual(before)
    expect(await summary()).toMatchObject({ delivered: 2, backlog: 0 })
    const { rows } = await queries()['attempts.list']({ id: 'warehouse', filter: {}, limit: 9 })
    expect(rows.map((r) => r.manual)).toEqual([true, true, false, false])
  })

  it('begins nothing after a pause has answered, and goes on afterwards', async () => {
    const { engine } = open()
    await engine.call('integrations.create', integration())
    publish(engine, [line(1)])
    await engine.call('integrations.stop', { id: 'warehouse' })
    await clock.advance(2 * FIVE_MINUTES)
    expect(await objects()).toEqual([])
    await engine.call('integrations.start', { id: 'warehouse' })
    await delivered(1)
  })

  it('tests a target step by step without leaving anything in the bucket', async () => {
    const { engine } = open()
    const { target } = integration()
    const test = await engine.call('targets.test', { target, sendTestEvent: false })
    expect(test).toMatchObject({ ok: true })
    expect(await objects()).toEqual([])
  })
})
