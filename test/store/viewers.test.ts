import { describe, expect, it } from 'vitest'
import { AlertStore } from '../../main/store/alerts'
import type { Attempt } from '../../shared/domain'
import { findings, SeededStore } from '../support/seeded-store'

const MINUTE = 60_000

/** All rows of a list, page after page; fails when a row comes twice. */
async function all<T>(
  load: (after: string | null) => Promise<{ readonly rows: readonly T[]; readonly next: string | null }>,
  keyOf: (row: T) => string,
): Promise<T[]> {
  const rows: T[] = []
  let after: string | null = null
  do {
    const page: { readonly rows: readonly T[]; readonly next: string | null } = await load(after)
    rows.push(...page.rows)
    after = page.next
  } while (after !== null)
  expect(new Set(rows.map(keyOf)).size).toBe(rows.length)
  return rows
}

const key = ({ id, seq }: Attempt) => `${id}.${seq}`
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('minutes', () => {
  it('count what a commit attempted, by the start of each attempt', async () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.integration('idle')
    store.events(5, 'order.created', (i) => `order-${i}`)
    store.attempt(no, [1, 2], () => 5 * MINUTE + 59_999)
    store.attempt(
      no,
      [3, 4],
      (i) => (i === 0 ? 5 * MINUTE : 6 * MINUTE),
      () => 'server_error',
    )
    const minutes = async (from: number, to: number) =>
      (await store.queries()['integrations.minutes']({ from, to })).rows
    expect(await minutes(0, 60 * MINUTE)).toEqual([
      {
        id: 'a',
        minutes: [
          { at: 5 * MINUTE, delivered: 2, failed: 1 },
          { at: 6 * MINUTE, delivered: 0, failed: 1 },
        ],
      },
    ])
    expect(await minutes(6 * MINUTE, 7 * MINUTE)).toMatchObject([{ minutes: [{ at: 6 * MINUTE }] }])
    expect(await minutes(7 * MINUTE, 60 * MINUTE)).toEqual([])
    expect((await store.queries()['integrations.minutes']({ id: 'idle', from: 0, to: MINUTE })).rows).toEqual([])
  })

  it('count the events of an S3 batch, not its attempts', async () => {
    const store = new SeededStore()
    const no = store.integration('lake', 's3')
    store.events(300, 'order.created', (i) => `order-${i}`)
    s3Batch(store, no, 300)
    const { rows } = await store.queries()['integrations.minutes']({ id: 'lake', from: 0, to: 60 * MINUTE })
    expect(rows[0]?.minutes).toEqual([{ at: 10 * MINUTE, delivered: 300, failed: 300 }])
  })
})

/** A batch of the first events that fails once and then is stored. */
function s3Batch(store: SeededStore, no: number, events: number): number {
  const { id } = store.batches.seal(
    no,
    {
      afterSeq: 0,
      lastSeq: events,
      selection: { entities: ['order'], events: [] },
      startsAt: null,
      endsAt: null,
      events,
      passedOver: 0,
      gzip: false,
    },
    [{ tenant: 't', key: 'in/t/1-data-x.export', events, bytes: 100, spool: null }],
    10 * MINUTE,
  )
  const attempt = { batch: id, lastSeq: events, durationUs: 1000, manual: false }
  store.commit(no, {
    batches: [
      {
        ...attempt,
        number: 1,
        startedAt: 10 * MINUTE,
        findings: findings('throttled'),
        stored: [],
        delivered: 0,
        nextTryAt: 11 * MINUTE,
      },
    ],
  })
  store.commit(no, {
    batches: [
      {
        ...attempt,
        number: 2,
        startedAt: 10 * MINUTE + 500,
        findings: findings(),
        stored: [{ tenant: 't', etag: 'e', verification: 'same-size', storedAt: 11 * MINUTE }],
        delivered: events,
        nextTryAt: null,
      },
    ],
    cursor: events,
  })
  return id
}

describe('attempts by type and free text', () => {
  it('are found in an event ID, a domain entity ID or a type, page after page', async () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.events(300, 'order.created', (i) => `Order-${i % 10}`)
    store.events(100, 'return.processed', (i) => `return-${i}`)
    store.attempt(no, range(1, 400), (i) => 1000 + i)
    const queries = store.queries()
    const found = (filter: object) =>
      all((after) => Promise.resolve(queries['attempts.list']({ id: 'a', filter, after, limit: 7 })), key)
    expect(await found({ eventName: 'return.processed' })).toHaveLength(100)
    expect(await found({ text: 'order-3' })).toHaveLength(30)
    expect(await found({ text: 'RETURN.PROC' })).toHaveLength(100)
    expect(await found({ text: 'order-3', eventName: 'return.processed' })).toEqual([])
    const [one] = await found({ text: 'return-42' })
    expect(await found({ text: one!.eventId.slice(5, 30).toUpperCase() })).toEqual([one])
    const rows = await found({ text: 'order' })
    expect(rows.map((r) => r.attemptedAt)).toEqual(rows.map((r) => r.attemptedAt).toSorted((a, b) => b - a))
  })

  it('say how far one call has looked, so that the search goes on from there', async () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.events(1, 'order.opened', () => 'the-oldest')
    store.events(10_500, 'order.created', (i) => `order-${i}`)
    store.attempt(no, range(1, 10_501), (i) => 1000 + i)
    const queries = store.queries()
    const list = (after: string | null) =>
      queries['attempts.list']({ id: 'a', filter: { text: 'the-oldest' }, after, limit: 10 })
    const first = await list(null)
    expect(first).toMatchObject({ rows: [], searchedTo: 1000 + 10_500 - 9_999 })
    expect(first.next).not.toBeNull()
    const second = await list(first.next)
    expect(second).toMatchObject({ rows: [{ domainEntityId: 'the-oldest' }], next: null, searchedTo: null })
  })

  it('tell the events of an S3 batch apart', async () => {
    const store = new SeededStore()
    const no = store.integration('lake', 's3')
    store.events(20, 'order.created', (i) => `order-${i}`)
    s3Batch(store, no, 20)
    const queries = store.queries()
    const found = (filter: object) =>
      all((after) => Promise.resolve(queries['attempts.list']({ id: 'lake', filter, after, limit: 3 })), key)
    expect(await found({})).toHaveLength(40)
    const rows = await found({ text: 'order-7' })
    expect(rows.map(({ seq, outcome }) => [seq, outcome])).toEqual([
      [8, 'success'],
      [8, 'failure'],
    ])
    const detail = await queries['attempts.get']({ id: 'lake', attemptId: rows[0]!.id, seq: 8 })
    expect(detail).toMatchObject({
      seq: 8,
      domainEntityId: 'order-7',
      object: { key: 'in/t/1-data-x.export', line: 8, verification: 'same-size' },
    })
    expect(detail.history.map((each) => each.seq)).toEqual([8, 8])
  })
})

