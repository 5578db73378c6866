import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from '@playwright/test'
import type { ImportJob } from '../../shared/domain'
import { writeEventFile } from '../support/event-generator.ts'
import { expect, test } from './app'

const FIXTURE = resolve(import.meta.dirname, '../../main/resources/demo-events.ndjson')
const FIXTURE_EVENTS = readFileSync(FIXTURE, 'utf8').trimEnd().split('\n').length

/** Enough that an import is under way for seconds. */
const MANY = 60_000

/** Drags files from outside over the window and drops them there, as the system would: the page gets real paths. */
async function dropFiles(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 600, y: 400, data })
  }
  await expect(page.getByText('Drop to import events')).toBeVisible()
  await session.send('Input.dispatchDragEvent', { type: 'drop', x: 600, y: 400, data })
  await session.detach()
}

async function newestImport(page: Page): Promise<ImportJob | undefined> {
  const result = await page.evaluate(() => window.bridge.call('imports.list', {}))
  if (!result.ok) throw new Error(result.error.message)
  return result.value.rows[0]
}

async function storedEvents(page: Page): Promise<number> {
  const result = await page.evaluate(() => window.bridge.call('events.figures', {}))
  if (!result.ok) throw new Error(result.error.message)
  return result.value.events
}

/** Starts an import and waits until a part of it, but not all, is stored. */
async function importHalfway(page: Page, path: string): Promise<number> {
  expect(await page.evaluate((p) => window.bridge.call('imports.start', { path: p }), path)).toMatchObject({ ok: true })
  await expect.poll(async () => (await newestImport(page))?.accepted ?? 0, { intervals: [20] }).toBeGreaterThan(2_000)
  const job = (await newestImport(page))!
  expect(job).toMatchObject({ state: 'running' })
  return job.accepted
}

test('files that are dropped on the window are imported', async ({ start, workspace }) => {
  const second = join(workspace, 'more events, dropped.ndjson')
  writeFileSync(
    second,
    `${JSON.stringify({ tenant: 't', name: 'order.created', published_at: '2026-01-01T00:00:00Z', payload: { id: 'o-1' } })}\nno event\n`,
  )
  const { page } = await start()
  await expect(page.getByText('No integrations yet')).toBeVisible()
  await dropFiles(page, [FIXTURE, second])
  await expect(page.getByRole('heading', { name: 'Imports' })).toBeVisible()
  await expect(page.getByText('Drop to import events')).toBeHidden()
  const rows = page.getByRole('list', { name: 'Imports' }).getByRole('listitem')
  await expect(rows.filter({ hasText: 'demo-events.ndjson' })).toContainText(
    new RegExp(`Done.*Accepted${FIXTURE_EVENTS.toLocaleString('en-US')}`),
  )
  await expect(rows.filter({ hasText: 'more events, dropped.ndjson' })).toContainText(/Done.*Accepted1.*Refused1/)
  expect(await storedEvents(page)).toBe(FIXTURE_EVENTS + 1)
})

test('File > Import Events… imports the chosen file', async ({ start }) => {
  const { app, page } = await start()
  await expect(page.getByText('No integrations yet')).toBeVisible()
  const entry = await app.evaluate(({ BrowserWindow, dialog, Menu }, path) => {
    // The file dialog belongs to the system and cannot be driven; the menu entry and everything behind it is real.
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] })
    const file = Menu.getApplicationMenu()?.items.find((item) => item.label === '&File')?.submenu
    const entry = file?.items.find((item) => item.label === 'Import Events…')
    if (!entry) throw new Error('There is no such entry.')
    const window = BrowserWindow.getAllWindows()[0]!
    entry.click(undefined, window, window.webContents)
    return { accelerator: entry.accelerator, enabled: entry.enabled, visible: entry.visible }
  }, FIXTURE)
  expect(entry).toEqual({ accelerator: 'CmdOrCtrl+O', enabled: true, visible: true })
  await expect(page.getByRole('heading', { name: 'Imports' })).toBeVisible()
  await expect(page.getByRole('list', { name: 'Imports' })).toContainText(FIXTURE_EVENTS.toLocaleString('en-US'))
  expect(await storedEvents(page)).toBe(FIXTURE_EVENTS)
})

test('kill -9 during a large import: it shows as interrupted, and importing the file again completes it', async ({
  start,
  workspace,
}) => {
  test.setTimeout(180_000)
  const file = join(workspace, 'large.ndjson')
  await writeEventFile(file, { seed: 7, count: MANY })
  const first = await start()
  const seen = await importHalfway(first.page, file)
  const gone = new Promise((done) => first.app.process().once('exit', done))
  first.app.process().kill('SIGKILL')
  await gone

  const { page } = await start()
  const stored = await storedEvents(page)
  expect(stored).toBeGreaterThanOrEqual(seen)
  expect(stored).toBeLessThan(MANY)
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Imports' }).click()
  const rows = page.getByRole('list', { name: 'Imports' }).getByRole('listitem')
  await expect(rows).toHaveCount(1)
  await expect(rows.first()).toContainText('Interrupted')
  await expect(rows.first()).toContainText('The console ended during this import.')

  await page.evaluate((path) => window.bridge.call('imports.start', { path }), file)
  await expect.poll(async () => (await newestImport(page))?.state, { timeout: 120_000 }).toBe('done')
  expect(await newestImport(page)).toMatchObject({
    lines: MANY,
    accepted: MANY - stored,
    duplicates: stored,
    refused: 0,
    skipped: 0,
  })
  expect(await storedEvents(page)).toBe(MANY)
  await expect(rows).toHaveCount(2)
  await expect(rows.first()).toContainText('Done')
  await expect(rows.last()).toContainText('Interrupted')
})

test('reloading the window does not disturb a running import', async ({ start, workspace }) => {
  test.setTimeout(120_000)
  const file = join(workspace, 'large.ndjson')
  await writeEventFile(file, { seed: 8, count: MANY })
  const { page } = await start()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Imports' }).click()
  await importHalfway(page, file)
  await page.reload()
  // The same screen again, showing the import on its way.
  const row = page.getByRole('list', { name: 'Imports' }).getByRole('listitem')
  await expect(row).toContainText('Running')
  await expect(row).toContainText('Done', { timeout: 60_000 })
  await expect(row).toContainText(`Accepted${MANY.toLocaleString('en-US')}`)
  expect(await newestImport(page)).toMatchObject({ state: 'done', accepted: MANY, duplicates: 0, refused: 0 })
  expect(await storedEvents(page)).toBe(MANY)
})
