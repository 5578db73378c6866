import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Host, type StartThread } from '../../main/host/host'
import { ThreadClient } from '../../main/host/rpc'
import { SupervisedThread } from '../../main/host/supervised-thread'
import { lockWorkspace } from '../../main/store/workspace-lock'
import type { CallName, Output } from '../../shared/contract'
import { type ErrorInfo, unwrap } from '../../shared/errors'
import { buildThreads } from '../support/built-threads'
import { Receiver } from '../support/receiver'
import { tempDir } from '../support/temp-dir'
import { numberOf, numbers, operator } from '../support/workbench'

let folder: string
let start: StartThread

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'event-stream-console-threads-'))
  start = await buildThreads(folder)
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function openHost() {
  const workspace = tempDir()
  const workers: Record<'engine' | 'reader', Worker[]> = { engine: [], reader: [] }
  const notices: ErrorInfo[] = []
  const deaths: ErrorInfo[] = []
  let changes = 0
  const host = await Host.open({
    workspace,
    key: new Uint8Array(32).fill(3),
    version: '0.0.0',
    onChanged: () => changes++,
    onNotice: (notice) => notices.push(notice),
    onAlert: () => {},
    onDeath: (error) => deaths.push(error),
    startThread: (name) => {
      const worker = start(name)
      workers[name].push(worker)
      return worker
    },
  })
  onTestFinished(() => host.close(0))
  const engine = async <N extends CallName>(name: N, input: unknown) =>
    unwrap(await host.engine(name, input, operator)) as Output<N>
  const reader = async <N extends CallName>(name: N, input: unknown) =>
    unwrap(await host.reader(name, input)) as Output<N>
  const until = async (condition: () => Promise<boolean> | boolean) => {
    for (const end = Date.now() + 15_000; !(await condition()); ) {
      if (Date.now() > end) throw new Error(`waited in vain for ${condition}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  return { workspace, host, workers, notices, deaths, engine, reader, until, changes: () => changes }
}

type Opened = Awaited<ReturnType<typeof openHost>>

async function publish({ workspace, engine, reader, until }: Opened, count: number): Promise<void> {
  const path = join(workspace, 'events.ndjson')
  const line = (no: number) =>
    JSON.stringify({
      tenant: 't',
      name: 'order.created',
      published_at: '2026-01-01T00:00:00Z',
      payload: { id: `${no}`, no },
    })
  writeFileSync(path, numbers(0, count).map(line).join('\n'))
  const { id } = await engine('imports.start', { path })
  await until(async () => (await reader('imports.list', {})).rows.find((job) => job.id === id)?.state === 'done')
}

async function create({ engine }: Opened, callbackUrl: string): Promise<void> {
  await engine('integrations.create', {
    id: 'orders',
    integrationType: 'permanent',
    startsAt: 0,
    endsAt: null,
    selection: { entities: [], events: [] },
    target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
  })
}

describe('a thread that dies', () => {
  it('engine: is started again with a notice, in the middle of deliveries, and loses nothing', async () => {
    const receiver = await Receiver.start({ answer: { delayMs: 5 } })
    onTestFinished(() => receiver.close())
    const opened = await openHost()
    const { host, workers, notices, deaths, reader, until } = opened
    await publish(opened, 3000)
    await create(opened, receiver.url)
    for (const at of [500, 1500]) {
      await receiver.waitForCount(at)
      await workers.engine.at(-1)!.terminate()
    }
    await until(async () => (await reader('integrations.get', { id: 'orders' })).delivered === 3000)
    expect(workers.engine).toHaveLength(3)
    const got = receiver.requests.map(numberOf)
    expect(new Set(got).size).toBe(3000)
    // Per death: what was in flight, and what had finished within one commit interval.
    expect(got.length - 3000).toBeLessThanOrEqual(2 * 200)
    expect(await reader('integrations.get', { id: 'orders' })).toMatchObject({ backlog: 0, waiting: 0, rejected: 0 })
    expect(receiver.requests.every((r) => r.headers.authorization === 'Bearer key')).toBe(true)
    expect(notices.map((n) => n.code)).toEqual([
      'engine_unavailable',
      'engine_restarted',
      'engine_unavailable',
      'engine_restarted',
    ])
    expect(deaths).toEqual([])
    await host.close(1000)
    // Closed in order, and not taken for one more death.
    expect(workers.engine).toHaveLength(3)
    lockWorkspace(opened.workspace).release()
  }, 60_000)

  it('engine: calls that come meanwhile wait, and the inbox listens again', async () => {
    const opened = await openHost()
    const { workers, engine, changes, until } = opened
    const { url } = await engine('inbox.start', {})
    await create(opened, url!)
    const before = changes()
    await workers.engine[0]!.terminate()
    expect(await engine('inbox.status', {})).toMatchObject({ running: true, url })
    await engine('integrations.stop', { id: 'orders' })
    await engine('integrations.start', { id: 'orders' })
    await publish(opened, 10)
    await until(async () => (await engine('inbox.status', {})).received === 10)
    expect(changes()).toBeGreaterThan(before)
  }, 60_000)

  it('engine: a key that was given later is not forgotten', async () => {
    const receiver = await Receiver.start()
    onTestFinished(() => receiver.close())
    const opened = await openHost()
    await opened.host.unlock(new Uint8Array(32).fill(9))
    await create(opened, receiver.url)
    await opened.workers.engine[0]!.terminate()
    await publish(opened, 3)
    await receiver.waitForCount(3)
  }, 60_000)

  it('reader: is started again, and a call that it was answering says so', async () => {
    const { host, workers, notices, reader } = await openHost()
    const asked = host.reader('integrations.list', {})
    await workers.reader[0]!.terminate()
    const answer = await asked
    if (!answer.ok) expect(answer.error.code).toBe('engine_unavailable')
    expect(await reader('integrations.list', {})).toMatchObject({ rows: [] })
    expect(workers.reader).toHaveLength(2)
    expect(notices.map((n) => n.code)).toEqual(['engine_unavailable', 'engine_restarted'])
  }, 60_000)
})

describe('a supervised thread', () => {
  const script = (name: string, code: string): string => {
    const path = join(tempDir(), `${name}.cjs`)
    writeFileSync(path, `const { parentPort } = require('node:worker_threads')\n${code}`)
    return path
  }
  const DYING = `parentPort.on('message', ({ id }) => {
    parentPort.postMessage({ kind: 'answer', id, result: { ok: true } })
    setTimeout(() => process.exit(1), 5)
  })`

  async function supervise(path: string, pausesMs: readonly number[]) {
    const notices: ErrorInfo[] = []
    const deaths: ErrorInfo[] = []
    let starts = 0
    const thread = new SupervisedThread({
      what: 'The thread',
      input: () => null,
      start: (died) => {
        starts++
        return new ThreadClient(new Worker(path), () => {}, died)
      },
      onNotice: (notice) => notices.push(notice),
      onRestarted: () => {},
      onDeath: (error) => deaths.push(error),
      pausesMs,
    })
    onTestFinished(() => thread.close(null))
    await thread.open()
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return { thread, notices, deaths, until, starts: () => starts }
  }

  it('that dies again and again stays down, tells it once, and refuses calls', async () => {
    const dying = script('dying', DYING)
    const { thread, deaths, until, starts } = await supervise(dying, [1, 2, 3])
    await until(() => deaths.length > 0)
    expect(starts()).toBe(4)
    expect(deaths).toEqual([
      {
        code: 'engine_unavailable',
        message:
          'The thread stopped again and again, and is not started any more. Restart the console; nothing is lost.',
      },
    ])
    expect(await thread.call('x', null)).toMatchObject({ ok: false, error: { code: 'engine_unavailable' } })
    await thread.close(null)
    expect(deaths).toHaveLength(1)
  })

  it('that throws is started again, and waiting calls are answered by the new one', async () => {
    const answering = script(
      'answering',
      `parentPort.on('message', ({ id, name }) => {
        if (name === 'throw') throw new Error('a defect')
        if (name.startsWith('thread.')) return parentPort.postMessage({ kind: 'answer', id, result: { ok: true } })
        parentPort.postMessage({ kind: 'answer', id, result: { ok: true, value: name } })
      })`,
    )
    const { thread, notices } = await supervise(answering, [20, 20])
    expect(await thread.call('throw', null)).toMatchObject({ ok: false, error: { code: 'engine_unavailable' } })
    expect(await thread.call('hello', null)).toEqual({ ok: true, value: 'hello' })
    expect(notices.map((n) => n.code)).toEqual(['engine_unavailable', 'engine_restarted'])
  })

  it('can be closed while it waits for its next start', async () => {
    const dying = script('dying', DYING)
    const { thread, notices, deaths, until, starts } = await supervise(dying, [3_600_000])
    await until(() => notices.length > 0)
    const call = thread.call('x', null)
    await thread.close(null)
    expect(await call).toMatchObject({ ok: false, error: { code: 'engine_unavailable' } })
    expect([starts(), deaths]).toEqual([1, []])
  })
})
