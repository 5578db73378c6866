import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { ElectronApplication } from '@playwright/test'
import Sqlite from 'better-sqlite3'
import { CALL_CHANNEL } from '../../shared/contract/channels'
import { expect, test } from './app'
import { keepScreen } from './screens'
import { ask, complaints, importDemo } from './workspace'

const ROWS = 10_000
const MINUTE = 60_000

test('10,000 rows, and the rows of an S3 batch', async ({ start, workspace }) => {
  test.setTimeout(120_000)
  const first = await start()
  await importDemo(first.page)
  const base = { integrationType: 'permanent', startsAt: null, endsAt: null } as const
  await ask(first.page, 'integrations.create', {
    ...base,
    id: 'busy',
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: 'http://127.0.0.1:9/' },
  })
  await ask(first.page, 'integrations.create', {
    ...base,
    id: 'lake',
    selection: { entities: [], events: [] },
    target: {
      kind: 's3',
      region: 'eu-central-1',
      bucket: 'data-lake',
      keyPrefix: 'events/in',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret',
      endpoint: 'http://127.0.0.1:9',
      pathStyle: true,
    },
  })
  for (const id of ['busy', 'lake']) await ask(first.page, 'integrations.stop', { id })
  await first.app.close()
  seed(join(workspace, 'store.sqlite'))

  const { page } = await start()
  const problems = complaints(page)
  const row = (id: string) => page.locator(`tr[data-integration="${id}"]`)
  await expect(
    row('busy').getByRole('img', { name: /Last 60 minutes: [\d,]+ delivered, [\d,]+ failures/ }),
  ).toBeVisible()
  await expect(row('lake').getByRole('img', { name: /1,200 delivered, 1,200 failures/ })).toBeVisible()
  await keepScreen(page, 'list-health')

  // Every row can be reached, and only those in view exist.
  await row('busy').getByRole('link', { name: 'busy' }).click()
  const grid = page.getByRole('grid', { name: 'Events' })
  await expect(grid.getByRole('row').nth(1)).toBeVisible()
  await grid.focus()
  await expect
    .poll(
      async () => {
        await page.keyboard.press('End')
        return grid.getAttribute('aria-rowcount')
      },
      { timeout: 60_000, intervals: [100] },
    )
    .toBe(String(ROWS + 1))
  expect(await grid.getByRole('row').count()).toBeLessThan(60)
  await page.keyboard.press('End')
  await expect(grid.getByRole('row').last()).toHaveAttribute('aria-rowindex', String(ROWS + 1))
  await keepScreen(page, 'events-10000')

  // One attempt, 1,200 rows: each is its own in the list, in the address and in the detail.
  await page.goto(page.url().replace(/#.*/, '#/integrations/lake/events'))
  await expect(grid.getByRole('row').nth(3)).toBeVisible()
  await grid.getByRole('row').nth(3).click()
  const pane = page.getByRole('region', { name: 'Attempt' })
  const entity = pane.locator('dt:text-is("Domain Entity ID") + dd')
  await expect(pane.getByRole('region', { name: 'Object' })).toContainText('s3://data-lake/events/in/t/1-data-x.export')
  await expect(page).toHaveURL(/seq=1198/)
  const third = await entity.textContent()
  await expect(pane.getByRole('region', { name: 'Object' })).toContainText(/Line\s*1,19\d/)
  await keepScreen(page, 's3-detail')
  await grid.focus()
  await page.keyboard.press('ArrowDown')
  await expect(page).toHaveURL(/seq=1197/)
  await expect(entity).not.toHaveText(third!)
  await expect(grid.locator('[aria-selected="true"]')).toHaveCount(1)
  await pane.getByRole('region', { name: 'Tries' }).getByRole('button').first().click()
  await expect(pane).toContainText('asked for fewer requests')
  await expect(page).toHaveURL(/seq=1197/)
  expect(problems).toEqual([])
})

/** Attempts of the last hour, and a batch of all events that failed once: rows that the engine would have written. */
function seed(path: string): void {
  const db = new Sqlite(path)
  const now = Date.now()
  const no = (id: string) => db.prepare('SELECT no FROM integrations WHERE id = ?').pluck().get(id) as number
  const orders = db
    .prepare("SELECT e.seq FROM events AS e JOIN event_types AS t ON t.id = e.type_id WHERE t.name LIKE 'order.%'")
    .pluck()
    .all() as number[]
  const attempt = db.prepare(
    `INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, status_code, error_code, reused)
     VALUES (?, ?, 1, ?, ?, ?, ?, ?, 1)`,
  )
  const minute = db.prepare(
    `INSERT INTO attempt_minutes (integration, minute, delivered, failed) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET delivered = delivered + excluded.delivered, failed = failed + excluded.failed`,
  )
  db.transaction(() => {
    for (let i = 0; i < ROWS; i++) {
      // Bursts, a quiet quarter of an hour, and some minutes in which everything failed.
      const place = Math.floor((i * i) / ((ROWS * ROWS) / 44))
      const at = now - (59 - place) * MINUTE + (i % 50_000)
      const failed = place % 11 === 7 || i % 97 === 0
      attempt.run(
        no('busy'),
        orders[i % orders.length],
        at,
        900 + (i % 40_000),
        failed ? 1 : 0,
        failed ? 503 : 200,
        failed ? 'server_error' : null,
      )
      minute.run(no('busy'), Math.floor(at / MINUTE), failed ? 0 : 1, failed ? 1 : 0)
    }
    const batch = db
      .prepare(
        `INSERT INTO batches (integration, after_seq, last_seq, selection, events, passed_over, gzip, state, sealed_at, stored_at, due_at)
         VALUES (?, 0, 1200, '{"entities":[],"events":[]}', 1200, 0, 0, 'stored', ?, ?, 0)`,
      )
      .run(no('lake'), now - 20 * MINUTE, now - 19 * MINUTE).lastInsertRowid
    for (const tenant of db.prepare('SELECT DISTINCT tenant FROM event_types').pluck().all()) {
      db.prepare(
        "INSERT INTO batch_objects VALUES (?, ?, 'events/in/t/1-data-x.export', 1200, 1, NULL, ?, ?, 'same-size')",
      ).run(batch, tenant, now - 19 * MINUTE, randomUUID())
    }
    const tried = db.prepare(
      `INSERT INTO attempts (integration, seq, number, started_at, duration_us, failed, status_code, error_code, batch)
       VALUES (?, 1200, ?, ?, 820000, ?, ?, ?, ?)`,
    )
    tried.run(no('lake'), 1, now - 20 * MINUTE, 1, 503, 'throttled', batch)
    tried.run(no('lake'), 2, now - 19 * MINUTE, 0, 200, null, batch)
    minute.run(no('lake'), Math.floor((now - 20 * MINUTE) / MINUTE), 0, 1200)
    minute.run(no('lake'), Math.floor((now - 19 * MINUTE) / MINUTE), 1200, 0)
  })()
  db.close()
}

/** Lets every call end in another way than the real ones do. */
async function answerWith(
  app: ElectronApplication,
  answer: 'never' | { code: string; message: string },
): Promise<void> {
  await app.evaluate(
    ({ ipcMain }, [channel, how]) => {
      ipcMain.removeHandler(channel)
      ipcMain.handle(channel, () => (how === 'never' ? new Promise(() => {}) : { ok: false, error: how }))
    },
    [CALL_CHANNEL, answer] as const,
  )
}

const screens = [
  ['list', '#/event-stream/all'],
  ['events', '#/integrations/erp-orders/events'],
  ['rejected', '#/integrations/erp-orders/rejected'],
  ['logs', '#/integrations/erp-orders/logs'],
  ['resends', '#/integrations/erp-orders/resends'],
  ['alerts', '#/alerts'],
  ['audit', '#/audit'],
  ['settings', '#/settings'],
] as const

test('every screen says that it loads, what failed, and which permission is missing', async ({ start }) => {
  test.setTimeout(120_000)
  const { app, page } = await start()
  await expect(page.getByText('No integrations yet')).toBeVisible()
  const home = page.url().replace(/#.*/, '')
  const go = async (hash: string) => {
    await page.goto(home + hash)
    await page.reload()
  }
  await answerWith(app, 'never')
  for (const [name, hash] of screens) {
    await go(hash)
    await expect(page.getByRole('status', { name: 'Loading' }), name).toBeVisible()
  }
  await go(screens[0][1])
  await keepScreen(page, 'list-loading')

  await answerWith(app, { code: 'store_failed', message: 'The store could not be read or written.' })
  for (const [name, hash] of screens) {
    await go(hash)
    await expect(page.getByRole('alert').filter({ hasText: 'could not be loaded' }), name).toContainText(
      'The store could not be read or written.',
    )
    await expect(page.getByRole('button', { name: 'Try again' }).first(), name).toBeVisible()
  }
  await keepScreen(page, 'settings-error')

  await answerWith(app, { code: 'permission_denied', message: 'You need the permission tools:view for that.' })
  for (const [name, hash] of screens) {
    await go(hash)
    await expect(page.getByText('You may not see this').first(), name).toBeVisible()
    await expect(page.getByText('tools:view').first(), name).toBeVisible()
  }
  await go(screens[1][1])
  await keepScreen(page, 'events-no-permission')
})
