import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, type ReadableDb, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import type { NewIntegration } from '../../shared/schemas/integration'

interface Got {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let folder: string
let server: Server
let got: Got[]
let answer: (body: string, n: number) => number | 'hang' | 'reset'
let arrivals: (() => void)[]
let engine: Engine | null
let changes: (() => void)[]
let db: ReadableDb | null

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'console-'))
  got = []
  arrivals = []
  changes = []
  answer = () => 200
  engine = null
  db = null
  server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      got.push({ headers: request.headers, body })
      const status = answer(body, got.length)
      if (status === 'reset') request.socket.destroy()
      else if (status !== 'hang') response.writeHead(status).end(status >= 400 ? 'why not' : '')
      for (const notify of arrivals.splice(0)) notify()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  db?.close()
  server.closeAllConnections()
  await engine?.close(50)
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

function open(options: { key?: Uint8Array | null; random?: () => number } = {}): Engine {
  engine = new Engine({
    workspace: folder,
    key: options.key === undefined ? new Uint8Array(32).fill(7) : options.key,
    version: '0.0.0',
    onChanged: () => {
      for (const notify of changes.splice(0)) notify()
    },
    onNotice: (error) => {
      throw new Error(error.message)
    },
    random: options.random ?? (() => 0.01),
  })
  return engine
}

function queries() {
  db ??= openReadable(join(folder, STORE_FILE))
  return createQueries(db)
}

function url(path = '/hook'): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
}

function integration(change: Partial<NewIntegration> = {}): NewIntegration {
  return {
    id: 'orders',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: url(), apiKey: 'secret-key' },
    ...change,
  }
}

function line(no: number, name = 'order.created', publishedAt = '2026-01-01T00:00:00.000Z'): string {
  return JSON.stringify({
    tenant: 't',
    name,
    published_at: publishedAt,
    payload: { id: `entity-${no}`, no },
  })
}

function publish(target: Engine, lines: readonly string[]): void {
  target.publish(lines.map((l) => parseEnvelope(Buffer.from(l))))
}

async function until(condition: () => boolean, signals: (() => void)[] = arrivals): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => signals.push(resolve))
}

async function summary(id = 'orders') {
  return await queries()['integrations.get']({ id })
}

