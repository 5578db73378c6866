import { join } from 'node:path'
import { openReadable, openWritable, STORE_FILE } from '../../main/store/database'
import { migrate } from '../../main/store/migrate'
import { createQueries } from '../../main/store/queries'
import { type Bench, number } from './bench'
import { median, quantile } from './pairs'

/** First and deep pages of View Events at a million events and attempts, beside a store of a thousand. */
export async function viewer({ scale, folder, print }: Bench): Promise<void> {
  for (const count of [1_000, 1_000_000 * scale]) {
    const path = join(folder(), STORE_FILE)
    const db = openWritable(path)
    migrate(db, path)
    db.exec(`
      INSERT INTO event_types VALUES (1, 'order.created', ${count});
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO events SELECT i, randomblob(16), 1, 'entity-' || (i / 4), i * 1000, i * 1000, zeroblob(1500) FROM n;
      INSERT INTO integrations (id, integration_type, status, entity_filter, event_filter, target_kind, target, created_at, updated_at,
        cursor, matched_base, delivered)
        VALUES ('bench', 'permanent', 'running', '[]', '[]', 'webhook', '{"callbackUrl":"http://localhost","hasApiKey":false}', 0, 0,
        ${count}, 0, ${count});
      INSERT INTO attempts SELECT seq, 1, seq, 1, accepted_at, 900, seq % 50 = 0, 200, iif(seq % 50 = 0, 'server_error', NULL) FROM events;
    `)
    db.close()
    const reader = openReadable(path)
    const queries = createQueries(reader)
    const middle = `${(count / 2) * 1000}.${count / 2}`
    const pages = {
      'first page': { filter: {} },
      failures: { filter: { outcome: 'failure' as const } },
      'one entity': { filter: { domainEntityId: 'entity-100' } },
      'time range': { filter: { from: (count / 4) * 1000, to: (count / 3) * 1000 } },
      'deep page': { filter: {}, after: middle },
    }
    for (const [name, page] of Object.entries(pages)) {
      const times: number[] = []
      for (let i = 0; i < 101; i++) {
        const start = performance.now()
        await queries['attempts.list']({ id: 'bench', limit: 100, ...page })
        times.push(performance.now() - start)
      }
      const p95 = quantile(times, 0.95)
      print(
        `viewer, ${number(count)} attempts, ${name}: median ${median(times).toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`,
      )
    }
    reader.close()
  }
}
