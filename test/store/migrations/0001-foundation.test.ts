import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openWritable, STORE_FILE, type WritableDb } from '../../../main/store/database'
import { migrate } from '../../../main/store/migrate'
import { migrations } from '../../../main/store/migrations'
import { tempDir } from '../../support/temp-dir'

let db: WritableDb

beforeEach(() => {
  const path = join(tempDir(), STORE_FILE)
  db = openWritable(path)
  onTestFinished(() => void db.close())
  migrate(db, path, migrations.slice(0, 1))
})

const insertEvent = 'INSERT INTO events VALUES (?, ?, ?, NULL, 0, 0, ?)'

function insertIntegration(change: Record<string, unknown> = {}): void {
  const row = {
    id: 'orders',
    integration_type: 'permanent',
    status: 'running',
    stop_cause: null,
    entity_filter: '[]',
    event_filter: '[]',
    target_kind: 'webhook',
    target: '{}',
    created_at: 0,
    updated_at: 0,
    deleted_at: null,
    cursor: 0,
    matched_base: 0,
    ...change,
  }
  const names = Object.keys(row)
  const sql = `INSERT INTO integrations (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
  db.prepare(sql).run(...Object.values(row))
}

describe('migration 0001', () => {
  it('brings an empty store to version 1', () => {
    expect(db.pragma('user_version', { simple: true })).toBe(1)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  })

  it('makes every table STRICT', () => {
    const tables = db.prepare("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'").all()
    expect(tables.length).toBeGreaterThan(8)
    expect(tables.filter((t) => (t as { strict: number }).strict !== 1)).toEqual([])
  })

  it('refuses a second event with the same id, an unknown type and a body that is not bytes', () => {
    db.exec("INSERT INTO event_types (id, name) VALUES (1, 'order.created')")
    const id = Buffer.alloc(16, 1)
    db.prepare(insertEvent).run(1, id, 1, Buffer.from('{}'))
    expect(() => db.prepare(insertEvent).run(2, id, 1, Buffer.from('{}'))).toThrow(/UNIQUE/)
    expect(() => db.prepare(insertEvent).run(2, Buffer.alloc(16, 2), 9, Buffer.from('{}'))).toThrow(/FOREIGN KEY/)
    expect(() => db.prepare(insertEvent).run(2, Buffer.alloc(16, 2), 1, 'text')).toThrow(/cannot store TEXT/)
    expect(() => db.exec("INSERT INTO event_types (id, name) VALUES (2, 'order.created')")).toThrow(/UNIQUE/)
  })

  it('refuses integrations whose state contradicts itself', () => {
    expect(() => insertIntegration({ stop_cause: 'operator' })).toThrow(/CHECK/)
    expect(() => insertIntegration({ status: 'stopped' })).toThrow(/CHECK/)
    expect(() => insertIntegration({ status: 'paused', stop_cause: 'operator' })).toThrow(/CHECK/)
    expect(() => insertIntegration({ status: 'stopped', stop_cause: 'boredom' })).toThrow(/CHECK/)
    expect(() => insertIntegration({ integration_type: 'eternal' })).toThrow(/CHECK/)
    expect(() => insertIntegration({ target_kind: 'ftp' })).toThrow(/CHECK/)
    insertIntegration({ status: 'stopped', stop_cause: 'failure' })
  })

  it('frees the id of a deleted integration, but never its number', () => {
    insertIntegration()
    expect(() => insertIntegration()).toThrow(/UNIQUE/)
    db.exec('UPDATE integrations SET deleted_at = 1')
    insertIntegration()
    expect(db.prepare('SELECT no FROM integrations ORDER BY no').pluck().all()).toEqual([1, 2])
    db.exec('DELETE FROM integrations')
    insertIntegration()
    expect(db.prepare('SELECT no FROM integrations').pluck().all()).toEqual([3])
  })

  it('removes the problems of an import with the import, and knows no other states and outcomes', () => {
    db.exec("INSERT INTO imports (id, path, state, started_at, bytes_total) VALUES (1, '/f', 'running', 0, 0)")
    db.exec("INSERT INTO import_problems VALUES (1, 1, 'event_not_json', 'm', 'x')")
    db.exec('DELETE FROM imports')
    expect(db.prepare('SELECT count(*) FROM import_problems').pluck().get()).toBe(0)
    expect(() =>
      db.exec("INSERT INTO imports (path, state, started_at, bytes_total) VALUES ('', 'odd', 0, 0)"),
    ).toThrow(/CHECK/)
    const attempt = 'INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed) VALUES'
    expect(() => db.exec(`${attempt} (1, 1, 1, 0, 0, 2)`)).toThrow(/CHECK/)
  })
})
