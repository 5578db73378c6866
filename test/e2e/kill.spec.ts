import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { writeEventFile } from '../support/event-generator.ts'
import { readReceived, startReceiverProcess } from '../support/receiver-launcher.ts'
import { expect, test } from './app'

const EVENTS = 20_000

/** Repeats allowed after a kill: what was in flight, and what finished within one commit interval (promise 3). */
const REPEATS_MAX = 500

async function settled(page: Page): Promise<number> {
  const result = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'all-events' }))
  if (!result.ok) throw new Error(result.error.message)
  return result.value.delivered + result.value.rejected
}

test('kill -9 in the middle of 20,000 deliveries loses no event', async ({ start, workspace }) => {
  test.setTimeout(180_000)
  const file = join(workspace, 'events.ndjson')
  await writeEventFile(file, { seed: 20, count: EVENTS })
  const idsFile = join(workspace, 'received.txt')
  const receiver = await startReceiverProcess({ idsFile })
  try {
    const first = await start()
    const { page } = first
    const created = await page.evaluate(
      (callbackUrl) =>
        window.bridge.call('integrations.create', {
          id: 'all-events',
          integrationType: 'permanent',
          startsAt: null,
          endsAt: null,
          selection: { entities: [], events: [] },
          target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
        }),
      receiver.url,
    )
    expect(created).toMatchObject({ ok: true })
    expect(await page.evaluate((path) => window.bridge.call('imports.start', { path }), file)).toMatchObject({
      ok: true,
    })
    await expect
      .poll(async () => (await page.evaluate(() => window.bridge.call('imports.list', {}))) as unknown, {
        timeout: 60_000,
      })
      .toMatchObject({ value: { rows: [{ state: 'done', accepted: EVENTS }] } })
    await received(idsFile, EVENTS / 4)
    const gone = new Promise((resolve) => first.app.process().once('exit', resolve))
    first.app.process().kill('SIGKILL')
    await gone
    const before = readReceived(idsFile).length
    expect(before).toBeLessThan(EVENTS)

    const again = await start()
    await expect.poll(() => settled(again.page), { timeout: 120_000 }).toBe(EVENTS)
    const lines = readReceived(idsFile)
    const bodies = (await readFile(file, 'utf8')).trimEnd().split('\n')
    const sent = new Set(bodies.map((body) => createHash('sha256').update(body).digest('hex')))
    expect(sent.size).toBe(EVENTS)
    expect(new Set(lines.map((l) => l.sha256))).toEqual(sent)
    expect(new Set(lines.map((l) => l.eventId)).size).toBe(EVENTS)
    expect(lines.length - EVENTS).toBeLessThanOrEqual(REPEATS_MAX)
  } finally {
    await receiver.stop()
  }
})

/** Resolves when the receiver has written so many lines. */
async function received(idsFile: string, count: number): Promise<void> {
  const watcher = watch(idsFile)
  try {
    while (readReceived(idsFile).length < count) await new Promise((resolve) => watcher.once('change', resolve))
  } finally {
    watcher.close()
  }
}
