import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openReadable, STORE_FILE } from '../../main/store/database'
import type { IntegrationSummary, LogEntry } from '../../shared/domain'
import { EngineProcess } from '../support/engine-launcher'
import type { Sample } from '../support/engine-protocol'
import { generateEvents } from '../support/event-generator'
import { FakeClock } from '../support/fake-clock'
import { FaultReceiver } from '../support/fault-receiver'
import { LocalEngine } from '../support/local-engine'
import { faultsOf } from '../support/store-check'
import { tempDir } from '../support/temp-dir'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

async function receive(): Promise<FaultReceiver> {
  const receiver = await FaultReceiver.start()
  onTestFinished(() => receiver.close())
  return receiver
}

function integration(callbackUrl: string, change: object = {}) {
  return {
    id: 'time',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: [], events: [] },
    target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
    ...change,
  }
}

async function start(workspace: string, env: Readonly<Record<string, string>> = {}): Promise<EngineProcess> {
  const engine = await EngineProcess.start({ workspace, env })
  onTestFinished(() => engine.kill())
  return engine
}

async function listed(engine: EngineProcess, id = 'time'): Promise<IntegrationSummary> {
  const { rows } = await engine.send<{ rows: IntegrationSummary[] }>({
    do: 'query',
    name: 'integrations.list',
    input: {},
  })
  return rows.find((row) => row.id === id)!
}

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  const limit = performance.now() + 15_000
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error(`Waited in vain for: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Events that are published now, so that an end date can come after them. */
function lines(count: number, seed: number): string[] {
  return [...generateEvents({ seed, count, start: Date.now(), meanGap: 0 })]
}

describe('a process that stands still', () => {
  it('goes on without a storm: what is overdue is tried once more, in its usual number at a time', async () => {
    const receiver = await receive()
    const failedOnce = new Set<string>()
    // Every second event fails at first, so that many retries become due while the process sleeps.
    receiver.always(({ headers }, n) => {
      const id = String(headers['webhook-id'])
      if (n % 2 === 0 && !failedOnce.has(id) && failedOnce.size < 200) {
        failedOnce.add(id)
        return { status: 503 }
      }
      return 'ok'
    })
    const engine = await start(join(tempDir(), 'workspace'))
    await engine.call('integrations.create', integration(receiver.url))
    await engine.send({ do: 'publish', lines: lines(600, 21) })
    await receiver.waitFor(() => failedOnce.size > 60)
    engine.signal('SIGSTOP')
    const asleep = receiver.arrivals.length
    // Longer than any first retry takes to become due.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    // At most what was on its way.
    expect(receiver.arrivals.length - asleep).toBeLessThanOrEqual(16)
    receiver.receiver.peakOpen = 0
    engine.signal('SIGCONT')
    await engine.send({ do: 'settle' })
    expect(receiver.receiver.peakOpen).toBeLessThanOrEqual(16)
    const times = new Map<string, number>()
    for (const { id } of receiver.arrivals) times.set(id, (times.get(id) ?? 0) + 1)
    expect(times.size).toBe(600)
    for (const [id, count] of times) expect(count, id).toBe(failedOnce.has(id) ? 2 : 1)
    expect(await listed(engine)).toMatchObject({ delivered: 600, rejected: 0, status: 'running' })
    await engine.close()
  }, 40_000)

  it('ends a temporary integration right after it wakes, with everything delivered that belongs to it', async () => {
    const receiver = await receive()
    const engine = await start(join(tempDir(), 'workspace'))
    const endsAt = Date.now() + 2_000
    const dates = { integrationType: 'temporary', startsAt: Date.now() - HOUR_MS, endsAt }
    await engine.call('integrations.create', integration(receiver.url, dates))
    await engine.send({ do: 'publish', lines: lines(20, 22) })
    await receiver.waitFor(({ taken }) => taken.length === 20)
    expect((await listed(engine)).status).toBe('running')
    engine.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, endsAt - Date.now() + 500))
    engine.signal('SIGCONT')
    const woke = Date.now()
    await until(async () => (await listed(engine)).status === 'stopped')
    expect(await listed(engine)).toMatchObject({ stopCause: 'ended', delivered: 20, backlog: 0 })
    const { rows } = await engine.send<{ rows: LogEntry[] }>({
      do: 'query',
      name: 'integrations.logs',
      input: { id: 'time', limit: 10 },
    })
    expect(rows[0]!.action).toBe('integration_stopped')
    expect(rows[0]!.createdAt).toBeGreaterThanOrEqual(endsAt)
    expect(rows[0]!.createdAt - woke).toBeLessThan(2_000)
    await engine.close()
  }, 40_000)
})

describe('a change of the time zone', () => {
  it('moves no deadline: dates, retries and the end are moments, not clock faces', async () => {
    const workspace = join(tempDir(), 'workspace')
    const receiver = await receive()
    receiver.always({ status: 503, headers: { 'retry-after': '2' } })
    const east = await start(workspace, { TZ: 'Pacific/Kiritimati' })
    expect((await east.send<Sample>({ do: 'sample' })).zoneOffset).toBe(-14 * 60)
    const endsAt = Date.now() + 5_000
    const dates = { integrationType: 'temporary', startsAt: Date.now() - HOUR_MS, endsAt }
    await east.call('integrations.create', integration(receiver.url, dates))
    await east.send({ do: 'publish', lines: lines(1, 23) })
    await until(async () => (await listed(east)).waiting === 1)
    const failedAt = receiver.receiver.requests[0]!.receivedAt
    await east.close()
    const before = waitingOf(workspace)

    receiver.always('ok')
    const west = await start(workspace, { TZ: 'Pacific/Niue' })
    expect((await west.send<Sample>({ do: 'sample' })).zoneOffset).toBe(11 * 60)
    expect(await listed(west)).toMatchObject({ startsAt: dates.startsAt, endsAt, status: 'running' })
    expect(waitingOf(workspace)).toEqual(before)
    await receiver.waitFor(({ taken }) => taken.length === 1)
    // Not before the receiver asked for it, and not hours later.
    expect(receiver.receiver.requests[1]!.receivedAt - failedAt).toBeGreaterThanOrEqual(1_990)
    await until(async () => (await listed(west)).status === 'stopped')
    expect(await listed(west)).toMatchObject({ stopCause: 'ended', delivered: 1 })
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt)
    expect(Date.now() - endsAt).toBeLessThan(5_000)
    await west.close()
  }, 40_000)
})

function waitingOf(workspace: string): unknown[] {
  const db = openReadable(join(workspace, STORE_FILE))
  try {
    return db.prepare('SELECT seq, attempts, due_at FROM waiting').all()
  } finally {
    db.close()
  }
}

describe('a clock that jumps ahead by days, as after the sleep of a machine', () => {
  async function open(options: object = {}) {
    const receiver = await receive()
    const clock = new FakeClock()
    const local = new LocalEngine({ workspace: join(tempDir(), 'workspace'), clock, random: () => 0.5 })
    await local.create({ id: 'time', options }, receiver.url)
    const publish = (count: number, seed: number) =>
      local.publish([...generateEvents({ seed, count, start: clock.now() })]).accepted
    return { receiver, clock, local, publish }
  }

  it('tries what is overdue once, and does not count the sleep into the delivery window', async () => {
    const { receiver, clock, local, publish } = await open({ deliveryWindowHours: 1 })
    receiver.script({ status: 500 })
    publish(1, 31)
    await local.until(() => local.summary('time').waiting === 1)
    publish(1, 32)
    await local.until(() => local.summary('time').delivered === 1)
    receiver.script({ status: 500 })
    clock.jump(5 * DAY_MS)
    await clock.advance(0)
    await receiver.receiver.waitForCount(3)
    // The second failure comes days after the first; the event keeps its window.
    await local.until(() => attemptsOf(local) === 3)
    expect(local.summary('time')).toMatchObject({ waiting: 1, rejected: 0 })
    await clock.advance(60_000)
    await local.until(() => local.summary('time').delivered === 2)
    expect(receiver.arrivals).toHaveLength(4)
    expect(faultsOf(local.reader)).toEqual([])
  })

  it('does not count the sleep into an outage: the integration goes on when its target answers', async () => {
    const { receiver, clock, local, publish } = await open({ stopAfterMinutes: 60 })
    receiver.always({ status: 500 })
    publish(30, 33)
    await local.until(() => local.summary('time').outage !== null)
    await quiet(local, receiver)
    for (let night = 0; night < 3; night++) {
      const before = receiver.arrivals.length
      clock.jump(3 * DAY_MS)
      await clock.advance(0)
      // One probe, however long the sleep was and however many events are overdue.
      await receiver.receiver.waitForCount(before + 1)
      await clock.advance(0)
      await quiet(local, receiver)
      expect(receiver.arrivals).toHaveLength(before + 1)
      expect(local.summary('time').status).toBe('running')
    }
    receiver.always('ok')
    await clock.advance(60_000)
    await local.until(() => local.summary('time').delivered === 30)
    expect(faultsOf(local.reader)).toEqual([])
  })

  it('ends a temporary integration whose end lies in the sleep, and takes no event from after it', async () => {
    const receiver = await receive()
    const clock = new FakeClock()
    const local = new LocalEngine({ workspace: join(tempDir(), 'workspace'), clock })
    const endsAt = clock.now() + HOUR_MS
    const dates = { integrationType: 'temporary', startsAt: clock.now() - HOUR_MS, endsAt } as const
    await local.create({ id: 'time', ...dates }, receiver.url)
    local.publish([...generateEvents({ seed: 34, count: 3, start: clock.now(), meanGap: 0 })])
    await local.until(() => local.summary('time').delivered === 3)
    clock.jump(3 * DAY_MS)
    local.publish([...generateEvents({ seed: 35, count: 2, start: clock.now() })])
    await clock.advance(0)
    await local.until(() => local.summary('time').stopCause === 'ended')
    expect(receiver.arrivals).toHaveLength(3)
    expect(local.summary('time')).toMatchObject({ delivered: 3, backlog: 0 })
  })
})

/** Resolves when everything that was sent is recorded, and nothing more is sent: the clock stands still. */
async function quiet(local: LocalEngine, receiver: FaultReceiver): Promise<void> {
  for (let sent = -1; sent !== receiver.arrivals.length; ) {
    sent = receiver.arrivals.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    await local.until(() => attemptsOf(local) >= sent)
  }
}

function attemptsOf(local: LocalEngine): number {
  return local.reader.prepare('SELECT count(*) FROM attempts').pluck().get() as number
}
