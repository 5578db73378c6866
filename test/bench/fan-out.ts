import { parseEnvelope } from '../../main/engine/sources/envelope'
import { startCountingReceiver } from '../support/receiver-launcher'
import { BATCH, type Bench, makeLines, openRig, webhook } from './bench'
import { compare, report } from './pairs'

const INTEGRATIONS = 25

/**
 * Publishing while 25 integrations run of which one takes the published events, against one integration that does. Timed are the
 * calls that publish; between them the engine delivers.
 */
export async function fanOut({ scale, folder, print }: Bench): Promise<void> {
  const events = makeLines(7, 30_000 * scale)
    .map((line) => parseEnvelope(line))
    .filter(({ name }) => name.startsWith('order.'))
  const receiver = await startCountingReceiver()
  try {
    const withOthers = (others: number) => async () => {
      const rig = openRig(folder())
      const of = (entity: string) => ({ startsAt: null, selection: { entities: [entity], events: [] } })
      await rig.engine.call('integrations.create', webhook('orders', receiver.url, of('order')))
      for (let n = 0; n < others; n++) {
        await rig.engine.call('integrations.create', webhook(`other-${n}`, receiver.url, of('return')))
      }
      let spent = 0
      for (let i = 0; i < events.length; i += BATCH) {
        const batch = events.slice(i, i + BATCH)
        const start = performance.now()
        rig.engine.publish(batch)
        spent += performance.now() - start
        await new Promise((resolve) => setImmediate(resolve))
      }
      await rig.until(() => rig.value('SELECT sum(delivered) FROM integrations') === events.length)
      await rig.close()
      return events.length / (spent / 1000)
    }
    print(
      report(
        `fan-out, publish with ${INTEGRATIONS} integrations of which 1 takes the events, against 1`,
        'events/s',
        await compare(withOthers(INTEGRATIONS - 1), withOthers(0)),
        { atLeast: 0.95 },
      ),
    )
  } finally {
    await receiver.stop()
  }
}
