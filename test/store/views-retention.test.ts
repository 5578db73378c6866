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
    new RetentionStore(store.db).events(0, 4, 1e15, 100)
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
    for (let left = 1; left > 0; ) left = retention.attempts(6 * MINUTE, 1).seen
    expect(store.db.prepare('SELECT integration, minute FROM attempt_minutes').all()).toEqual([
      { integration: 1, minute: 6 },
      { integration: 2, minute: 6 },
    ])
  })
})
