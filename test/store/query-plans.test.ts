import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openWritable, type WritableDb } from '../../main/store/database'
import { DeliveryStore } from '../../main/store/delivery'
import { migrate } from '../../main/store/migrate'
import { lastStartedAt, pendingUpTo } from '../../main/store/monitor'
import { countResend, countResendStep, ResendStore } from '../../main/store/resends'
import { RetentionStore } from '../../main/store/retention'
import type { ResendFilter } from '../../shared/domain'
import { tempDir } from '../support/temp-dir'

/** An empty store that notes each SQL text that is prepared on it. */
function recordingStore() {
  const path = join(tempDir(), 'store.sqlite')
  const real = openWritable(path)
  migrate(real, path)
  onTestFinished(() => void real.close())
  const texts = new Set<string>()
  const db = new Proxy(real, {
    get(target, key) {
      if (key === 'prepare') {
        return (sql: string) => {
          texts.add(sql)
          return target.prepare(sql)
        }
      }
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as WritableDb
  return { db, plans: () => [...texts].map((sql) => ({ sql, plan: planOf(real, sql) })) }
}

function planOf(db: WritableDb, sql: string): string[] {
  const statement = db.prepare(`EXPLAIN QUERY PLAN ${sql}`)
  for (let count = 0; ; count++) {
    try {
      const rows = statement.all(...Array.from({ length: count }, () => null)) as { readonly detail: string }[]
      return rows.map((row) => row.detail)
    } catch (error) {
      if (!(error instanceof RangeError) || count > 100) throw error
    }
  }
}

/** Tables that grow with the events; every other one is small. */
const LARGE = ['events', 'attempts', 'attempt_details', 'waiting', 'rejected_events', 'log_entries']

/** Steps that walk a large table from end to end, or sort what they found. An alias stands for the table after FROM or JOIN. */
function walks({ sql, plan }: { readonly sql: string; readonly plan: readonly string[] }, sorted = false): string[] {
  return plan.filter((detail) => {
    const name = /^SCAN (\w+)(?! VIRTUAL)/.exec(detail)?.[1]
    const large = LARGE.some((t) => t === name || new RegExp(`\\b${t} AS ${name}\\b`).test(sql))
    return (name !== undefined && large) || (sorted && detail.includes('TEMP B-TREE FOR ORDER BY'))
  })
}

const filters: readonly ResendFilter[] = [
  { kind: 'attempt', attemptId: 1 },
  { kind: 'events', eventIds: ['00000000-0000-4000-8000-000000000000'] },
  { kind: 'rejected' },
  { kind: 'rejected', eventName: 'order.created', from: 1 },
  { kind: 'range', from: 0, to: 9 },
  { kind: 'range', from: 0, to: 9, eventName: 'order.created' },
  { kind: 'range', from: 0, to: 9, eventName: 'order.created', domainEntityId: 'x' },
]

describe('no query of the engine walks a large table', () => {
  it('monitor', () => {
    const { db, plans } = recordingStore()
    pendingUpTo(db, 1, { cursor: 0, after: 0, upTo: 9 }, [1, 2], { from: null, to: null })
    lastStartedAt(db, 1)
    expect(plans()).toHaveLength(2)
    for (const plan of plans()) expect(walks(plan)).toEqual([])
  })

  it.each(filters)('re-sends of $kind', (filter) => {
    const { db, plans } = recordingStore()
    const store = new ResendStore(db)
    for (const types of [null, [1, 2]]) {
      store.next(1, filter, { at: 0, seq: 0 }, 64, types)
      countResend(db, 1, filter, types)
    }
    countResendStep(db, 1, filter, new Set([1]), { at: 0, seq: 0 }, 100)
    // Named events, and those of one entity, are few: sorting them costs nothing.
    const many = filter.kind === 'rejected' || (filter.kind === 'range' && filter.domainEntityId === undefined)
    for (const plan of plans()) expect(walks(plan, many)).toEqual([])
  })

  it('retention', () => {
    const { db, plans } = recordingStore()
    db.exec(
      `INSERT INTO integrations (id, integration_type, status, stop_cause, entity_filter, event_filter, target_kind, target, created_at,
         updated_at, cursor, matched_base) VALUES ('x', 'permanent', 'stopped', 'operator', '[]', '[]', 'webhook', '{}', 0, 0, 0, 0);
       INSERT INTO event_types VALUES (1, 't', 'order.created', 1);
       INSERT INTO events VALUES (1, x'00', 1, NULL, 0, 0, x'00');`,
    )
    const store = new RetentionStore(db)
    store.settledByActive(9)
    expect(store.events(0, { upTo: 9, before: 100, now: 1000, limit: 10, bytes: 1 }).removed).toBe(1)
    store.attempts(100, null, 10)
    store.rejected(100, 10)
    store.deleteRejected(1, [1])
    expect(plans().length).toBeGreaterThan(12)
    for (const plan of plans()) expect(walks(plan)).toEqual([])
  })

  it('delivery', () => {
    const { db, plans } = recordingStore()
    const store = new DeliveryStore(db)
    store.makeDue(1, [1], 5)
    store.shiftDue(1, 1, 5)
    store.clampDue(1, 9, 5)
    store.makeAllDue(1, 5)
    expect(plans().length).toBeGreaterThan(12)
    for (const plan of plans()) expect(walks(plan)).toEqual([])
  })
})
