import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, openWritable, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import type { Alert } from '../../shared/domain'
import { FakeClock } from '../support/fake-clock'
import { type Answerer, Receiver } from '../support/receiver'
import { tempDir } from '../support/temp-dir'

// What the model of the engine (test/model) has found, each in its smallest form.

const HOUR = 3_600_000
const DAY = 24 * HOUR

let folder: string
let clock: FakeClock
let engine: Engine
let receiver: Receiver
let answer: Answerer
let alerts: Alert[]
let changed: (() => void)[]
let refused: boolean
let mayRefuse: boolean

beforeEach(async () => {
  folder = tempDir()
  clock = new FakeClock()
  alerts = []
  changed = []
  refused = false
  mayRefuse = false
  answer = () => ({ status: 200 })
  receiver = await Receiver.start({ answer: (request, n) => answer(request, n) })
  open()
  onTestFinished(async () => {
    await receiver.close()
    await engine.close(50)
  })
})

function open(): void {
  engine = new Engine({
    workspace: folder,
    key: null,
    version: '0.0.0',
    clock,
    random: () => 0.5,
    onChanged: () => {
      for (const notify of changed.splice(0)) notify()
    },
    onNotice: (error) => {
      if (!mayRefuse) throw new Error(error.message)
      refused = true
      for (const notify of changed.splice(0)) notify()
    },
    onAlert: (alert) => alerts.push(alert),
  })
}

interface Options {
  readonly concurrency?: number
  readonly stopAfterMinutes?: number
  readonly startsAt?: number
}

function create(id = 'orders', { startsAt, ...options }: Options = {}) {
  return engine.call('integrations.create', {
    id,
    integrationType: 'permanent',
    startsAt: startsAt ?? null,
    endsAt: null,
    selection: { entities: [], events: [] },
    target: { kind: 'webhook', callbackUrl: receiver.url },
    options,
  })
}

function publish(...numbers: readonly number[]): void {
  const line = (no: number) =>
    `{"tenant":"t","name":"order.created","published_at":"2026-01-12T08:00:00Z","payload":{"id":"e-${no}"}}`
  engine.publish(numbers.map((no) => parseEnvelope(Buffer.from(line(no)))))
}

function read<T>(work: (db: ReturnType<typeof openReadable>) => T): T {
  const db = openReadable(`${folder}/${STORE_FILE}`)
  try {
    return work(db)
  } finally {
    db.close()
  }
}

function summary(id = 'orders') {
  return read((db) => createQueries(db)['integrations.get']({ id }) as Awaited<ReturnType<typeof get>>)
}
declare const get: ReturnType<typeof createQueries>['integrations.get']

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => changed.push(resolve))
}

describe('late events', () => {
  it('are told of, once an integration has run for 15 minutes', async () => {
    answer = () => 'hang'
    await create()
    publish(1, 2)
    await clock.advance(16 * 60_000)
    expect(alerts.map((a) => [a.kind, a.integrationId])).toEqual([['late', 'orders']])
    expect(alerts[0]!.message).toContain('2 events')
  })
})

describe('a clock that is set back', () => {
  it('does not hold up the retry of an event', async () => {
    answer = (_request, n) => ({ status: n === 1 ? 500 : 200 })
    await create()
    publish(1)
    await until(() => summary().waiting === 1)
    clock.jump(-DAY)
    await clock.advance(60_000)
    await until(() => summary().delivered === 1)
  })

  it('does not hold up the retry of an event while others are delivered', async () => {
    answer = (_request, n) => ({ status: n === 1 ? 500 : 200 })
    await create('orders', { concurrency: 1 })
    publish(1)
    await until(() => summary().waiting === 1)
    clock.jump(-DAY)
    publish(2, 3)
    await until(() => summary().delivered >= 2)
    await clock.advance(60_000)
    await until(() => summary().delivered === 3)
  })

  it('does not hold up the retry of an event over a restart', async () => {
    answer = (_request, n) => ({ status: n === 1 ? 500 : 200 })
    await create()
    publish(1)
    await until(() => summary().waiting === 1)
    await engine.close()
    clock.jump(-DAY)
    open()
    await until(() => summary().delivered === 1)
  })

  it('does not make the pause longer that a receiver asked for', async () => {
    answer = (_request, n) => (n === 1 ? { status: 429, headers: { 'retry-after': '10' } } : { status: 200 })
    await create()
    publish(1)
    await until(() => summary().waiting === 1)
    clock.jump(-HOUR)
    publish(2)
    await clock.advance(15_000)
    await until(() => summary().delivered === 2)
  })
})

describe('a rejected event that was deleted from the list', () => {
  it('is not sent again by a restart, though an older event still hangs', async () => {
    const bodies: string[] = []
    answer = ({ body }) => {
      bodies.push(body.toString())
      return body.includes('"e-1"') ? 'hang' : { status: 400 }
    }
    await create()
    publish(1, 2)
    await until(() => summary().rejected === 1)
    await engine.call('rejected.delete', { id: 'orders', eventIds: 'all' })
    await engine.close(10)
    answer = ({ body }) => {
      bodies.push(body.toString())
      return { status: 200 }
    }
    open()
    await until(() => summary().delivered === 1)
    expect(bodies.filter((body) => body.includes('"e-2"'))).toHaveLength(1)
    expect(summary()).toMatchObject({ delivered: 1, rejected: 1, rejectedDeleted: 1, backlog: 0 })
  })
})

