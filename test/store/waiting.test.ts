import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openWritable, STORE_FILE } from '../../main/store/database'
import { DeliveryStore } from '../../main/store/delivery'
import { EventLog } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { tempDir } from '../support/temp-dir'

const ALL = 1_000_000

it('reads due events in order, page after page, also where many are due at once', () => {
  const path = join(tempDir(), STORE_FILE)
  const db = openWritable(path)
  onTestFinished(() => void db.close())
  migrate(db, path)
  const body = Buffer.from('{}')
  new EventLog(db).append(
    Array.from({ length: 40 }, (_, i) => {
      const eventId = Buffer.alloc(16, i + 1)
      return { eventId, tenant: 't', name: 'order.created', domainEntityId: null, publishedAt: 0, body }
    }),
    0,
  )
  // Five at a time, the newest first.
  db.exec('INSERT INTO waiting (integration, seq, attempts, due_at) SELECT 1, seq, 1, 100 - (seq - 1) / 5 FROM events')
  db.exec('INSERT INTO waiting (integration, seq, attempts, due_at) VALUES (2, 1, 1, 95)')
  const store = new DeliveryStore(db)
  const all = store.due(1, 99, null, 100, ALL)
  expect(all).toHaveLength(35)
  expect(all).toEqual(all.toSorted((a, b) => a.dueAt - b.dueAt || a.seq - b.seq))
  const paged = []
  let page = store.due(1, 99, null, 3, ALL)
  for (let n = 0; n < all.length && page.length > 0; n++) {
    paged.push(...page)
    page = store.due(1, 99, page.at(-1)!, 3, ALL)
  }
  expect(paged).toEqual(all)
  expect(store.due(1, 99, null, 100, 5)).toEqual(all.slice(0, 3))
})
