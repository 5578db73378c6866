import { Receiver } from '../support/receiver.ts'
import { expect, test } from './app'
import { keepScreen } from './screens'
import { ask, complaints, importDemo } from './workspace'

const LONG_ID = 'a-rather-long-integration-id-that-uses-all-50-char'
const HOUR = 3_600_000

test('the list shows how integrations are doing, is searched and sorted, and works without a mouse', async ({
  start,
}) => {
  test.setTimeout(120_000)
  const receiver = await Receiver.start()
  const { page } = await start()
  const problems = complaints(page)
  await importDemo(page)
  const base = { integrationType: 'permanent', endsAt: null } as const
  const webhook = (callbackUrl: string) => ({ kind: 'webhook', callbackUrl, apiKey: 'key' }) as const
  await ask(page, 'integrations.create', {
    ...base,
    id: 'erp-orders',
    startsAt: 0,
    selection: { entities: ['order'], events: [] },
    target: webhook(receiver.url),
  })
  await ask(page, 'integrations.create', {
    ...base,
    id: 'dead-receiver',
    startsAt: 0,
    selection: { entities: [], events: ['order.created', 'order.completed'] },
    target: webhook('http://127.0.0.1:9/nothing-listens-here'),
  })
  await ask(page, 'integrations.create', {
    id: LONG_ID,
    integrationType: 'temporary',
    startsAt: 0,
    endsAt: Date.now() + 50 * HOUR,
    selection: {
      entities: ['return', 'inventory_transaction', 'payment_account'],
      events: ['fulfillment_request.items_ready_for_handover', 'fulfillment_request.items_completed', 'order.shipped'],
    },
    target: webhook(`${receiver.url}/a/very/long/path/that/goes/on/and/on?with=a&query=string`),
  })
  await ask(page, 'integrations.create', {
    ...base,
    id: 'warehouse-lake',
    startsAt: null,
    selection: { entities: [], events: [] },
    target: {
      kind: 's3',
      region: 'eu-central-1',
      bucket: 'a-bucket-of-the-data-warehouse',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret',
      endpoint: 'http://127.0.0.1:9',
      pathStyle: true,
    },
  })
  await ask(page, 'integrations.stop', { id: 'warehouse-lake' })

  const row = (id: string) => page.locator(`tr[data-integration="${id}"]`)
  await expect(row('erp-orders')).toContainText(/[\d,]+ delivered/, { timeout: 30_000 })
  await expect(
    row('erp-orders').getByRole('img', { name: /Last 60 minutes: [\d,]+ delivered, no failure/ }),
  ).toBeVisible()
  await expect(page.getByText(/Nothing gets through since/)).toContainText('next probe', { timeout: 30_000 })
  await expect(page.getByText(/Nothing gets through since/)).toContainText('Nothing listens at the host and port')
  await expect(row(LONG_ID)).toContainText('2 d left')
  await expect(row('warehouse-lake')).toContainText('by operator')
  await row(LONG_ID)
    .getByText(/^\+\d$/)
    .hover()
  await expect(page.getByText('fulfillment_request.items_ready_for_handover').last()).toBeVisible()
  await keepScreen(page, 'list-states')
  await page.mouse.move(0, 0)

  // Sorting and searching; both stand in the address.
  await page.getByRole('button', { name: 'Backlog' }).click()
  await expect(page.locator('tr[data-integration]').first()).toHaveAttribute('data-integration', 'dead-receiver')
  await page.getByRole('textbox', { name: 'Search integrations' }).fill('lake')
  await expect(page.locator('tr[data-integration]')).toHaveCount(1)
  expect(page.url()).toContain('q=lake')
  await page.getByRole('textbox', { name: 'Search integrations' }).fill('no such thing')
  await expect(page.getByText('No integration matches')).toBeVisible()
  await keepScreen(page, 'list-no-match')
  await page.getByRole('button', { name: 'Clear search', exact: true }).click()

  // By keyboard alone: the rows are one stop, Space is the toggle, Delete deletes, Undo brings it back.
  await page.getByRole('button', { name: 'Integration ID' }).click()
  await row(LONG_ID).focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(row('erp-orders')).toBeFocused()
  await page.keyboard.press('Space')
  await expect(page.getByRole('switch', { name: 'erp-orders active' })).not.toBeChecked()
  await expect(row('erp-orders')).toContainText('by operator')
  await page.keyboard.press('Space')
  await expect(page.getByRole('switch', { name: 'erp-orders active' })).toBeChecked()
  // The switch shows at once where it goes; this is said when it is there.
  await expect(row('erp-orders').getByText('Active', { exact: true })).toBeVisible()
  const before = await ask(page, 'integrations.get', { id: 'erp-orders' })
  await page.keyboard.press('Delete')
  await expect(row('erp-orders')).toHaveCount(0)
  await expect(page.getByText('erp-orders was deleted')).toBeVisible()
  await keepScreen(page, 'list-deleted')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(row('erp-orders')).toHaveCount(1)
  const after = await ask(page, 'integrations.get', { id: 'erp-orders' })
  expect({ ...after, updatedAt: 0 }).toEqual({ ...before, updatedAt: 0 })
  await row('erp-orders').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('grid', { name: 'Events' })).toBeVisible()
  await page.goBack()

  // The offer ends with the time to undo, although the pointer is on it.
  await row('warehouse-lake').getByRole('button', { name: 'Delete warehouse-lake' }).click()
  await page.getByText('warehouse-lake was deleted').hover()
  await expect(page.getByRole('button', { name: 'Undo' })).toHaveCount(0, { timeout: 15_000 })
  await expect
    .poll(() => page.evaluate(() => window.bridge.call('integrations.restore', { id: 'warehouse-lake' })), {
      timeout: 15_000,
    })
    .toMatchObject({ ok: false, error: { code: 'deletion_final' } })

  // Too narrow for every column, and at twice the size.
  await page.setViewportSize({ width: 900, height: 600 })
  await keepScreen(page, 'list-narrow')
  await receiver.close()
  expect(problems).toEqual([])
})
