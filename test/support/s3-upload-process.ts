import { S3Target, type S3TargetOptions } from '../../main/engine/delivery/s3/s3-target'
import { Spool } from '../../main/engine/delivery/s3/spool'

// Uploads a spooled batch several times and says how far the memory of this process grew meanwhile, as one line of JSON. It is bundled and run
// by `s3-memory.test.ts`: in the process of a test the test's own memory would be measured too.

/** What the process is given, as JSON in its first argument. */
export interface UploadOrder {
  readonly target: S3TargetOptions
  readonly folder: string
  readonly batch: string
  readonly times: number
}

export interface UploadReport {
  readonly errorCodes: readonly (string | null)[]
  /** Highest resident set minus the one before the first upload. */
  readonly grownBytes: number
  readonly milliseconds: number
}

async function run({ target, folder, batch, times }: UploadOrder): Promise<UploadReport> {
  const to = new S3Target(target)
  const signal = new AbortController().signal
  const spool = new Spool(folder)
  const size = (await spool.size(batch)) ?? 0
  // The libraries are loaded before the measurement.
  await to.upload('warm-up', 4, () => once(Buffer.from('warm')), { signal })
  const before = process.memoryUsage.rss()
  let highest = before
  const sampler = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }, 5)
  const errorCodes: (string | null)[] = []
  const started = performance.now()
  for (let n = 0; n < times; n++) {
    errorCodes.push((await to.upload(`large-${n}`, size, () => spool.open(batch), { signal })).errorCode)
  }
  const milliseconds = performance.now() - started
  clearInterval(sampler)
  await to.destroy()
  return { errorCodes, grownBytes: highest - before, milliseconds }
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '') as UploadOrder)))
