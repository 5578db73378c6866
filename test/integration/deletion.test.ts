import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Engine, UNDO_MS } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import { FakeClock } from '../support/fake-clock'
import { Receiver } from '../support/receiver'
import { tempDir } from '../support/temp-dir'

const ID = 'erp-orders'

async function setUp() {
  const folder = tempDir()
  const clock = new FakeClock()
  const receiver = await Receiver.start()
  onTestFinished(() => receiver.close())
  let changes: (() => void)[] = []
  const open = () => {
    const engine = new Engine({
      workspace: folder,
      key: new Uint8Array(32).fill(7),
      version: '0.0.0',
      clock,
      onChanged: () => {
        const told = changes
        changes = []
        for (const tell of told) tell()
      },
      onNotice: (error) => {
        throw new Error(error.message)
      },
    })
    let open = true
    const close = async () => {
      if (open) await engine.close(50)
      open = false
    }
    onTestFinished(close)
    return { engine, close }
  }
  const db = () => {
    const readable = openReadable(join(folder, STORE_FILE))
    onTestFinished(() => void readable.close())
    return readable
  }
  const until = async (condition: () => Promise<boolean>) => {
    while (!(await condition())) await new Promise<void>((tell) => changes.push(tell))
  }
  const create = (engine: Engine) =>
    engine.call('integrations.create', {
      id: ID,
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: ['order'], events: [] },
      target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'the-key' },
    })
  let no = 0
  const publish = (engine: Engine, count: number) =>
    engine.publish(
      Array.from({ length: count }, () =>
        parseEnvelope(
          Buffer.from(
            JSON.stringify({
              tenant: 't',
              name: 'order.created',
              published_at: new Date(clock.now()).toISOString(),
              payload: { id: `order-${no++}` },
            }),
          ),
        ),
      ),
    )
  return { open, db, clock, receiver, create, publish, until }
}

describe('a deletion', () => {
  it('hides the integration at once, and is taken back exactly as it was', async () => {
    const { open, db, receiver, create, publish, until } = await setUp()
    const { engine } = open()
    await create(engine)
    publish(engine, 3)
    const queries = createQueries(db())
    await until(async () => (await queries['integrations.get']({ id: ID })).delivered === 3)
    const before = await queries['integrations.get']({ id: ID })
    await engine.call('integrations.delete', { id: ID })
    expect((await queries['integrations.list']({})).rows).toEqual([])
    publish(engine, 2)
    expect(await engine.call('integrations.restore', { id: ID })).toMatchObject({ status: 'running', stopCause: null })
    // What came meanwhile is delivered with the same key, nothing is delivered twice.
    await receiver.waitForCount(5, 10_000)
    await until(async () => (await queries['integrations.get']({ id: ID })).delivered === 5)
    expect(new Set(receiver.requests.map((r) => r.headers['idempotency-key'])).size).toBe(5)
    expect(new Set(receiver.requests.map((r) => r.headers.authorization))).toEqual(new Set(['Bearer the-key']))
    expect(await queries['integrations.get']({ id: ID })).toMatchObject({
      createdAt: before.createdAt,
      backlog: 0,
      rejected: 0,
    })
    expect((await queries['audit.list']({ limit: 10 })).rows.map((row) => row.action)).toEqual([
      'integration.restore',
      'integration.delete',
      'integration.create',
    ])
  })

  it('is final after the time to undo: secrets first, then every row', async () => {
    const { open, db, clock, create, publish, until } = await setUp()
    const { engine } = open()
    await create(engine)
    publish(engine, 3)
    const store = db()
    const queries = createQueries(store)
    await until(async () => (await queries['integrations.get']({ id: ID })).delivered === 3)
    await engine.call('integrations.delete', { id: ID })
    await clock.advance(UNDO_MS - 1)
    const secrets = () => store.prepare('SELECT secrets FROM integrations').pluck().all()
    expect(secrets()).toHaveLength(1)
    expect(secrets()[0]).not.toBeNull()
    await clock.advance(1)
    await expect(engine.call('integrations.restore', { id: ID })).rejects.toMatchObject({ code: 'deletion_final' })
    expect(secrets().every((each) => each === null)).toBe(true)
    await expect
      .poll(() =>
        ['integrations', 'attempts', 'attempt_minutes', 'log_entries'].map((table) =>
          store.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
        ),
      )
      .toEqual([0, 0, 0, 0])
  })

  it('can be taken back after a restart within the time, and not after it', async () => {
    const { open, db, clock, receiver, create, publish } = await setUp()
    const first = open()
    await create(first.engine)
    await first.engine.call('integrations.delete', { id: ID })
    await first.close()
    await clock.advance(UNDO_MS - 1000)
    const second = open()
    expect(await second.engine.call('integrations.restore', { id: ID })).toMatchObject({ status: 'running' })
    publish(second.engine, 1)
    await receiver.waitForCount(1, 10_000)
    expect(receiver.requests[0]?.headers.authorization).toBe('Bearer the-key')
    await second.engine.call('integrations.delete', { id: ID })
    await second.close()
    await clock.advance(UNDO_MS)
    const third = open()
    await clock.advance(0)
    await expect(third.engine.call('integrations.restore', { id: ID })).rejects.toMatchObject({
      code: 'deletion_final',
    })
    await expect.poll(() => db().prepare('SELECT count(*) FROM integrations').pluck().get()).toBe(0)
  })

  it('is not taken back over another integration, nor beyond the limit', async () => {
    const { open, create } = await setUp()
    const { engine } = open()
    await create(engine)
    await engine.call('integrations.delete', { id: ID })
    await create(engine)
    await expect(engine.call('integrations.restore', { id: ID })).rejects.toMatchObject({
      code: 'integration_id_taken',
    })
    await engine.call('settings.update', { integrationLimit: 1 })
    await engine.call('integrations.delete', { id: ID })
    await engine.call('integrations.create', {
      id: 'another',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: ['order'], events: [] },
      target: { kind: 'webhook', callbackUrl: 'https://example.com/' },
    })
    await expect(engine.call('integrations.restore', { id: ID })).rejects.toMatchObject({
      code: 'integration_limit_reached',
    })
    await expect(engine.call('integrations.restore', { id: 'never-was' })).rejects.toMatchObject({
      code: 'deletion_final',
    })
  })

  it('of a paused integration brings back a paused one', async () => {
    const { open, create } = await setUp()
    const { engine } = open()
    await create(engine)
    await engine.call('integrations.stop', { id: ID })
    await engine.call('integrations.delete', { id: ID })
    expect(await engine.call('integrations.restore', { id: ID })).toMatchObject({
      status: 'stopped',
      stopCause: 'operator',
    })
  })
})
