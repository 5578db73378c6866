import { describe, expect, it } from 'vitest'
import { RetentionStore } from '../../main/store/retention'
import { SeededStore } from '../support/seeded-store'

const MINUTE = 60_000

describe('retention', () => {
  it('keeps what a deleted integration still has to deliver, as long as the deletion can be taken back', () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.events(5, 'order.created', (i) => `order-${i}`)
    const retention = new RetentionStore(store.db)
    expect(retention.settledByActive(5)).toBe(0)
    store.integrations.markDeleted(no, 1000)
    expect(retention.settledByActive(5)).toBe(0)
    store.integrations.beginPurges(1000)
    expect(retention.settledByActive(5)).toBe(4)
  })

  it('counts what a deleted paused integration misses meanwhile', () => {
    const store = new SeededStore()
    const no = store.integration('a')
    store.integrations.setStatus(no, 'operator', 'Paused.', 1)
    store.events(5, 'order.created', (i) => `order-${i}`)
    store.integrations.markDeleted(no, 1000)
    new RetentionStore(store.db).events(0, {
      upTo: 4,
      before: 1e15,
      now: 1e15,
      limit: 100,
      bytes: Number.MAX_SAFE_INTEGER,
    })
    store.integrations.restore(no)
    expect(store.db.prepare('SELECT expired, cursor FROM integrations').get()).toEqual({ expired: 4, cursor: 4 })
  })

  it('removes the counts of minutes together with attempts of that age, of every integration', () => {
    const store = new SeededStore()
    store.events(2, 'order.created', (i) => `order-${i}`)
    for (const id of ['a', 'b']) {
      const no = store.integration(id)
      store.attempt(no, [1], () => 5 * MINUTE)
      store.attempt(no, [2], () => 6 * MINUTE)
    }
    const retention = new RetentionStore(store.db)
    for (let step = retention.attempts(6 * MINUTE, null, 1); step.more; )
      step = retention.attempts(6 * MINUTE, step.place, 1)
    expect(store.db.prepare('SELECT integration, minute FROM attempt_minutes').all()).toEqual([
      { integration: 1, minute: 6 },
      { integration: 2, minute: 6 },
    ])
  })
})
