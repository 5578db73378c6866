import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { inject } from 'vitest'
import { type S3Server, whatSwiftLacks } from './swift.ts'

/**
 * Why tests against Swift have to be skipped here; null when they run. Where CI is set nothing is skipped: a missing Swift is an error.
 *
 * @throws where CI is set and Swift is missing
 */
export function swiftMissing(): string | null {
  const lacks = whatSwiftLacks()
  if (lacks !== null && process.env.CI) throw new Error(lacks)
  if (lacks !== null) console.warn(`S3 tests are skipped: ${lacks}`)
  return lacks
}

/** The Swift of this test run, which all test files share; the first call takes some seconds. */
export async function sharedSwift(): Promise<S3Server> {
  const response = await fetch(inject('swiftStarter'))
  const answer = await response.text()
  if (!response.ok) throw new Error(`Swift did not start: ${answer}`)
  return JSON.parse(answer) as S3Server
}

/** A plain client of such a server, for what tests look up and prepare. */
export function plainClient(server: S3Server): S3Client {
  return new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    credentials: { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/** Makes a bucket that no other test uses. @returns its name */
export async function newBucket(client: S3Client): Promise<string> {
  const Bucket = `test-${crypto.randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket }))
  return Bucket
}
