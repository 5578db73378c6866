import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openReadable, openWritable, STORE_FILE, type WritableDb } from '../../main/store/database'
import { EventLog } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { createQueries } from '../../main/store/queries'
import type { Selection } from '../../shared/domain'
import { selects } from '../../shared/event-catalog'
import { tempDir } from '../support/temp-dir'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Date.UTC(2026, 5, 1)
const ALL: Selection = { entities: [], events: [] }

let path: string
let db: WritableDb
let log: EventLog

beforeEach(() => {
  path = join(tempDir(), STORE_FILE)
  db = openWritable(path)
  onTestFinished(() => void db.close())
  migrate(db, path)
  log = new EventLog(db)
})

let no = 0

function accept(name: string, at: number, count = 1, tenant = 't'): void {
  const events = Array.from({ length: count }, () => {
    const eventId = Buffer.alloc(16)
    eventId.writeUInt32BE(++no)
    return { eventId, tenant, name, domainEntityId: null, publishedAt: 0, body: Buffer.from(`{"no":${no}}`) }
  })
  log.append(events, at)
}

let now = NOW
let queries: ReturnType<typeof createQueries> | undefined

/** Through one reader for each test, as the console has one. */
async function matching(selection: Selection) {
  if (queries === undefined) {
    const reader = openReadable(path)
    queries = createQueries(reader, () => now)
    onTestFinished(() => {
      reader.close()
      queries = undefined
      now = NOW
    })
  }
  return await queries['events.matching']({
    selection: { entities: [...selection.entities], events: [...selection.events] },
  })
}

/** The same, by looking at every event. */
function counted(selection: Selection): number {
  const rows = db
    .prepare('SELECT t.name FROM events AS e JOIN event_types AS t ON t.id = e.type_id WHERE e.accepted_at >= ?')
    .pluck()
    .all(now - DAY_MS) as string[]
  return rows.filter((name) => selects(selection, name)).length
}

describe('events.matching', () => {
  it('finds nothing in an empty log', async () => {
    expect(await matching(ALL)).toEqual({ matched: 0, total: 0, sinceMs: NOW - DAY_MS })
  })

  it('counts from exactly 24 hours ago on, in every tenant', async () => {
    accept('order.created', NOW - DAY_MS - 1, 5)
    accept('order.created', NOW - DAY_MS, 2)
    accept('order.created', NOW - HOUR_MS, 3, 'other')
    accept('return.processed', NOW - HOUR_MS, 7)
    const orders: Selection = { entities: ['order'], events: [] }
    expect(await matching(orders)).toEqual({ matched: 5, total: 12, sinceMs: NOW - DAY_MS })
    expect(await matching({ entities: [], events: ['order.opened'] })).toMatchObject({ matched: 0, total: 12 })
    expect(await matching(ALL)).toMatchObject({ matched: 12, total: 12 })
  })

  const selections: readonly Selection[] = [
    ALL,
    { entities: ['order'], events: [] },
    { entities: [], events: ['return.processed'] },
    { entities: ['order'], events: ['return.processed'] },
    { entities: ['refund_request'], events: ['order.created'] },
  ]

  it.each([
    ['most of it is older', 40, 4],
    ['most of it is newer', 4, 40],
    ['all of it is newer', 0, 30],
    ['all of it is older', 30, 0],
  ])('agrees with a look at every event when %s', async (_, older, newer) => {
    for (const [count, at] of [
      [older, NOW - 2 * DAY_MS],
      [newer, NOW - HOUR_MS],
    ] as const) {
      accept('order.created', at, count)
      accept('order.opened', at, Math.floor(count / 2))
      accept('return.processed', at, count * 2)
      accept('refund_request.issued', at, count)
    }
    for (const selection of selections) {
      expect(await matching(selection), JSON.stringify(selection)).toMatchObject({ matched: counted(selection) })
    }
  })

  it('agrees with a look at every event when the start of the log was removed', async () => {
    accept('order.created', NOW - 2 * DAY_MS, 10)
    accept('return.processed', NOW - HOUR_MS, 20)
    accept('order.created', NOW - HOUR_MS, 5)
    db.prepare('DELETE FROM events WHERE seq <= 13').run()
    for (const selection of selections) {
      expect(await matching(selection), JSON.stringify(selection)).toMatchObject({ matched: counted(selection) })
    }
  })

  it('keeps up with what arrives and with the time that passes', async () => {
    for (let round = 0; round < 12; round++) {
      accept('order.created', now, round)
      accept('return.processed', now + 1, 12 - round)
      now += 3 * HOUR_MS
      for (const selection of selections) {
        expect(await matching(selection), JSON.stringify(selection)).toMatchObject({ matched: counted(selection) })
        accept('order.opened', now, 1)
      }
    }
  })
})