describe('webhook delivery', () => {
  it('posts the stored bytes of matching events with bearer key and event id', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    const odd =
      '{"tenant":"t", "name":"order.created","published_at":"2026-01-01T00:00:00Z","payload":{"id":"x","n":1.00,"n":2e3}}'
    publish(e, [line(1), line(2, 'return.processed'), odd])
    await until(() => got.length === 2)
    expect(got.map((g) => g.body).sort()).toEqual([line(1), odd].sort())
    expect(got[0]!.headers.authorization).toBe('Bearer secret-key')
    expect(got[0]!.headers['content-type']).toBe('application/json')
    expect(got[0]!.headers['webhook-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(got[0]!.headers['idempotency-key']).toBe(got[0]!.headers['webhook-id'])
  })

  it('sends no authorization line without a key', async () => {
    const e = open()
    await e.call('integrations.create', integration({ target: { kind: 'webhook', callbackUrl: url() } }))
    publish(e, [line(1)])
    await until(() => got.length === 1)
    expect(got[0]!.headers.authorization).toBeUndefined()
  })

  it('rejects on 400, keeps the event with the answer, and goes on', async () => {
    answer = (body) => (body.includes('"no":2') ? 400 : 200)
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1), line(2), line(3)])
    await until(() => got.length === 3)
    await until(
      () => queries()['integrations.rejected']({ id: 'orders', limit: 10 }) !== null && settledCount() === 3,
      changes,
    )
    const rejected = await queries()['integrations.rejected']({
      id: 'orders',
      limit: 10,
    })
    expect(rejected.rows).toMatchObject([
      {
        domainEntityId: 'entity-2',
        statusCode: 400,
        errorCode: 'rejected',
        responseBody: 'why not',
      },
    ])
    expect(await summary()).toMatchObject({
      delivered: 2,
      rejected: 1,
      backlog: 0,
      waiting: 0,
    })
  })

  it.each([[500], [429], [302], ['reset' as const]])('tries again after %s and delivers', async (first) => {
    answer = (_, n) => (n === 1 ? first : 200)
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1)])
    await until(() => settledCount() === 1, changes)
    expect(got.map((g) => g.body)).toEqual([line(1), line(1)])
    expect(got[0]!.headers['webhook-id']).toBe(got[1]!.headers['webhook-id'])
    const { rows } = await queries()['attempts.list']({
      id: 'orders',
      filter: {},
      limit: 10,
    })
    expect(rows.map((r) => [r.number, r.outcome])).toEqual([
      [2, 'success'],
      [1, 'failure'],
    ])
  })

  it('starts no attempt after pause has answered, and resumes at the cursor', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1)])
    await until(() => settledCount() === 1, changes)
    await e.call('integrations.stop', { id: 'orders' })
    publish(e, [line(2), line(3)])
    expect((await summary()).backlog).toBe(2)
    expect(got).toHaveLength(1)
    await e.call('integrations.start', { id: 'orders' })
    await until(() => got.length === 3)
    expect(got.map((g) => g.body).sort()).toEqual([line(1), line(2), line(3)].sort())
  })

  it('goes on after a restart without repeating what was recorded', async () => {
    let e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1), line(2)])
    await until(() => settledCount() === 2, changes)
    await e.close()
    e = open()
    publish(e, [line(3)])
    await until(() => got.length === 3)
    expect(got.map((g) => g.body).sort()).toEqual([line(1), line(2), line(3)].sort())
  })

  it('delivers stored events of the period when the start lies in the past', async () => {
    const e = open()
    publish(e, [
      line(1, 'order.created', '2025-01-01T00:00:00Z'),
      line(2, 'order.created', '2025-03-01T00:00:00Z'),
      line(3, 'order.created', '2025-05-01T00:00:00Z'),
    ])
    const startsAt = Date.parse('2025-02-01T00:00:00Z')
    const endsAt = Date.parse('2025-04-01T00:00:00Z')
    await e.call('integrations.create', integration({ integrationType: 'temporary', startsAt, endsAt }))
    await until(() => stopCause() === 'ended', changes)
    expect(got.map((g) => g.body)).toEqual([line(2, 'order.created', '2025-03-01T00:00:00Z')])
    const { rows } = await queries()['integrations.logs']({
      id: 'orders',
      limit: 10,
    })
    expect(rows.map((r) => r.action)).toEqual(['integration_stopped', 'integration_started'])
    await expect(e.call('integrations.start', { id: 'orders' })).rejects.toMatchObject({ code: 'integration_ended' })
  })

  it('isolates a hanging target from the others', async () => {
    answer = (body) => (body.includes('"no":1}') ? 'hang' : 200)
    const e = open()
    await e.call(
      'integrations.create',
      integration({
        id: 'hanging',
        selection: { entities: [], events: ['order.created'] },
      }),
    )
    await e.call(
      'integrations.create',
      integration({
        id: 'fine',
        selection: { entities: ['return'], events: [] },
      }),
    )
    publish(e, [line(1), ...Array.from({ length: 50 }, (_, i) => line(100 + i, 'return.processed'))])
    await until(() => got.length === 51)
    await until(() => settledCount('fine') === 50, changes)
  })

  it('keeps what came before a restart in order of nothing lost while the receiver is down', async () => {
    answer = () => 503
    const e = open({ random: () => 0.9 })
    await e.call('integrations.create', integration())
    publish(
      e,
      Array.from({ length: 100 }, (_, i) => line(i)),
    )
    await until(() => got.length >= 16)
    await e.close()
    answer = () => 200
    got = []
    const again = open()
    await again.call('integrations.stop', { id: 'orders' })
    await again.call('integrations.start', { id: 'orders' })
    await until(() => settledCount() === 100, changes)
    expect(new Set(got.map((g) => g.body)).size).toBe(100)
    expect(await summary()).toMatchObject({
      delivered: 100,
      backlog: 0,
      waiting: 0,
    })
  })
})

