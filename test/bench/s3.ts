import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { startSwift, whatSwiftLacks } from '../support/swift'
import { type Bench, makeLines, openRig, publishAll } from './bench'
import { compare, report } from './pairs'

/** The size at which an integration closes a batch unless it is set otherwise. */
const BATCH_BYTES = 52_428_800
const EVENT_BYTES = 1_700
const KIB = 1024

/**
 * One full batch of a stored backlog, from the start of the integration until the object is stored, compared and recorded, against
 * lib-storage with its defaults and the same bytes from a file. Both write to the same OpenStack Swift.
 */
export async function s3({ scale, folder, print }: Bench): Promise<void> {
  const lacks = whatSwiftLacks()
  if (lacks !== null) return print(`s3: not measured. ${lacks}`)
  const batchBytes = Math.round(BATCH_BYTES * scale)
  const lines = makeLines(6, Math.ceil((batchBytes / EVENT_BYTES) * 1.3))
  const swift = await startSwift()
  const client = new S3Client({
    endpoint: swift.endpoint,
    region: swift.region,
    credentials: { accessKeyId: swift.accessKeyId, secretAccessKey: swift.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const Bucket = 'bench'
  await client.send(new CreateBucketCommand({ Bucket }))
  const content = firstObject(lines, batchBytes)
  const path = join(folder(), 'object')
  writeFileSync(path, content)
  const rig = openRig(folder())
  publishAll(rig.engine, lines)
  let runs = 0
  try {
    const ours = async () => {
      const id = `run-${++runs}`
      const start = performance.now()
      await rig.engine.call('integrations.create', {
        id,
        integrationType: 'permanent',
        startsAt: 0,
        endsAt: null,
        selection: { entities: [], events: [] },
        target: {
          kind: 's3',
          accessKeyId: swift.accessKeyId,
          secretAccessKey: swift.secretAccessKey,
          region: swift.region,
          bucket: Bucket,
          keyPrefix: id,
          endpoint: swift.endpoint,
          pathStyle: true,
        },
        options: { batchBytes },
      })
      await rig.until(() => rig.value("SELECT count(*) FROM batches WHERE state = 'stored'") >= runs)
      const seconds = (performance.now() - start) / 1000
      await rig.engine.call('integrations.stop', { id })
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${id}/` }))
      if (Contents.length !== 1 || Contents[0]!.Size !== content.length) {
        throw new Error(`${Contents.length} objects, ${Contents[0]?.Size} bytes instead of ${content.length}`)
      }
      return content.length / KIB / seconds
    }
    const reference = async () => {
      const Key = 'reference'
      const start = performance.now()
      await new Upload({ client, params: { Bucket, Key, Body: createReadStream(path) } }).done()
      const seconds = (performance.now() - start) / 1000
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }))
      if (ContentLength !== content.length) throw new Error(`${ContentLength} bytes instead of ${content.length}`)
      return content.length / KIB / seconds
    }
    print(report(`s3, a batch of ${content.length} bytes`, 'KiB/s', await compare(ours, reference), { atLeast: 0.9 }))
  } finally {
    await rig.close()
    client.destroy()
    await swift.stop()
  }
}

/** What the first batch of these events holds: as many lines as fit. */
function firstObject(lines: readonly Buffer[], most: number): Buffer {
  const parts: Buffer[] = []
  let bytes = 0
  for (const line of lines) {
    if (bytes + line.length + 1 > most) return Buffer.concat(parts)
    parts.push(line, LINE_FEED)
    bytes += line.length + 1
  }
  throw new Error('There are not enough events to fill a batch.')
}

const LINE_FEED = Buffer.from('\n')
