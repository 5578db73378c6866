import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PostOutcome } from '../../main/engine/delivery/webhook'
import { AHEAD_MAX, WebhookLane } from '../../main/engine/delivery/webhook-lane'
import { openWritable } from '../../main/store/database'
import { DeliveryStore } from '../../main/store/delivery'
import { EventLog } from '../../main/store/event-log'
import { IntegrationStore } from '../../main/store/integrations'
import { migrate } from '../../main/store/migrate'
import { ResendStore } from '../../main/store/resends'
import { deliveryDefaults } from '../../shared/schemas/integration'
import { FakeClock } from '../support/fake-clock'
import { tempDir } from '../support/temp-dir'
import { numbers } from '../support/workbench'

/** The log is read in windows of 256, so that is how far the lane runs. */
const AHEAD = Math.ceil(AHEAD_MAX / 256) * 256

const outcome = (statusCode: number): PostOutcome => ({
  statusCode,
  errorCode: statusCode === 200 ? null : 'server_error',
  errorDetail: null,
  responseBody: null,
  responseHeaders: null,
  retryAfterMs: null,
  timings: { reused: null, dnsUs: null, connectUs: null, tlsUs: null, firstByteUs: null },
})

/** A lane on a real store whose attempts and commits are in the hands of the test. */
function laneWith(events: number) {
  const path = join(tempDir(), 'store.sqlite')
  const db = openWritable(path)
  migrate(db, path)
  onTestFinished(() => void db.close())
  const clock = new FakeClock()
  const log = new EventLog(db)
  const id = (no: number) => Buffer.from(no.toString(16).padStart(32, '0'), 'hex')
  log.append(
    numbers(1, events).map((no) => ({
      eventId: id(no),
      tenant: 't',
      name: 'order.created',
      domainEntityId: null,
      publishedAt: clock.now(),
      body: Buffer.from('{}'),
    })),
    clock.now(),
  )
  const store = new DeliveryStore(db)
  const { no } = new IntegrationStore(db).create(
    {
      id: 'orders',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: [], events: [] },
      target: { kind: 'webhook', callbackUrl: 'http://x', hasApiKey: false, signingSecrets: 0 },
      options: {},
      secrets: null,
      cursor: 0,
      matchedBase: 0,
    },
    'created',
    clock.now(),
  )
  const flying = new Map<number, (outcome: PostOutcome) => void>()
  const open = () => {
    const cursor = db.prepare('SELECT cursor FROM integrations').pluck().get() as number
    return new WebhookLane(
      {
        no,
        cursor,
        startsAt: null,
        endsAt: null,
        takesAll: true,
        takes: () => true,
        options: { ...deliveryDefaults, concurrency: 64 },
        possibleMs: 0,
        outage: null,
        send: (eventId, _body, done) => flying.set(eventId.readUInt32BE(12), done),
      },
      {
        log,
        store,
        resends: new ResendStore(db),
        clock,
        random: () => 0.5,
        requestCommit: () => {},
        blocked: () => false,
        onEnded: () => {},
        onFailed: () => {},
        onRecovered: () => {},
        onRetries: () => {},
      },
    )
  }
  const lane = open()
  lane.start(false)
  const answer = (seq: number, status = 200) => {
    const done = flying.get(seq)!
    flying.delete(seq)
    done(outcome(status))
  }
  const commit = () => {
    const collected = lane.collect()
    if (collected === null) return
    store.commit([collected])
    lane.committed(collected)
  }
  /** Answers everything but the first event until the lane runs no further ahead. */
  const runAhead = () => {
    for (let parked = 0; parked === 0; ) {
      for (const seq of [...flying.keys()]) if (seq !== 1) answer(seq)
      parked = lane.collect()!.parked.length
      if (parked === 0) commit()
    }
    for (const seq of [...flying.keys()]) if (seq !== 1) answer(seq)
  }
  const row = () =>
    db.prepare('SELECT cursor, delivered, (SELECT count(*) FROM waiting) AS waiting FROM integrations').get()
  return { lane, flying, answer, commit, runAhead, row, open, store }
}

describe('the first of many events hangs', () => {
  it('is parked when the lane has run far ahead, and settled once when it ends later', () => {
    const { runAhead, commit, row, answer, flying } = laneWith(AHEAD_MAX + 500)
    runAhead()
    expect(row()).toMatchObject({ cursor: 0 })
    commit()
    expect(row()).toMatchObject({ cursor: AHEAD, delivered: AHEAD - 1, waiting: 1 })
    expect(flying.has(1)).toBe(true)
    expect(flying.size).toBe(64)
    answer(1)
    commit()
    expect(row()).toMatchObject({ delivered: AHEAD, waiting: 0 })
  })

  it('is settled once when it ends in the commit that parks it', () => {
    const { runAhead, commit, row, answer } = laneWith(AHEAD_MAX + 500)
    runAhead()
    answer(1)
    commit()
    expect(row()).toMatchObject({ cursor: AHEAD, delivered: AHEAD, waiting: 0 })
  })

  it('goes on waiting when it fails in that commit', () => {
    const { runAhead, commit, row, answer, store } = laneWith(AHEAD_MAX + 500)
    runAhead()
    answer(1, 500)
    commit()
    expect(row()).toMatchObject({ cursor: AHEAD, delivered: AHEAD - 1, waiting: 1 })
    expect(store.due(1, Number.MAX_SAFE_INTEGER, null, 9, 9)).toMatchObject([{ seq: 1, attempts: 1 }])
  })

  it('is tried again when the process dies behind the park', () => {
    const { runAhead, commit, row, lane, flying, open, answer } = laneWith(AHEAD_MAX + 500)
    runAhead()
    commit()
    lane.abandon()
    flying.clear()
    open().start(false)
    expect(flying.has(1)).toBe(true)
    expect([...flying.keys()].filter((seq) => seq > 1 && seq <= AHEAD)).toEqual([])
    answer(1)
    expect(row()).toMatchObject({ cursor: AHEAD, waiting: 1 })
  })
})