describe('integrations', () => {
  it('refuses a second one with the same id, and more than the maximum', async () => {
    const e = open()
    await e.call('settings.update', { integrationLimit: 2 })
    await e.call('integrations.create', integration())
    await expect(e.call('integrations.create', integration())).rejects.toMatchObject({
      code: 'integration_id_taken',
      field: 'id',
    })
    await e.call('integrations.create', integration({ id: 'two' }))
    await expect(e.call('integrations.create', integration({ id: 'three' }))).rejects.toMatchObject({
      code: 'integration_limit_reached',
    })
  })

  it('never stores the API key readable', async () => {
    const e = open()
    await e.call(
      'integrations.create',
      integration({
        target: { kind: 'webhook', callbackUrl: url(), apiKey: 'canary-93fd1' },
      }),
    )
    expect(JSON.stringify(await summary())).not.toContain('canary')
    const rows = JSON.stringify(openReadable(join(folder, STORE_FILE)).prepare('SELECT * FROM integrations').all())
    expect(rows).not.toContain('canary')
  })

  it('asks for consent before it stores a key without a keychain', async () => {
    const e = open({ key: null })
    await expect(e.call('integrations.create', integration())).rejects.toMatchObject({
      code: 'secret_consent_required',
    })
    e.unlock(new Uint8Array(32))
    await e.call('integrations.create', integration())
  })

  it('forgets everything of a deleted one, so that its id can be used again', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1)])
    await until(() => settledCount() === 1, changes)
    await e.call('integrations.delete', { id: 'orders' })
    expect((await queries()['integrations.list']({})).rows).toEqual([])
    await e.call('integrations.create', integration())
    expect(await queries()['attempts.list']({ id: 'orders', filter: {}, limit: 10 })).toEqual({
      rows: [],
      next: null,
      searchedTo: null,
    })
    expect(await summary()).toMatchObject({ delivered: 0, backlog: 0 })
  })

  it('refuses a workspace that is open already', () => {
    open()
    const first = engine
    expect(() => open()).toThrow(expect.objectContaining({ code: 'workspace_in_use' }))
    engine = first
  })
})

describe('import', () => {
  it('takes good lines, lists bad ones with their number, and knows duplicates', async () => {
    const e = open()
    const path = join(folder, 'events.export')
    const bad = [
      'not json',
      '[]',
      '{"tenant":"t"}',
      '{"tenant":"t","name":"order","published_at":"2026-01-01T00:00:00Z","payload":{}}',
    ]
    writeFileSync(path, `\uFEFF${line(1)}\r\ntemp\n\n${bad.join('\n')}\n${line(1)}\n${line(2)}`)
    const job = await e.call('imports.start', { path })
    await e.importEnded(job.id)
    const { rows } = await queries()['imports.list']({})
    expect(rows).toMatchObject([
      {
        state: 'done',
        lines: 9,
        accepted: 2,
        duplicates: 1,
        skipped: 2,
        refused: 4,
        bytesRead: rows[0]!.bytesTotal,
      },
    ])
    const problems = await queries()['imports.problems']({ importId: job.id })
    expect(problems.rows.map((p) => [p.line, p.code])).toEqual([
      [4, 'event_not_json'],
      [5, 'event_not_object'],
      [6, 'event_field_missing'],
      [7, 'event_field_invalid'],
    ])
  })

  it('says what is wrong with the file', async () => {
    const e = open()
    await expect(e.call('imports.start', { path: join(folder, 'none') })).rejects.toMatchObject({
      code: 'file_not_found',
    })
    await expect(e.call('imports.start', { path: folder })).rejects.toMatchObject({ code: 'file_not_regular' })
  })
})

function settledCount(id = 'orders'): number {
  db ??= openReadable(join(folder, STORE_FILE))
  const sql = 'SELECT delivered + rejected FROM integrations WHERE id = ? AND deleted_at IS NULL'
  return (db.prepare(sql).pluck().get(id) as number | undefined) ?? 0
}

function stopCause(): string | null {
  db ??= openReadable(join(folder, STORE_FILE))
  return db.prepare('SELECT stop_cause FROM integrations').pluck().get() as string | null
}
