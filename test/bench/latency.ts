import { Pool } from 'undici'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { formatUuid } from '../../main/store/uuid'
import { startCountingReceiver } from '../support/receiver-launcher'
import { type Bench, makeLines, openRig, webhook } from './bench'
import { median, quantile, reportMore, runPairs } from './pairs'

const SAMPLES = 300
/** More than the longest commit interval, so that the engine has nothing to do when the next event comes. */
const REST_MS = 10

/**
 * From the call that publishes an event (checked, stored and synced in it) to the first byte of its request at the receiver, while
 * the engine has nothing else to do, against a bare undici request of the same body.
 */
export async function latency({ scale, folder, print }: Bench): Promise<void> {
  const samples = Math.max(100, SAMPLES * scale)
  const lines = makeLines(5, samples)
  const receiver = await startCountingReceiver({ arrivals: true })
  const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS))
  const now = () => Number(process.hrtime.bigint())
  try {
    const ours = async () => {
      const rig = openRig(folder())
      await rig.engine.call('integrations.create', webhook('bench', receiver.url, { startsAt: null }))
      const begun = new Map<string, number>()
      for (const [n, line] of lines.entries()) {
        const at = now()
        const event = parseEnvelope(line)
        begun.set(formatUuid(event.eventId), at)
        rig.engine.publish([event])
        await rig.until(() => rig.value('SELECT delivered FROM integrations') === n + 1)
        await rest()
      }
      await rig.close()
      const times = (await receiver.arrivals()).map(({ eventId, at }) => (at - begun.get(eventId)!) / 1e6)
      return figures(times)
    }
    const reference = async () => {
      const { origin, pathname } = new URL(receiver.url)
      const pool = new Pool(origin, { connections: 16, pipelining: 1 })
      const begun: number[] = []
      for (const body of lines) {
        begun.push(now())
        const { body: answer } = await pool.request({ path: pathname, method: 'POST', body })
        await answer.dump()
        await rest()
      }
      await pool.close()
      return figures((await receiver.arrivals()).map(({ at }, n) => (at - begun[n]!) / 1e6))
    }
    const figures = (times: readonly number[]) => {
      if (times.length !== lines.length) throw new Error(`${times.length} of ${lines.length} requests arrived`)
      return { p50: median(times), p99: quantile(times, 0.99) }
    }
    const pairs = await runPairs(ours, reference)
    for (const [name, atMost] of [['p50', 5] as const, ['p99', 25] as const]) {
      const side = pairs.map((p) => ({ ours: p.ours[name], reference: p.reference[name] }))
      print(reportMore(`latency, publish to first byte, ${name}`, 'ms', side, atMost))
    }
  } finally {
    await receiver.stop()
  }
}
