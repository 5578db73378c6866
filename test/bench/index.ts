import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, openWritable, STORE_FILE, transaction } from '../../main/store/database'
import type { NewEvent } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { createQueries } from '../../main/store/queries'
import { generateEvents, writeEventFile } from '../support/event-generator'
import { Receiver } from '../support/receiver'
import { compare, median, report } from './pairs'

const BATCH = 256
const CONCURRENCY = 16

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, only: { type: 'string' } } })
const scale = values.short ? 0.1 : 1
const wanted = (name: string) => values.only === undefined || values.only.split(',').includes(name)

const folders: string[] = []
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'console-bench-'))
  folders.push(path)
  return path
}

function openEngine(workspace: string, onChanged: () => void = () => {}): Engine {
  return new Engine({
    workspace,
    key: new Uint8Array(32),
    version: 'bench',
    onChanged,
    onNotice: ({ message }) => console.error(message),
  })
}

function rate(count: number, startedAt: number): number {
  return count / ((performance.now() - startedAt) / 1000)
}

/** Publishing against a bare batch insert of the same rows into the same tables with the same indexes and pragmas. */
async function publish(): Promise<void> {
  const lines = [...generateEvents({ seed: 1, count: 20_000 * scale })].map((line) => Buffer.from(line))
  const rows: NewEvent[] = lines.map((line) => parseEnvelope(line))
  const ours = async () => {
    const engine = openEngine(folder())
    const start = performance.now()
    for (let i = 0; i < lines.length; i += BATCH) engine.publish(lines.slice(i, i + BATCH).map((l) => parseEnvelope(l)))
    const result = rate(lines.length, start)
    await engine.close()
    return result
  }
  const reference = async () => {
    const path = join(folder(), STORE_FILE)
    const db = openWritable(path)
    migrate(db, path)
    const types = new Map([...new Set(rows.map((r) => r.name))].map((name, i) => [name, i + 1]))
    for (const [name, id] of types) db.prepare('INSERT INTO event_types (id, name) VALUES (?, ?)').run(id, name)
    const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)')
    const start = performance.now()
    for (let i = 0; i < rows.length; i += BATCH) {
      transaction(db, () => {
        for (const [n, r] of rows.slice(i, i + BATCH).entries()) {
          insert.run(i + n + 1, r.eventId, types.get(r.name)!, r.domainEntityId, r.publishedAt, 0, r.body)
        }
      })
    }
    const result = rate(rows.length, start)
    db.close()
    return result
  }
  console.log(report('publish', 'events/s', await compare(ours, reference), 0.8))
}

/** Deliveries, all recorded durably, against a bare undici loop with the same bodies and concurrency. */
async function deliver(): Promise<void> {
  const lines = [...generateEvents({ seed: 2, count: 5_000 * scale })].map((line) => Buffer.from(line))
  const receiver = await Receiver.start()
  const ours = async () => {
    receiver.requests.length = 0
    let wake = () => {}
    const engine = openEngine(folder(), () => wake())
    for (let i = 0; i < lines.length; i += BATCH) engine.publish(lines.slice(i, i + BATCH).map((l) => parseEnvelope(l)))
    const workspace = folders.at(-1)!
    const db = openReadable(join(workspace, STORE_FILE))
    const settled = db.prepare('SELECT delivered FROM integrations').pluck()
    const start = performance.now()
    await engine.call('integrations.create', {
      id: 'bench',
      integrationType: 'permanent',
      startsAt: 0,
      endsAt: null,
      selection: { entities: [], events: [] },
      target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'key' },
    })
    while ((settled.get() as number) < lines.length) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const result = rate(lines.length, start)
    db.close()
    await engine.close()
    return result
  }
  const reference = async () => {
    receiver.requests.length = 0
    const pool = new Pool(new URL(receiver.url).origin, { connections: CONCURRENCY, pipelining: 1 })
    let next = 0
    const start = performance.now()
    const worker = async () => {
      while (next < lines.length) {
        const body = lines[next++]!
        const { body: answer } = await pool.request({ path: '/events', method: 'POST', body })
        await answer.dump()
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, worker))
    const result = rate(lines.length, start)
    await pool.close()
    return result
  }
  console.log(report('deliver', 'deliveries/s', await compare(ours, reference), 0.8))
  await receiver.close()
}

/** First and deep pages of View Events at a million events and attempts, beside a store of a thousand. */
async function viewer(): Promise<void> {
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
      const p95 = times.sort((a, b) => a - b)[96]!
      console.log(
        `viewer, ${count.toLocaleString('en-US')} attempts, ${name}: median ${median(times).toFixed(2)} ms, p95 ${p95.toFixed(2)} ms`,
      )
    }
    reader.close()
  }
}

/** Import of a large file: rate and memory, as a series. */
async function importFile(): Promise<void> {
  const workspace = folder()
  const path = join(workspace, 'events.ndjson')
  const count = 1_000_000 * scale
  const file = await writeEventFile(path, { seed: 3, count })
  const engine = openEngine(workspace)
  const before = process.memoryUsage.rss()
  const series: string[] = []
  let peak = before
  const sample = setInterval(() => {
    const rss = process.memoryUsage.rss()
    peak = Math.max(peak, rss)
    series.push(Math.round((rss - before) / 1024 / 1024).toString())
  }, 2000)
  const start = performance.now()
  const job = await engine.call('imports.start', { path })
  await engine.importEnded(job.id)
  clearInterval(sample)
  const growth = Math.round((peak - before) / 1024 / 1024)
  console.log(
    `import: ${count.toLocaleString('en-US')} events, ${Math.round(file.bytes / 1024 / 1024)} MiB, ${Math.round(rate(count, start)).toLocaleString('en-US')} events/s, memory +${growth} MiB at most; every 2 s: ${series.join(' ')}`,
  )
  await engine.close()
}

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}${values.short ? ', short form' : ''}`,
)
try {
  if (wanted('publish')) await publish()
  if (wanted('deliver')) await deliver()
  if (wanted('viewer')) await viewer()
  if (wanted('import')) await importFile()
} finally {
  for (const path of folders) rmSync(path, { recursive: true, force: true })
}
