import { Pool } from 'undici'
import { startCountingReceiver } from '../support/receiver-launcher'
import { type Bench, makeLines, openRig, publishAll, rate, webhook } from './bench'
import { compare, median, report } from './pairs'

const CONCURRENCY = 16

/**
 * Deliveries, all recorded durably, against a bare undici loop with the same bodies and concurrency. The receiver is a process
 * of its own that only counts, so that both sides meet their own limit and not its.
 */
export async function deliver({ scale, folder, print }: Bench): Promise<void> {
  const lines = makeLines(2, 20_000 * scale)
  const receiver = await startCountingReceiver()
  const busy: Record<'ours' | 'reference', number[]> = { ours: [], reference: [] }
  /** Notes how much of a side's time the receiver needed: near 100 % the receiver would be what is measured. */
  const timed = (side: keyof typeof busy, run: () => Promise<number>) => async () => {
    const before = await receiver.usage()
    const result = await run()
    const after = await receiver.usage()
    if (after.requests - before.requests !== lines.length) throw new Error(`${side}: the receiver missed requests`)
    busy[side].push((after.cpuMs - before.cpuMs) / ((lines.length / result) * 1000))
    return result
  }
  try {
    const ours = async () => {
      const rig = openRig(folder())
      publishAll(rig.engine, lines)
      const start = performance.now()
      await rig.engine.call('integrations.create', webhook('bench', receiver.url))
      await rig.until(() => rig.value('SELECT delivered FROM integrations') === lines.length)
      // Its answer comes after everything before it is on the disk.
      await rig.engine.call('integrations.stop', { id: 'bench' })
      const result = rate(lines.length, start)
      await rig.close()
      return result
    }
    const reference = async () => {
      const { origin, pathname } = new URL(receiver.url)
      const pool = new Pool(origin, { connections: CONCURRENCY, pipelining: 1 })
      let next = 0
      const start = performance.now()
      const worker = async () => {
        while (next < lines.length) {
          const body = lines[next++]!
          const { body: answer } = await pool.request({ path: pathname, method: 'POST', body })
          await answer.dump()
        }
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, worker))
      const result = rate(lines.length, start)
      await pool.close()
      return result
    }
    print(
      report('deliver', 'deliveries/s', await compare(timed('ours', ours), timed('reference', reference)), {
        atLeast: 0.8,
      }),
    )
    const share = (side: 'ours' | 'reference') => `${Math.round(median(busy[side]) * 100)} %`
    print(
      `deliver: the receiver's process was busy ${share('ours')} of ours and ${share('reference')} of the reference`,
    )
  } finally {
    await receiver.stop()
  }
}