describe('the retention', () => {
  it('passes no event over that was accepted while the clock was ahead', async () => {
    await create()
    await engine.call('settings.update', { keepEventsDays: 1 })
    await engine.call('integrations.stop', { id: 'orders' })
    publish(1)
    clock.jump(10 * DAY)
    publish(2)
    clock.jump(-10 * DAY)
    publish(3, 4, 5)
    clock.jump(2 * DAY)
    publish(6)
    await engine.runRetention()
    // The second event lies between two that are too old, so it is older than the second of these.
    expect(summary()).toMatchObject({ expired: 5, backlog: 1 })
    await engine.call('integrations.start', { id: 'orders' })
    await until(() => summary().delivered === 1)
    expect(summary()).toMatchObject({ expired: 5, delivered: 1, backlog: 0 })
  })

  it('keeps what is young by its own time, though an older time follows', async () => {
    await create()
    await engine.call('settings.update', { keepEventsDays: 1 })
    await engine.call('integrations.stop', { id: 'orders' })
    publish(1)
    clock.jump(2 * DAY)
    publish(2)
    clock.jump(-2 * DAY)
    publish(3, 4, 5)
    clock.jump(2 * DAY + HOUR)
    publish(6)
    await engine.runRetention()
    expect(summary()).toMatchObject({ expired: 1, backlog: 5 })
    await engine.call('integrations.start', { id: 'orders' })
    await until(() => summary().delivered === 5)
  })

  it('takes what it gives up from a lane that waits for its target to answer again', async () => {
    const got: string[] = []
    await create('orders', { concurrency: 1, stopAfterMinutes: 1 })
    answer = () => ({ status: 500 })
    await engine.call('settings.update', { keepEventsDays: 1 })
    publish(...Array.from({ length: 40 }, (_, i) => i))
    for (let i = 0; summary().stopCause === null && i < 200; i++) {
      await clock.advance(10_000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(summary()).toMatchObject({ stopCause: 'failure', restartPending: true })
    clock.jump(2 * DAY)
    publish(100)
    await engine.runRetention()
    expect(summary()).toMatchObject({ expired: 40, backlog: 1, waiting: 0 })
    answer = ({ body }) => {
      got.push(body.toString())
      return { status: 200 }
    }
    await clock.advance(61_000)
    await until(() => summary().delivered === 1)
    publish(101)
    await until(() => summary().delivered === 2)
    expect(got.map((body) => /e-\d+/.exec(body)?.[0])).toEqual(['e-100', 'e-101'])
    expect(summary()).toMatchObject({ status: 'running', expired: 40, backlog: 0 })
  })
})

describe('a replay', () => {
  it('counts no event into its backlog that was removed behind its beginning', async () => {
    answer = ({ body }) => ({ status: body.includes('"e-1"') ? 400 : 200 })
    await create()
    publish(1, 2, 3)
    await until(() => summary().delivered === 2)
    clock.jump(2 * DAY)
    publish(4)
    await until(() => summary().delivered === 3)
    await engine.call('settings.update', { keepEventsDays: 1 })
    // The first event stays, since it is listed as rejected.
    await engine.runRetention()
    answer = () => ({ status: 200 })
    await create('again', { startsAt: 0 })
    await until(() => summary('again').delivered === 2)
    expect(summary('again')).toMatchObject({ delivered: 2, backlog: 0 })
  })
})

describe('a store that refuses for a while', () => {
  it('holds up no integration afterwards, not even one that has nothing to store', async () => {
    mayRefuse = true
    const other = openWritable(`${folder}/${STORE_FILE}`)
    onTestFinished(() => void other.close())
    await create()
    other.exec("CREATE TRIGGER refuse BEFORE INSERT ON attempts BEGIN SELECT RAISE(FAIL, 'full'); END")
    publish(1)
    await until(() => refused)
    await create('idle')
    publish(2)
    other.exec('DROP TRIGGER refuse')
    await until(() => summary('idle').delivered === 1)
    await until(() => summary().delivered === 2)
  })
})

describe('a deletion that the store refuses', () => {
  it('leaves the integration at work', async () => {
    await create()
    const other = openWritable(`${folder}/${STORE_FILE}`)
    onTestFinished(() => void other.close())
    other.exec(
      "CREATE TRIGGER refuse BEFORE UPDATE OF deleted_at ON integrations BEGIN SELECT RAISE(FAIL, 'full'); END",
    )
    await expect(engine.call('integrations.delete', { id: 'orders' })).rejects.toMatchObject({ code: 'store_failed' })
    other.exec('DROP TRIGGER refuse')
    publish(1)
    await until(() => summary().delivered === 1)
  })
})
