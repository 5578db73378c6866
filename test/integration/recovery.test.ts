import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { STORE_FILE } from '../../main/store/database'
import { numbers, Workbench } from '../support/workbench'

const EVENTS = 12_000

describe('a large waiting room', () => {
  it('is delivered as fast at its end as at its beginning', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create({ options: { concurrency: 32 } })
    await bench.call('integrations.stop', { id: 'orders' })
    for (let from = 0; from < EVENTS; from += 1000) bench.publish(numbers(from, 1000))
    await bench.close()
    // As if every one of them had failed once.
    const db = new Sqlite(join(bench.folder, STORE_FILE))
    const no = db.prepare('SELECT no FROM integrations').pluck().get()
    db.prepare('INSERT INTO waiting SELECT ?, seq, 1, ?, 0 FROM events').run(no, bench.clock.now() + 50_000)
    db.prepare('UPDATE integrations SET cursor = (SELECT max(seq) FROM events)').run()
    db.close()
    bench.receiver.receiver.answerWith({ status: 200 })
    bench.open()
    expect(bench.summary()).toMatchObject({ waiting: EVENTS, backlog: EVENTS })
    const marks = [performance.now()]
    await bench.call('integrations.start', { id: 'orders' })
    for (let part = 1; part <= 4; part++) {
      await bench.until(
        () => (bench.value('SELECT delivered FROM integrations') as number) >= (EVENTS * part) / 4,
        120_000,
      )
      marks.push(performance.now())
    }
    const parts = marks.slice(1).map((mark, i) => mark - marks[i]!)
    expect(new Set(bench.arrived).size).toBe(EVENTS)
    expect(bench.arrived).toHaveLength(EVENTS)
    expect(bench.summary()).toMatchObject({ waiting: 0, backlog: 0, delivered: EVENTS })
    // A cost that grows with the room would show as a factor, whatever the machine is busy with.
    expect(Math.max(...parts) / Math.min(...parts)).toBeLessThan(4)
  }, 180_000)
})