describe('the life of an entity', () => {
  it('is every event of it with the attempts of every integration, webhook and S3', async () => {
    const store = new SeededStore()
    const webhook = store.integration('erp')
    const lake = store.integration('lake', 's3')
    const gone = store.integration('gone')
    store.events(3, 'order.created', (i) => `order-${i}`)
    store.events(1, 'order.completed', () => 'order-1', 60_000)
    // Not taken by the batch, although it lies in its stretch of the log.
    store.events(1, 'return.processed', () => 'order-1', 30_000)
    store.attempt(
      webhook,
      [2],
      () => 500,
      () => 'server_error',
    )
    store.attempt(webhook, [4], () => 2 * MINUTE)
    store.attempt(gone, [2], () => 600)
    store.integrations.markDeleted(gone, 700)
    s3Batch(store, lake, 5)
    const story = await store.queries()['entities.story']({ domainEntityId: 'order-1' })
    expect(
      story.events.map(({ eventName, attempts }) => [
        eventName,
        attempts.map((a) => `${a.integrationId} ${a.outcome} ${a.seq}`),
      ]),
    ).toEqual([
      ['order.created', ['erp failure 2', 'lake failure 2', 'lake success 2']],
      ['return.processed', []],
      ['order.completed', ['erp success 4', 'lake failure 4', 'lake success 4']],
    ])
    expect(story.cut).toBe(false)
    expect(await store.queries()['entities.story']({ domainEntityId: 'nobody' })).toMatchObject({ events: [] })
  })

  it('says when it is too long to be told', async () => {
    const store = new SeededStore()
    store.events(201, 'order.created', () => 'one')
    const story = await store.queries()['entities.story']({ domainEntityId: 'one' })
    expect(story.cut).toBe(true)
    expect(story.events).toHaveLength(200)
    expect(story.events.at(-1)?.seq).toBe(201)
  })
})

describe('lists with filters', () => {
  it('find rejected events by time, type and entity, as a re-send would', async () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.events(6, 'order.created', (i) => `order-${i}`)
    store.events(2, 'order.opened', (i) => `order-${i}`)
    store.attempt(
      no,
      range(1, 8),
      (i) => 1000 * i,
      () => 'rejected',
    )
    const queries = store.queries()
    for (const filter of [
      {},
      { eventName: 'order.opened' },
      { domainEntityId: 'order-1' },
      { domainEntityId: 'order-1', eventName: 'order.created' },
      { from: 2001, to: 5001 },
      { eventName: 'no.such' },
    ]) {
      const rows = await all(
        (after) => Promise.resolve(queries['integrations.rejected']({ id: 'a', filter, after, limit: 2 })),
        (row) => row.eventId,
      )
      const preview = await queries['resends.preview']({ id: 'a', filter: { kind: 'rejected', ...filter } })
      expect(preview.count, JSON.stringify(filter)).toBe(rows.length)
    }
    const only = await queries['integrations.rejected']({ id: 'a', filter: { eventName: 'order.opened' }, limit: 9 })
    expect(only.rows.map((row) => row.domainEntityId)).toEqual(['order-1', 'order-0'])
  })

  it('find log entries by action, reason and time', async () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.integrations.setStatus(no, 'operator', 'Paused by Ms. O’Neil in the console.', 2000)
    store.integrations.addRetryLog(no, '100% of the requests failed.', 3000)
    const queries = store.queries()
    const reasons = async (filter: object) =>
      (await queries['integrations.logs']({ id: 'a', filter, limit: 10 })).rows.map((row) => row.createdAt)
    expect(await reasons({})).toEqual([3000, 2000, 1000])
    expect(await reasons({ actions: ['integration_started', 'integration_stopped'] })).toEqual([2000, 1000])
    expect(await reasons({ text: 'ms. o’neil' })).toEqual([2000])
    expect(await reasons({ text: '100%' })).toEqual([3000])
    expect(await reasons({ text: '%' })).toEqual([3000])
    expect(await reasons({ from: 1001, to: 3000 })).toEqual([2000])
  })

  it('count the alerts that nobody has seen', async () => {
    const store = new SeededStore()
    const alerts = new AlertStore(store.db)
    const no = store.integration('a')
    alerts.raise({ no, id: 'a' }, 'late', 'Late.', true, 1)
    alerts.raise({ no, id: 'a' }, 'lag', 'Lag.', true, 2)
    const queries = store.queries()
    expect(await queries['alerts.unseen']({})).toEqual({ count: 2 })
    alerts.markSeen(1, 3)
    expect(await queries['alerts.unseen']({})).toEqual({ count: 1 })
  })
})
