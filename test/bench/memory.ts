import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { startCountingReceiver } from '../support/receiver-launcher'
import { BATCH, type Bench, makeLines, number, openEngine, publishAll } from './bench'
import type { MemoryOrder, MemoryReport } from './memory-engine'
import { reportMore, runPairs } from './pairs'

const BACKLOG = 1_000_000
const DELIVERED = 50_000
const MIB = 1024 * 1024

/**
 * Resident memory, at its highest, of a process of its own that does nothing but run the engine: delivering from a backlog of
 * 1,000,000 events, against delivering as many events as they are published, with an empty backlog.
 */
export async function memory({ scale, folder, print }: Bench): Promise<void> {
  const backlog = BACKLOG * scale
  const deliver = Math.max(20_000, DELIVERED * scale)
  const receiver = await startCountingReceiver()
  const full = folder()
  const engine = openEngine(full)
  for (let done = 0; done < backlog; done += 100 * BATCH) {
    publishAll(engine, makeLines(done, Math.min(100 * BATCH, backlog - done)))
  }
  await engine.close()
  let run = 0
  const idle: number[] = []
  const measured = (order: Omit<MemoryOrder, 'id' | 'url' | 'deliver'>) => async () => {
    const report = await runEngine({ ...order, id: `run-${run++}`, url: receiver.url, deliver })
    idle.push(report.idleBytes / MIB)
    return report.highestBytes / MIB
  }
  try {
    const pairs = await runPairs(measured({ workspace: full, live: false }), () =>
      measured({ workspace: folder(), live: true })(),
    )
    print(
      reportMore(
        `memory, backlog of ${number(backlog)} events being delivered, against an empty one`,
        'MiB',
        pairs,
        60,
      ),
    )
    print(`memory: ${Math.min(...idle).toFixed(0)} to ${Math.max(...idle).toFixed(0)} MiB before the first delivery`)
  } finally {
    await receiver.stop()
  }
}

async function runEngine(order: MemoryOrder): Promise<MemoryReport> {
  const script = join(import.meta.dirname, 'memory-engine.mjs')
  const child = spawn(process.execPath, [script, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`The engine's process ended with ${code}.`)
  return JSON.parse(text) as MemoryReport
}
