import { join } from 'node:path'
import { openReadable, openWritable, STORE_FILE } from '../../main/store/database'
import { migrate } from '../../main/store/migrate'
import { createQueries } from '../../main/store/queries'
import { type Bench, number } from './bench'
import { median, quantile } from './pairs'

const SMALL = 1_000
const ROUNDS = 101

/** First and deep pages of View Events at a million events and attempts, interleaved with a store of a thousand. */
export async function viewer({ scale, folder, print }: Bench): Promise<void> {
  const stores = [1_000_000 * scale, SMALL].map((count) => {
    const path = join(folder(), STORE_FILE)
    fill(path, count)
    const db = openReadable(path)
    return { count, db, list: createQueries(db)['attempts.list'] }
  })
  const pages = {
    'first page': () => ({ filter: {} }),
    failures: () => ({ filter: { outcome: 'failure' as const } }),
    'one entity': () => ({ filter: { domainEntityId: 'entity-100' } }),
    'time range': (count: number) => ({ filter: { from: (count / 4) * 1000, to: (count / 3) * 1000 } }),
    'deep page': (count: number) => ({ filter: {}, after: `${(count / 2) * 1000}.${count / 2}` }),
  }
  for (const [name, page] of Object.entries(pages)) {
    const [large = [], small = []]: number[][] = stores.map(() => [])
    for (let i = 0; i < ROUNDS; i++) {
      for (const [n, { list, count }] of stores.entries()) {
        const input = { id: 'bench', limit: 100, ...page(count) }
        const start = performance.now()
        await list(input)
        ;[large, small][n]!.push(performance.now() - start)
      }
    }
    const ratio = median(large) / median(small)
    print(
      `viewer, ${name}: ${figures(large)} at ${number(stores[0]!.count)} attempts, ${figures(small)} at ${number(SMALL)}; ratio of the medians ${ratio.toFixed(2)}`,
    )
  }
  for (const { db } of stores) db.close()
}

function figures(times: readonly number[]): string {
  return `${median(times).toFixed(2)} ms (p95 ${quantile(times, 0.95).toFixed(2)})`
}

function fill(path: string, count: number): void {
  const db = openWritable(path)
  migrate(db, path)
  db.exec(`
    INSERT INTO event_types VALUES (1, 'tenant', 'order.created', ${count});
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO events SELECT i, randomblob(16), 1, 'entity-' || (i / 4), i * 1000, i * 1000, zeroblob(1500) FROM n;
    INSERT INTO integrations (id, integration_type, status, entity_filter, event_filter, target_kind, target, created_at, updated_at,
      cursor, matched_base, delivered)
      VALUES ('bench', 'permanent', 'running', '[]', '[]', 'webhook', '{"callbackUrl":"http://localhost","hasApiKey":false}', 0, 0,
      ${count}, 0, ${count});
    INSERT INTO attempts (id, integration, seq, number, started_at, duration_us, failed, status_code, error_code)
      SELECT seq, 1, seq, 1, accepted_at, 900, seq % 50 = 0, 200, iif(seq % 50 = 0, 'server_error', NULL) FROM events;
  `)
  db.close()
}
