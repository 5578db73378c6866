import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type DriverWatch, watchDriver } from '../support/driver-watch'
import { generateEvents } from '../support/event-generator'
import { LocalEngine } from '../support/local-engine'
import { type Answer, Receiver } from '../support/receiver'
import { eventIdsOf, faultsOf } from '../support/store-check'
import { tempDir } from '../support/temp-dir'

/** How long the store stays full while nothing may happen but an occasional try. */
const FULL_MS = 3_200
const LARGE_ANSWER = 'x'.repeat(16 * 1024)

interface Disk {
  readonly fill: (watch: DriverWatch) => void
  readonly free: (watch: DriverWatch) => void
}

/** The whole story of a disk that gets full while requests are in flight, and has room again later. */
async function survives(workspace: string, { fill, free }: Disk): Promise<void> {
  const watch = watchDriver()
  const receiver = await Receiver.start()
  onTestFinished(() => receiver.close())
  const release: (() => void)[] = []
  receiver.answerWith(
    (_, n) =>
      new Promise<Answer>((resolve) => {
        // Half of the results are failures whose answers are kept, so that recording them needs room.
        release.push(() => resolve(n % 2 === 0 ? { status: 500, body: LARGE_ANSWER } : { status: 200 }))
      }),
  )
  const local = new LocalEngine({ workspace })
  await local.create({ id: 'full' }, receiver.url)
  const events = generateEvents({ seed: 3, count: 20_000 })
  const take = (count: number) => Array.from({ length: count }, () => events.next().value as string)
  let accepted = local.publish(take(100)).accepted.length
  await receiver.waitFor(() => receiver.open >= 16)

  fill(watch)
  let refusal: unknown
  for (let tries = 0; refusal === undefined && tries < 2_000; tries++) {
    try {
      accepted += local.publish(take(8)).accepted.length
    } catch (error) {
      refusal = error
    }
  }
  expect(refusal).toMatchObject({ name: 'AppError', code: 'store_full' })

  // Results arrive now, and cannot be recorded. What was sent until the first refusal is answered only after it, and leads to
  // nothing new: it could not be recorded either. Nor does the engine try to record all the time.
  for (const answer of release.splice(0, 8)) answer()
  await local.until(() => local.notices.length > 0)
  const first = watch.begun()
  await local.until(() => watch.begun() > first)
  const sent = receiver.requests.length
  for (const answer of release.splice(0)) answer()
  receiver.answerWith({ status: 200 })
  const before = watch.begun()
  await new Promise((resolve) => setTimeout(resolve, FULL_MS))
  expect(watch.begun() - before).toBeGreaterThanOrEqual(2)
  expect(watch.begun() - before).toBeLessThanOrEqual(Math.ceil(FULL_MS / 1000))
  expect(receiver.requests).toHaveLength(sent)
  expect(local.notices).toMatchObject([{ code: 'store_full' }])
  expect(local.summary('full')).toMatchObject({ delivered: 0, waiting: 0, backlog: accepted })
  expect(() => local.publish(take(200))).toThrow(expect.objectContaining({ code: 'store_full' }))
  expect(eventIdsOf(local.reader)).toHaveLength(accepted)

  free(watch)
  await local.until(() => local.summary('full').backlog === 0)
  accepted += local.publish(take(10)).accepted.length
  await local.until(() => local.summary('full').delivered === accepted)
  expect(faultsOf(local.reader)).toEqual([])
  // Each event went out once, and the failed ones once more: no result was lost for want of room.
  const attempts = local.reader.prepare('SELECT count(*) FROM attempts').pluck().get()
  const failed = receiver.requests.filter(({ status }) => status === 500).length
  expect(failed).toBeGreaterThan(0)
  expect(receiver.requests).toHaveLength(accepted + failed)
  expect(attempts).toBe(receiver.requests.length)
  expect(new Set(receiver.eventIds)).toEqual(new Set(eventIdsOf(local.reader)))
}

/** A file system of a few MB, or null where only an administrator may make one. */
function smallDisk(): string | null {
  const place = join(tempDir(), 'disk')
  mkdirSync(place)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', place], { stdio: 'ignore' })
  } catch {
    return null
  }
  onTestFinished(() => void execFileSync('umount', [place]))
  return place
}

describe('a full disk', () => {
  it('refuses new events, keeps what it has, and records what was delivered once the store may grow', async () => {
    const workspace = join(tempDir(), 'workspace')
    await survives(workspace, {
      // Below its size, SQLite takes this as the size that it has.
      fill: (watch) => void watch.store().pragma('max_page_count = 1'),
      free: (watch) => void watch.store().pragma('max_page_count = 1000000'),
    })
  }, 60_000)

  it('does the same on a real file system without room', async ({ skip }) => {
    const disk = smallDisk()
    if (disk === null) return skip('only an administrator of Linux may mount a small file system')
    const ballast = join(disk, 'ballast')
    await survives(join(disk, 'workspace'), {
      fill: () => {
        const file = openSync(ballast, 'w')
        try {
          for (;;) writeSync(file, Buffer.alloc(64 * 1024))
        } catch (error) {
          expect(error).toMatchObject({ code: 'ENOSPC' })
        } finally {
          closeSync(file)
        }
      },
      free: () => rmSync(ballast),
    })
  }, 60_000)
})
