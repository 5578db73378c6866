import { join } from 'node:path'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { formatUuid } from '../../main/store/uuid'
import { startCountingReceiver, startReceiverProcess } from '../support/receiver-launcher'
import { type Bench, makeLines, openRig, webhook } from './bench'
import { compare, quantile, report } from './pairs'

const OTHERS = 9
const EVERY_MS = 10

/**
 * From publishing to the first byte at the receiver, for nine integrations that all take every event, while a tenth hangs: its
 * target takes requests and never answers. Against the nine alone. The tenth soon has all its places taken and a growing backlog.
 */
export async function isolation({ scale, folder, print }: Bench): Promise<void> {
  const lines = makeLines(8, Math.max(100, 500 * scale))
  const receiver = await startCountingReceiver({ arrivals: true })
  const hanging = await startReceiverProcess({
    idsFile: join(folder(), 'hanging.txt'),
    statusMix: {},
    faults: { hang: 1 },
  })
  try {
    const run = (hangs: boolean) => async () => {
      const rig = openRig(folder())
      const live = { startsAt: null }
      for (let n = 0; n < OTHERS; n++) {
        await rig.engine.call('integrations.create', webhook(`good-${n}`, receiver.url, live))
      }
      if (hangs) await rig.engine.call('integrations.create', webhook('hangs', hanging.url, live))
      const begun = new Map<string, number>()
      for (const line of lines) {
        const event = parseEnvelope(line)
        begun.set(formatUuid(event.eventId), Number(process.hrtime.bigint()))
        rig.engine.publish([event])
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
      }
      await rig.until(
        () => rig.value("SELECT sum(delivered) FROM integrations WHERE id <> 'hangs'") === OTHERS * lines.length,
      )
      if (hangs && rig.value("SELECT delivered FROM integrations WHERE id = 'hangs'") !== 0) {
        throw new Error('The hanging target answered.')
      }
      const times = (await receiver.arrivals()).map(({ eventId, at }) => (at - begun.get(eventId)!) / 1000)
      await rig.engine.close(0)
      if (times.length !== OTHERS * lines.length) throw new Error(`${times.length} requests arrived`)
      return quantile(times, 0.99)
    }
    print(
      report(
        `isolation, p99 of ${OTHERS} integrations while a tenth hangs, against the ${OTHERS} alone`,
        'µs',
        await compare(run(true), run(false)),
        { atMost: 1.2 },
      ),
    )
  } finally {
    await receiver.stop()
    await hanging.stop()
  }
}
