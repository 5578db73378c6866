import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openWritable, STORE_FILE, type WritableDb } from '../../../main/store/database'
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
  migrate(db, path, migrations.slice(0, 2))
})

function insertIntegration(id: string, deletedAt: number | null): void {
  db.prepare(
    `INSERT INTO integrations (id, integration_type, status, entity_filter, event_filter, target_kind, target, secrets, created_at,
       updated_at, deleted_at, cursor, matched_base)
     VALUES (?, 'permanent', 'running', '[]', '[]', 'webhook', '{"callbackUrl":"https://example.com/a"}', x'00', 1, 2, ?, 3, 4)`,
  ).run(id, deletedAt)
}

describe('migration 0003', () => {
  it('counts the attempts that are there by minute, those of batches by their events', () => {
    db.exec(`
      INSERT INTO batches (id, integration, after_seq, last_seq, selection, events, passed_over, gzip, state, sealed_at, due_at)
        VALUES (7, 2, 0, 500, '{"entities":[],"events":[]}', 500, 0, 0, 'stored', 1, 1);
      INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, batch) VALUES
        (1, 1, 1, 59999, 1, 0, NULL), (1, 2, 1, 60000, 1, 0, NULL), (1, 3, 1, 60001, 1, 1, NULL), (1, 3, 2, 119999, 1, 0, NULL),
        (2, 500, 1, 60000, 1, 1, 7), (2, 500, 2, 60500, 1, 0, 7);
    `)
    migrate(db, path, migrations.slice(0, 3))
    expect(db.prepare('SELECT * FROM attempt_minutes').all()).toEqual([
      { integration: 1, minute: 0, delivered: 1, failed: 0 },
      { integration: 1, minute: 1, delivered: 2, failed: 1 },
      { integration: 2, minute: 1, delivered: 500, failed: 500 },
    ])
  })

  it('goes on with purges that had begun, and leaves the others alone', () => {
    insertIntegration('gone', 5)
    insertIntegration('kept', null)
    migrate(db, path, migrations.slice(0, 3))
    const store = new IntegrationStore(db)
    expect(store.findDeleted('gone')).toBeUndefined()
    expect(store.purgeStep()).toBe(true)
    expect(db.prepare('SELECT id FROM integrations').pluck().all()).toEqual(['kept'])
    expect(store.purgeStep()).toBe(false)
  })
})
