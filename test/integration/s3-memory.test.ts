import { execFile } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { Random } from '../support/random'
import type { UploadOrder, UploadReport } from '../support/s3-upload-process'
import { newBucket, plainClient, sharedSwift, swiftMissing } from '../support/swift-shared'
import { tempDir } from '../support/temp-dir'

const MB = 1024 * 1024
const missing = swiftMissing()

/** @returns the bundled program, ready for plain Node */
async function bundle(folder: string): Promise<string> {
  const root = resolve(import.meta.dirname, '../..')
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'test/support/s3-upload-process.ts'),
      outDir: folder,
      target: 'node20',
      rolldownOptions: { output: { format: 'es', entryFileNames: 'upload.mjs' } },
    },
  })
  return join(folder, 'upload.mjs')
}

it.skipIf(missing !== null)(
  'uploads the largest batch in less than 64 MB of memory',
  { timeout: 180_000 },
  async () => {
    const swift = await sharedSwift()
    const client = plainClient(swift)
    const bucket = await newBucket(client)
    client.destroy()
    const folder = tempDir()
    const file = join(folder, 'batch.gz')
    const random = new Random(5)
    const block = Buffer.from(Uint32Array.from({ length: MB / 4 }, () => random.uint32()).buffer)
    for (let n = 0; n < 128; n++) appendFileSync(file, block)
    const order: UploadOrder = {
      target: {
        ...swift,
        bucket,
        pathStyle: true,
        userAgent: 'EventStreamConsole/0.0.0',
        connectTimeoutMs: 5000,
        requestTimeoutMs: 30_000,
      },
      folder,
      batch: 'batch',
      times: 2,
    }
    const { stdout } = await promisify(execFile)(process.execPath, [await bundle(folder), JSON.stringify(order)])
    const report = JSON.parse(stdout) as UploadReport
    expect(report.errorCodes).toEqual([null, null])
    expect(report.grownBytes, `grew ${JSON.stringify(report)}`).toBeLessThan(64 * 1_000_000)
    // A measurement that saw nothing would prove nothing.
    expect(report.grownBytes).toBeGreaterThan(5 * MB)
  },
)
