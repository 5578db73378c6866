import { join } from 'node:path'
import type { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openWritable, STORE_FILE, transaction } from '../../main/store/database'
import type { NewEvent } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { generateEvents } from '../support/event-generator'
import { BATCH, type Bench, openEngine, publishAll, rate } from './bench'
import { compare, report } from './pairs'

/**
 * Publishing against a bare batch insert of the same rows into the same tables with the same indexes and pragmas: of events whose
 * envelopes are checked already, as the rows of the reference are, and with the check of the envelopes.
 */
export async function publish({ scale, folder, print }: Bench): Promise<void> {
  const lines = [...generateEvents({ seed: 1, count: 20_000 * scale })].map((line) => Buffer.from(line))
  const rows: NewEvent[] = lines.map((line) => parseEnvelope(line))
  const timed = async (publishTo: (engine: Engine) => void) => {
    const engine = openEngine(folder())
    const start = performance.now()
    publishTo(engine)
    const result = rate(lines.length, start)
    await engine.close()
    return result
  }
  const checked = () =>
    timed((engine) => {
      for (let i = 0; i < rows.length; i += BATCH) engine.publish(rows.slice(i, i + BATCH))
    })
  const unchecked = () => timed((engine) => publishAll(engine, lines))
  const reference = async () => {
    const path = join(folder(), STORE_FILE)
    const db = openWritable(path)
    migrate(db, path)
    const types = new Map([...new Set(rows.map((r) => r.name))].map((name, i) => [name, i + 1]))
    for (const [name, id] of types)
      db.prepare("INSERT INTO event_types (id, tenant, name) VALUES (?, 'tenant', ?)").run(id, name)
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
  print(report('publish', 'events/s', await compare(checked, reference), { atLeast: 0.8 }))
  const { ours, reference: bare, ratio, low, high } = await compare(unchecked, reference)
  const micros = (perSecond: number) => (1e6 / perSecond).toFixed(0)
  print(
    `publish with the check of the envelopes: ${micros(ours)} us an event against ${micros(bare)}; ratio ${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
  )
}
