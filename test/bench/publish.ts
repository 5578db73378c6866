import { join } from 'node:path'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openWritable, STORE_FILE, transaction } from '../../main/store/database'
import type { NewEvent } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { generateEvents } from '../support/event-generator'
import { BATCH, type Bench, openEngine, publishAll, rate } from './bench'
import { compare, median, PAIRS, report } from './pairs'

/** Publishing against a bare batch insert of the same rows into the same tables with the same indexes and pragmas. */
export async function publish({ scale, folder, print }: Bench): Promise<void> {
  const lines = [...generateEvents({ seed: 1, count: 20_000 * scale })].map((line) => Buffer.from(line))
  const rows: NewEvent[] = lines.map((line) => parseEnvelope(line))
  const ours = async () => {
    const engine = openEngine(folder())
    const start = performance.now()
    publishAll(engine, lines)
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
  const result = await compare(ours, reference)
  print(report('publish', 'events/s', result, { atLeast: 0.8 }))
  const checks: number[] = []
  for (let i = 0; i < PAIRS; i++) {
    const start = performance.now()
    for (const line of lines) parseEnvelope(line)
    checks.push(rate(lines.length, start))
  }
  const micros = (perSecond: number) => (1e6 / perSecond).toFixed(0)
  print(
    `publish: ${micros(result.ours)} us an event, of which the check of the envelope takes ${micros(median(checks))} us; the reference gets checked rows and takes ${micros(result.reference)} us`,
  )
}
