import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { Receiver } from '../support/receiver.ts'
import { expect, test } from './app'
import { keepScreen } from './screens'
import { ask, complaints, importDemo } from './workspace'

test('alerts, audit log and settings', async ({ start, workspace }) => {
  test.setTimeout(120_000)
  const { app, page } = await start()
  const problems = complaints(page)
  const sidebar = page.getByRole('navigation', { name: 'Main' })

  await sidebar.getByRole('link', { name: 'Alerts' }).click()
  await expect(page.getByText('No alerts')).toBeVisible()
  await keepScreen(page, 'alerts-empty')
  await sidebar.getByRole('link', { name: 'Audit Log' }).click()
  await expect(page.getByText('Nothing was changed yet')).toBeVisible()
  await keepScreen(page, 'audit-empty')

  // A receiver that says it is gone for good (410) stops its integration at once, which is an alert.
  await importDemo(page)
  const receiver = await Receiver.start({ answer: () => ({ status: 410, body: 'moved away' }) })
  await ask(page, 'integrations.create', {
    id: 'erp-orders',
    integrationType: 'permanent',
    startsAt: 0,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'the-api-key' },
  })
  await expect(page.getByText('erp-orders stopped itself')).toBeVisible()
  await keepScreen(page, 'alert-toast')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Logs' })).toContainText('Created and started')
  await expect(page.getByRole('table', { name: 'Logs' })).toContainText('Stopped')
  await expect(sidebar.locator('#unseen-alerts')).toContainText('1')
  await receiver.close()

  await sidebar.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('textbox', { name: 'Keep events for' }).fill('0')
  await page.keyboard.press('Enter')
  await expect(page.getByText('At least 1 day.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Keep events for' }).fill('14')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Keep events for: saved')).toBeVisible()
  await page.getByRole('textbox', { name: 'Size of the store at most' }).fill('1.5')
  await page.getByRole('textbox', { name: 'Post alerts to' }).focus()
  await expect.poll(async () => (await ask(page, 'settings.get', {})).maxStoreBytes).toBe(1_500_000_000)
  await page.getByRole('textbox', { name: 'Post alerts to' }).fill('not an address')
  await page.keyboard.press('Enter')
  await keepScreen(page, 'settings')
  await page.getByRole('textbox', { name: 'Search settings' }).fill('lag')
  await expect(page.getByRole('textbox', { name: 'Keep events for' })).toHaveCount(0)
  await expect(page.getByRole('textbox', { name: 'Alert on a lag of more than' })).toBeVisible()
  await page.getByRole('textbox', { name: 'Search settings' }).fill('no such setting')
  await expect(page.getByText('No setting matches')).toBeVisible()
  await keepScreen(page, 'settings-no-match')
  expect((await ask(page, 'settings.get', {})).keepEventsDays).toBe(14)

  await sidebar.getByRole('link', { name: 'Audit Log' }).click()
  const grid = page.getByRole('grid', { name: 'Audit Log' })
  await expect(grid).toContainText('Created an integration')
  await grid.getByRole('row').nth(1).click()
  await expect(page.getByRole('region', { name: 'Entry', exact: true })).toContainText('maxStoreBytes')
  await page.getByRole('button', { name: 'Verify' }).click()
  await expect(page.getByText('The audit log is whole')).toBeVisible()
  await keepScreen(page, 'audit')
  expect(problems).toEqual([])
  await app.close()

  // Somebody changes the past in the store's file: the check says where. And alerts are there when the console starts again.
  const db = new Sqlite(join(workspace, 'store.sqlite'))
  db.prepare("UPDATE audit SET actor = 'somebody else' WHERE id = 2").run()
  const alert = db.prepare(
    'INSERT INTO alerts (integration, integration_id, kind, message, raised_at, resolved_at, seen_at) VALUES (1, ?, ?, ?, ?, ?, ?)',
  )
  const now = Date.now()
  alert.run(
    'erp-orders',
    'late',
    '120 events are not delivered 15 minutes after they were published.',
    now - 9e6,
    now - 8e6,
    now,
  )
  alert.run(
    'gone-integration',
    'stopped',
    'Stopped because the receiver says that this address is gone for good (410).',
    now - 7e6,
    now - 6e6,
    null,
  )
  alert.run(
    'erp-orders',
    'lag',
    `The oldest undelivered event is two hours old. ${'It waits. '.repeat(30)}`,
    now - 6e5,
    null,
    null,
  )
  alert.run('erp-orders', 'restarted', '"erp-orders" runs again: its target answers.', now - 3e5, now - 3e5, null)
  db.close()
  const again = await start()
  const side = again.page.getByRole('navigation', { name: 'Main' })
  await expect(side.locator('#unseen-alerts')).toContainText('4')
  await side.getByRole('link', { name: 'Audit Log' }).click()
  await again.page.getByRole('button', { name: 'Verify' }).click()
  await expect(again.page.getByText('Entry 2 does not fit the one before it')).toBeVisible()
  await keepScreen(again.page, 'audit-broken')
  await side.getByRole('link', { name: 'Alerts' }).click()
  await expect(again.page.getByRole('list', { name: 'Alerts' }).getByRole('listitem')).toHaveCount(5)
  await keepScreen(again.page, 'alerts')
  await again.page.getByRole('button', { name: 'Mark all as seen' }).click()
  await expect(side.locator('#unseen-alerts')).toHaveCount(0)
})
