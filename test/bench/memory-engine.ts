import { BATCH, makeLines, openRig, publishAll, webhook } from './bench'

// The process that `memory.ts` measures: an engine that delivers, and says as one line of JSON how much memory it took.

/** What the process is given, as JSON in its first argument. */
export interface MemoryOrder {
  readonly workspace: string
  /** Of the integration, which is made and deleted again. */
  readonly id: string
  readonly url: string
  /** Events to deliver before it ends. */
  readonly deliver: number
  /** Publishes them by itself, a batch after the other is delivered; else they come from the backlog of the workspace. */
  readonly live: boolean
}

export interface MemoryReport {
  /** Resident set once the engine is open and idle. */
  readonly idleBytes: number
  /** The highest one until the last delivery. */
  readonly highestBytes: number
}

const SAMPLE_MS = 20

async function run({ workspace, id, url, deliver, live }: MemoryOrder): Promise<MemoryReport> {
  const rig = openRig(workspace)
  const idleBytes = process.memoryUsage.rss()
  let highestBytes = idleBytes
  const sampler = setInterval(() => {
    highestBytes = Math.max(highestBytes, process.memoryUsage.rss())
  }, SAMPLE_MS)
  await rig.engine.call('integrations.create', webhook(id, url))
  const delivered = () => rig.value('SELECT max(delivered) FROM integrations WHERE deleted_at IS NULL')
  if (live) {
    for (let done = 0; done < deliver; done += BATCH) {
      publishAll(rig.engine, makeLines(done, BATCH))
      await rig.until(() => delivered() >= done + BATCH)
    }
  }
  await rig.until(() => delivered() >= deliver)
  clearInterval(sampler)
  await rig.engine.call('integrations.stop', { id })
  await rig.engine.call('integrations.delete', { id })
  await rig.close()
  return { idleBytes, highestBytes }
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as MemoryOrder)))
