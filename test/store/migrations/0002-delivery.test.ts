import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openWritable, STORE_FILE, type WritableDb } from '../../../main/store/database'
import { EventLog } from '../../../main/store/event-log'
import { IntegrationStore } from '../../../main/store/integrations'
import { migrate } from '../../../main/store/migrate'
import { migrations } from '../../../main/store/migrations'
import { tempDir } from '../../support/temp-dir'

let path: string
let db: WritableDb

beforeEach(() => {
  path = join(tempDir(), STORE_FILE)
  db = openWritable(path)
  onTestFinished(() => void db.close())
  migrate(db, path, migrations.slice(0, 1))
})

function insertEvent(seq: number, typeId: number, tenant: string, publishedAt: number): void {
  const body = JSON.stringify({ tenant, name: 'x', published_at: '', payload: {} })
  db.prepare('INSERT INTO events VALUES (?, ?, ?, NULL, ?, ?, ?)').run(
    seq,
    Buffer.alloc(16, seq),
    typeId,
    publishedAt,
    publishedAt,
    Buffer.from(body),
  )
}

function insertIntegration(id: string): void {
  db.prepare(
    `INSERT INTO integrations (id, integration_type, status, entity_filter, event_filter, target_kind, target, secrets, created_at,
       updated_at, cursor, matched_base, delivered, rejected, passed_over)
     VALUES (?, 'permanent', 'running', '["order"]', '[]', 'webhook', '{"callbackUrl":"https://example.com/a","hasApiKey":true}', x'00', 1, 2,
       3, 4, 5, 6, 7)`,
  ).run(id)
}

describe('migration 0002', () => {
  it('tells event types apart by tenant, and keeps every event and count', () => {
    db.exec("INSERT INTO event_types VALUES (1, 'order.created', 3), (2, 'return.processed', 1)")
    insertEvent(1, 1, 'a', 100)
    insertEvent(2, 1, 'b', 300)
    insertEvent(3, 2, 'b', 200)
    insertEvent(4, 1, 'a', 50)
    migrate(db, path, migrations.slice(0, 2))
    const log = new EventLog(db)
    const counts = [...log.types()].map((t) => [t.tenant, t.name, log.total(t.id)])
    expect(counts.sort()).toEqual([
      ['a', 'order.created', 2],
      ['b', 'order.created', 1],
      ['b', 'return.processed', 1],
    ])
    const tenants = [1, 2, 3, 4].map((seq) => log.type(log.bySeq(seq)!.typeId).tenant)
    expect(tenants).toEqual(['a', 'b', 'b', 'a'])
    expect(log.head).toBe(4)
    expect(log.positionBefore(200)).toBe(1)
    expect(log.positionBefore(301)).toBe(4)
    expect(log.positionBefore(0)).toBe(0)
    expect(db.pragma('foreign_key_check')).toEqual([])
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  })

  it('still refuses an event of an unknown type', () => {
    migrate(db, path, migrations.slice(0, 2))
    expect(() => insertEvent(1, 9, 'a', 0)).toThrow(/FOREIGN KEY/)
  })

  it('keeps integrations with their state, and never gives a number again', () => {
    insertIntegration('gone')
    db.exec('DELETE FROM integrations')
    insertIntegration('kept')
    insertIntegration('gone-too')
    db.exec("DELETE FROM integrations WHERE id = 'gone-too'")
    migrate(db, path, migrations.slice(0, 2))
    const store = new IntegrationStore(db)
    expect(store.find('kept')).toMatchObject({
      no: 2,
      cursor: 3,
      integration: {
        status: 'running',
        target: { kind: 'webhook', callbackUrl: 'https://example.com/a', hasApiKey: true, signingSecrets: 0 },
        selection: { entities: ['order'], events: [] },
        options: { concurrency: 16, deliveryWindowHours: 72 },
      },
    })
    expect(
      db.prepare('SELECT matched_base, delivered, rejected, passed_over, expired FROM integrations').get(),
    ).toEqual({
      matched_base: 4,
      delivered: 5,
      rejected: 6,
      passed_over: 7,
      expired: 0,
    })
    insertIntegration('new')
    expect(store.find('new')?.no).toBe(4)
  })

  it('keeps attempts, their failures, waiting and rejected events', () => {
    db.exec(`
      INSERT INTO attempts VALUES (1, 1, 1, 1, 10, 20, 1, 503, 'server_error');
      INSERT INTO attempt_failures VALUES (1, 'detail', 'body');
      INSERT INTO waiting VALUES (1, 1, 1, 99);
      INSERT INTO rejected_events VALUES (1, 2, 1, 30);
    `)
    migrate(db, path, migrations.slice(0, 2))
    expect(db.prepare('SELECT attempt, detail, response_body, response_headers FROM attempt_details').get()).toEqual({
      attempt: 1,
      detail: 'detail',
      response_body: 'body',
      response_headers: null,
    })
    expect(db.prepare('SELECT * FROM waiting').get()).toMatchObject({ seq: 1, attempts: 1, due_at: 99, window_from: 0 })
    expect(db.prepare('SELECT reason FROM rejected_events').pluck().get()).toBe('rejected_by_receiver')
    expect(db.prepare('SELECT manual, batch FROM attempts').get()).toEqual({ manual: null, batch: null })
  })
})
