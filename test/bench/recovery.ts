import { cpSync, rmSync } from 'node:fs'
import { startCountingReceiver } from '../support/receiver-launcher'
import { type Bench, makeLines, number, openRig, publishAll, rate, webhook } from './bench'
import { compare, report } from './pairs'

const EVENTS = 100_000
/** While it fails, one answer in so many is good: when nothing succeeds, the engine would stop trying. */
const ONE_GOOD_IN = 8
/** So many at a time, so that they are tried once each before the first of them come back. */
const PORTION = 2_000

/**
 * Events that failed with 503 and wait for their next try, delivered after the receiver has come back and the integration was
 * started again, which makes all of them due; against as many events of the stream. All failed for real, once for the whole
 * measure: each run starts with a copy of a workspace.
 */
export async function recovery({ scale, folder, print }: Bench): Promise<void> {
  const lines = makeLines(9, EVENTS * scale)
  const failed = folder()
  const port = await fail(failed, lines)
  const receiver = await startCountingReceiver({ port })
  const fresh = folder()
  await pause(fresh, receiver.url, lines)
  try {
    const run = (prepared: string) => async () => {
      const workspace = folder()
      cpSync(prepared, workspace, { recursive: true })
      const rig = openRig(workspace)
      const before = rig.value('SELECT delivered FROM integrations')
      const waiting = rig.value('SELECT count(*) FROM waiting')
      const start = performance.now()
      await rig.engine.call('integrations.start', { id: 'bench' })
      await rig.until(() => rig.value('SELECT delivered FROM integrations') === lines.length)
      await rig.engine.call('integrations.stop', { id: 'bench' })
      const result = rate(lines.length - before, start)
      if (prepared === failed && waiting !== lines.length - before) throw new Error(`${waiting} events waited`)
      await rig.close()
      rmSync(workspace, { recursive: true })
      return result
    }
    print(
      report(
        `recovery, ${number(lines.length)} events of which most wait, against the stream`,
        'deliveries/s',
        await compare(run(failed), run(fresh)),
        { atLeast: 0.7 },
      ),
    )
  } finally {
    await receiver.stop()
  }
}

/** Lets all events but the few good ones fail until they wait. @returns the port of the target */
async function fail(workspace: string, lines: readonly Buffer[]): Promise<number> {
  const receiver = await startCountingReceiver({ oneGoodIn: ONE_GOOD_IN })
  const rig = openRig(workspace)
  try {
    await rig.engine.call('integrations.create', webhook('bench', receiver.url))
    for (let i = 0; i < lines.length; i += PORTION) {
      publishAll(rig.engine, lines.slice(i, i + PORTION))
      const head = Math.min(lines.length, i + PORTION)
      await rig.until(() => rig.value('SELECT cursor FROM integrations') === head)
    }
    await rig.engine.call('integrations.stop', { id: 'bench' })
    return receiver.port
  } finally {
    await rig.close()
    await receiver.stop()
  }
}

/** Publishes all events to an integration that is paused. */
async function pause(workspace: string, url: string, lines: readonly Buffer[]): Promise<void> {
  const rig = openRig(workspace)
  await rig.engine.call('integrations.create', webhook('bench', url))
  await rig.engine.call('integrations.stop', { id: 'bench' })
  publishAll(rig.engine, lines)
  await rig.close()
}
