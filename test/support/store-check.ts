import type { ReadableDb } from '../../main/store/database'
import { formatUuid } from '../../main/store/uuid'
import { selects } from '../../shared/event-catalog'

/** What one integration has settled, by event id. */
export interface SettledEvents {
  readonly delivered: ReadonlySet<string>
  readonly rejected: ReadonlySet<string>
  readonly waiting: ReadonlySet<string>
}

interface Row {
  readonly no: number
  readonly id: string
  readonly entity_filter: string
  readonly event_filter: string
  readonly starts_at: number | null
  readonly ends_at: number | null
  readonly cursor: number
  readonly matched_base: number
  readonly delivered: number
  readonly rejected: number
  readonly rejected_deleted: number
  readonly passed_over: number
  readonly expired: number
}

/** The ids of all events, in the order of the log. */
export function eventIdsOf(db: ReadableDb): string[] {
  return (db.prepare('SELECT event_id FROM events ORDER BY seq').pluck().all() as Uint8Array[]).map(formatUuid)
}

/**
 * What the store itself says of an integration's events: delivered ones have a successful attempt, rejected ones a row.
 */
export function settledOf(db: ReadableDb, no: number): SettledEvents {
  const ids = (sql: string) => new Set((db.prepare(sql).pluck().all(no) as Uint8Array[]).map((id) => formatUuid(id)))
  const of = (table: string, more = '') =>
    ids(`SELECT e.event_id FROM ${table} AS x JOIN events AS e ON e.seq = x.seq WHERE x.integration = ?${more}`)
  return {
    delivered: of('attempts', ' AND x.failed = 0'),
    rejected: of('rejected_events'),
    waiting: of('waiting'),
  }
}

/**
 * Everything that must hold in a store at any moment, after any crash, as a list of what does not. For a store whose events were
 * never removed.
 *
 * @param changed ids of integrations whose selection was changed: what lies behind their cursor is not looked at
 */
export function faultsOf(db: ReadableDb, changed: readonly string[] = []): string[] {
  const faults: string[] = []
  const expect = (holds: boolean, fault: string) => holds || faults.push(fault)
  const one = (sql: string, ...params: unknown[]) =>
    db
      .prepare(sql)
      .pluck()
      .get(...params)

  expect(one('PRAGMA integrity_check') === 'ok', 'integrity_check is not ok')
  expect(db.prepare('PRAGMA foreign_key_check').all().length === 0, 'foreign keys are broken')
  const events = one('SELECT count(*) FROM events') as number
  expect((one('SELECT coalesce(max(seq), 0) FROM events') as number) === events, 'the log has gaps')
  const types = db
    .prepare(
      `SELECT t.id, t.name, t.events, (SELECT count(*) FROM events AS e WHERE e.type_id = t.id) AS counted FROM event_types AS t`,
    )
    .all() as { id: number; name: string; events: number; counted: number }[]
  for (const t of types) expect(t.events === t.counted, `${t.name} counts ${t.events}, the log holds ${t.counted}`)

  const integrations = db.prepare('SELECT * FROM integrations WHERE deleted_at IS NULL').all() as Row[]
  for (const i of integrations) {
    const selection = { entities: JSON.parse(i.entity_filter), events: JSON.parse(i.event_filter) }
    const taken = types.filter((t) => selects(selection, t.name))
    const settled = settledOf(db, i.no)
    const say = (fault: string) => `${i.id}: ${fault}`
    expect(i.cursor <= events, say('the cursor is ahead of the log'))
    expect(
      i.delivered === settled.delivered.size,
      say(`counts ${i.delivered} delivered, ${settled.delivered.size} events have a successful attempt`),
    )
    expect(
      i.rejected === settled.rejected.size + i.rejected_deleted,
      say(`counts ${i.rejected} rejected, lists ${settled.rejected.size} and deleted ${i.rejected_deleted}`),
    )
    for (const id of settled.delivered) {
      expect(!settled.waiting.has(id), say(`${id} is delivered and waits`))
      expect(!settled.rejected.has(id), say(`${id} is delivered and rejected`))
    }
    for (const id of settled.rejected) expect(!settled.waiting.has(id), say(`${id} is rejected and waits`))
    if (changed.includes(i.id)) continue
    // What the cursor has passed is settled or waits, or lies outside the dates: nothing is forgotten behind it.
    const forgotten = one(
      `SELECT count(*) FROM events AS e WHERE e.seq <= ?1 AND e.seq > ?2 AND e.type_id IN (SELECT value FROM json_each(?3))
         AND e.published_at >= ?4 AND e.published_at < ?5
         AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.integration = ?6 AND a.seq = e.seq AND a.failed = 0)
         AND NOT EXISTS (SELECT 1 FROM rejected_events AS r WHERE r.integration = ?6 AND r.seq = e.seq)
         AND NOT EXISTS (SELECT 1 FROM waiting AS w WHERE w.integration = ?6 AND w.seq = e.seq)`,
      {
        1: i.cursor,
        2: positionOfBase(db, taken, i.matched_base),
        3: JSON.stringify(taken.map((t) => t.id)),
        4: i.starts_at ?? 0,
        5: i.ends_at ?? Number.MAX_SAFE_INTEGER,
        6: i.no,
      },
    ) as number
    expect(
      forgotten - i.rejected_deleted <= 0,
      say(`${forgotten} events behind the cursor are neither settled nor wait`),
    )
    const matched = taken.reduce((sum, t) => sum + t.counted, 0) - i.matched_base
    const backlog = matched - i.delivered - i.rejected - i.passed_over - i.expired
    expect(backlog >= settled.waiting.size, say(`a backlog of ${backlog}, but ${settled.waiting.size} wait`))
  }
  return faults
}

/** Place in the log of the last event of these types that the base counts; 0 when it counts none. */
function positionOfBase(db: ReadableDb, taken: readonly { readonly id: number }[], base: number): number {
  if (base <= 0) return 0
  return db
    .prepare('SELECT seq FROM events WHERE type_id IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT 1 OFFSET ?')
    .pluck()
    .get(JSON.stringify(taken.map((t) => t.id)), base - 1) as number
}
