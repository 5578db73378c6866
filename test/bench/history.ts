import { join } from 'node:path'
import { openWritable, STORE_FILE } from '../../main/store/database'
import { startCountingReceiver } from '../support/receiver-launcher'
import { type Bench, makeLines, number, openRig, publishAll, rate, webhook } from './bench'
import { compare, report } from './pairs'

const ATTEMPTS = 10_000_000
const EVENTS = 20_000
/** One in so many of the old attempts failed. */
const FAILED_IN = 50

/**
 * Deliveries of an integration that has 10,000,000 attempts behind it, whose events are gone, against one that has none. The old
 * attempts are written by SQL, as deliveries would have: in order, at the integration's own end of both indexes.
 */
export async function history({ scale, folder, print }: Bench): Promise<void> {
  const attempts = ATTEMPTS * scale
  const receiver = await startCountingReceiver()
  const old = folder()
  let seed = 100
  try {
    await prepare(old, receiver.url)
    addHistory(join(old, STORE_FILE), attempts)
    const run = (workspace: () => string, isNew: boolean) => async () => {
      const path = workspace()
      if (isNew) await prepare(path, receiver.url)
      // New ones each time, since the old store knows the last ones.
      const lines = makeLines(seed++, EVENTS * Math.max(scale, 0.5))
      const rig = openRig(path)
      publishAll(rig.engine, lines)
      const delivered = rig.value('SELECT delivered FROM integrations')
      const start = performance.now()
      await rig.engine.call('integrations.start', { id: 'bench' })
      await rig.until(() => rig.value('SELECT delivered FROM integrations') === delivered + lines.length)
      await rig.engine.call('integrations.stop', { id: 'bench' })
      const result = rate(lines.length, start)
      await rig.close()
      return result
    }
    print(
      report(
        `history, ${number(attempts)} attempts stored, against none`,
        'deliveries/s',
        await compare(
          run(() => old, false),
          run(folder, true),
        ),
        { atLeast: 0.9 },
      ),
    )
  } finally {
    await receiver.stop()
  }
}

/** A workspace with one event, delivered, and a paused integration. */
async function prepare(workspace: string, url: string): Promise<void> {
  const rig = openRig(workspace)
  publishAll(rig.engine, makeLines(1, 1))
  await rig.engine.call('integrations.create', webhook('bench', url))
  await rig.until(() => rig.value('SELECT delivered FROM integrations') === 1)
  await rig.engine.call('integrations.stop', { id: 'bench' })
  await rig.close()
}

/** Puts `count` delivered events, whose bodies retention has taken, before the one that is there. */
function addHistory(path: string, count: number): void {
  const db = openWritable(path)
  db.exec(`
    UPDATE events SET seq = seq + ${count};
    UPDATE event_types SET events = events + ${count} WHERE id = (SELECT type_id FROM events);
    DELETE FROM event_blocks;
    INSERT INTO event_blocks SELECT seq >> 12, published_at, published_at FROM events;
    UPDATE integrations SET cursor = cursor + ${count}, delivered = delivered + ${count};
    DELETE FROM attempts;
    DELETE FROM attempt_details;
  `)
  const step = 250_000
  for (let from = 0; from < count; from += step) {
    const to = Math.min(count, from + step)
    db.exec(`
      WITH RECURSIVE n (i) AS (SELECT ${from} + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
      INSERT INTO attempts (id, integration, seq, number, started_at, duration_us, failed, status_code, error_code, first_byte_us, reused)
        SELECT i, 1, i, 1, 1700000000000 + i, 900, i % ${FAILED_IN} = 0, iif(i % ${FAILED_IN} = 0, 500, 200),
          iif(i % ${FAILED_IN} = 0, 'server_error', NULL), 800, 1 FROM n;
    `)
  }
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}
