import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Receiver } from '../support/receiver.ts'
import { expect, test } from './app'
import { keepScreen } from './screens'
import { ask, complaints, demoLines, importDemo, saveAt } from './workspace'

const REFUSAL = JSON.stringify({ error: 'unknown product', product_id: 'ASDF1000', hint: 'Import the product first.' })

test('events: filters, the whole of an attempt, the life of an order, retry, export', async ({ start, workspace }) => {
  test.setTimeout(150_000)
  const receiver = await Receiver.start({
    answer: ({ body }) =>
      body.includes('"order.opened"')
        ? { status: 400, body: REFUSAL, headers: { 'content-type': 'application/json', 'x-request-id': 'req-81' } }
        : { status: 200 },
  })
  const { app, page } = await start()
  const problems = complaints(page)
  await importDemo(page)
  for (const [id, entities] of [
    ['erp-orders', ['order']],
    ['analytics', ['order', 'return']],
  ] as const) {
    await ask(page, 'integrations.create', {
      id,
      integrationType: 'permanent',
      startsAt: 0,
      endsAt: null,
      selection: { entities: [...entities], events: [] },
      target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'the-api-key' },
    })
  }
  const orders = demoLines().filter((line) => JSON.parse(line).name.startsWith('order.'))
  const opened = orders.filter((line) => JSON.parse(line).name === 'order.opened')
  await expect
    .poll(async () => (await ask(page, 'integrations.get', { id: 'erp-orders' })).backlog, { timeout: 40_000 })
    .toBe(0)

  await page.getByRole('button', { name: 'Actions for erp-orders' }).click()
  await page.getByRole('menuitem', { name: 'View Events', exact: true }).click()
  const grid = page.getByRole('grid', { name: 'Events' })
  await expect(grid.getByRole('row').nth(1)).toBeVisible()

  // Event type and free text stand in the address like every other filter.
  await page.getByRole('combobox', { name: 'Event type' }).click()
  await page.getByRole('option', { name: 'order.opened' }).click()
  await expect(grid.getByRole('row').filter({ hasNotText: 'order.opened' })).toHaveCount(1)
  await expect(grid.getByRole('row').nth(5)).toContainText('400 Rejected')
  const wanted = JSON.parse(opened[0]!).payload.id as string
  await page.getByRole('textbox', { name: 'Search' }).fill(wanted.slice(0, 13).toUpperCase())
  await expect(grid).toHaveAttribute('aria-rowcount', '2')
  expect(page.url()).toContain('type=order.opened')
  await page.getByRole('button', { name: 'Saved filters' }).click()
  await page.getByRole('textbox', { name: 'Save the present filters as' }).fill('One opened order')
  await keepScreen(page, 'events-saved-filters')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(grid.getByRole('row').nth(3)).toBeVisible()
  await page.getByRole('button', { name: 'Saved filters' }).click()
  await page.getByRole('button', { name: 'One opened order', exact: true }).click()
  await expect(grid).toHaveAttribute('aria-rowcount', '2')

  // Everything of the attempt.
  await grid.getByRole('row').nth(1).click()
  const pane = page.getByRole('region', { name: 'Attempt' })
  await expect(pane).toContainText('refused this event for good')
  await expect(pane).toContainText('Idempotency key')
  await expect(pane).toContainText('Wait for the answer')
  // Of a failure the receiver's answer is looked at first.
  await expect(pane.getByRole('region', { name: 'Response' }).first()).toContainText('unknown product')
  await pane.getByRole('radio', { name: 'Payload' }).click()
  await keepScreen(page, 'attempt-payload')
  await pane.getByRole('textbox', { name: 'Find in payload' }).fill('product_id')
  await expect(pane.getByText(/^1 of \d+$/)).toBeVisible()
  await expect(pane).toContainText('$.payload.items[0].product_id')
  await keepScreen(page, 'attempt-payload-search')
  await pane.getByRole('radio', { name: 'Text' }).click()
  await expect(pane.getByText(/^1 of \d+$/)).toBeVisible()
  await keepScreen(page, 'attempt-payload-text')
  await pane.getByRole('radio', { name: 'Request' }).click()
  await expect(pane).toContainText('Bearer $API_KEY')
  await expect(pane).not.toContainText('the-api-key')
  await keepScreen(page, 'attempt-request')
  await pane.getByRole('radio', { name: 'Response' }).click()
  await expect(pane).toContainText('x-request-id')
  await expect(pane).toContainText('unknown product')
  await keepScreen(page, 'attempt-response')
  await pane.getByRole('radio', { name: 'Entity history' }).click()
  const story = pane.getByRole('region', { name: 'Entity history' })
  await expect(story).toContainText('The life of this order')
  await expect(story).toContainText('analytics')
  await expect(story.locator('[aria-current]')).toHaveCount(1)
  await keepScreen(page, 'attempt-history')
  const here = story.locator('[aria-current]')
  await expect(here).toContainText('erp-orders')
  await story.getByRole('link', { name: 'Next attempt' }).click()
  await expect(here).toContainText('analytics')
  await expect(page.getByRole('textbox', { name: 'Domain Entity ID' })).toHaveValue(wanted)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('analytics')
  await story.getByRole('link', { name: 'Previous attempt' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('erp-orders')
  await page.goBack()
  await page.goBack()

  // Copied as cURL, without the secret.
  await app.evaluate(({ clipboard }) => clipboard.clear())
  await pane.getByRole('button', { name: 'Copy as cURL' }).click()
  await expect.poll(() => app.evaluate(({ clipboard }) => clipboard.readText())).toContain('Bearer $API_KEY')
  const sent = receiver.requests.length
  await pane.getByRole('button', { name: 'Retry' }).click()
  await expect(page.getByText('The event is sent again')).toBeVisible()
  await receiver.waitForCount(sent + 1, 20_000)
  await expect(pane.getByRole('region', { name: 'Tries' }).getByRole('button')).toHaveCount(2)
  await page.getByRole('link', { name: 'Re-sends' }).click()
  await expect(page.getByRole('grid', { name: 'Re-sends' })).toContainText('One event')
  await keepScreen(page, 'resends')
  await page.goBack()

  // The list as it is filtered, as a file.
  const csv = join(workspace, 'opened.csv')
  await saveAt(app, csv)
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: /CSV/ }).click()
  const tray = page.getByRole('region', { name: 'Exports' })
  await expect(tray).toContainText('Exported: 2 rows')
  await keepScreen(page, 'export-done')
  const text = readFileSync(csv, 'utf8')
  expect(text.split('\r\n')).toHaveLength(4)
  expect(text).toContain(wanted)
  await saveAt(app, join(workspace, 'no-such-folder', 'x.csv'))
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: /NDJSON/ }).click()
  await expect(tray).toContainText('Failed: The folder is not there.')
  await keepScreen(page, 'export-failed')
  await receiver.close()
  expect(problems).toEqual([])
})

test('rejected events: reasons, choice, retry with a preview, delete, export; logs with retries', async ({
  start,
  workspace,
}) => {
  test.setTimeout(150_000)
  let refusing = true
  const receiver = await Receiver.start({
    answer: ({ body }) =>
      refusing && body.includes('"order.opened"') ? { status: 400, body: REFUSAL } : { status: 200 },
  })
  const { app, page } = await start()
  const problems = complaints(page)
  await importDemo(page)
  await ask(page, 'integrations.create', {
    id: 'erp-orders',
    integrationType: 'permanent',
    startsAt: 0,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'the-api-key' },
    options: { ratePerSecond: 50 },
  })
  const opened = demoLines().filter((line) => JSON.parse(line).name === 'order.opened').length
  await expect
    .poll(async () => (await ask(page, 'integrations.get', { id: 'erp-orders' })).rejected, { timeout: 40_000 })
    .toBe(opened)
  await page.getByRole('button', { name: 'Actions for erp-orders' }).click()
  await page.getByRole('menuitem', { name: 'View Rejected Events' }).click()
  const grid = page.getByRole('grid', { name: 'Rejected Events' })
  await expect(grid.getByRole('row').nth(2)).toContainText('Refused by the receiver (400)')
  await grid.getByRole('row').nth(1).click()
  await expect(page.getByRole('region', { name: 'Rejected event' })).toContainText('refused this event for good')
  await keepScreen(page, 'rejected-detail')
  await page.keyboard.press('Escape')

  // Space chooses, and what was chosen is counted before it is sent.
  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await expect(page.getByText('2 events chosen')).toBeVisible()
  await keepScreen(page, 'rejected-chosen')
  await page.getByRole('button', { name: 'Retry chosen' }).click()
  const dialog = page.getByRole('alertdialog')
  await expect(dialog.getByRole('button', { name: 'Send 2 events again' })).toBeVisible()
  await keepScreen(page, 'rejected-retry-dialog')
  refusing = false
  await dialog.getByRole('button', { name: 'Send 2 events again' }).click()
  await expect
    .poll(async () => (await ask(page, 'integrations.get', { id: 'erp-orders' })).rejected, { timeout: 20_000 })
    .toBe(opened - 2)

  const file = join(workspace, 'rejected.ndjson')
  await saveAt(app, file)
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByRole('menuitem', { name: /NDJSON/ }).click()
  await expect(page.getByRole('region', { name: 'Exports' })).toContainText(`Exported: ${opened - 2} rows`)
  const first = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!)
  expect(first).toMatchObject({ answer: REFUSAL, envelope: { name: 'order.opened' } })
  await page.getByRole('button', { name: 'Dismiss rejected.ndjson' }).click()

  await grid.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Delete chosen' }).click()
  await keepScreen(page, 'rejected-delete-dialog')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('1 rejected event deleted')).toBeVisible()

  // All of them, slowly enough to see the re-send, pause it, resume it and cancel it.
  await ask(page, 'integrations.update', { id: 'erp-orders', options: { ratePerSecond: 2 } })
  await page.getByRole('button', { name: 'Retry all…' }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: `Send ${opened - 3} events again` })
    .click()
  const running = page.getByRole('region', { name: 'Running re-sends' })
  await expect(running).toContainText(`of ${opened - 3}`)
  await running.getByRole('button', { name: 'Pause' }).click()
  await expect(running).toContainText('Paused: Rejected events')
  await keepScreen(page, 'resend-paused')
  await running.getByRole('button', { name: 'Resume' }).click()
  await expect(running).toContainText('Sending again')
  await running.getByRole('button', { name: 'Cancel' }).click()
  await expect(running).toHaveCount(0)
  await page.getByRole('textbox', { name: 'Domain Entity ID' }).fill('nobody')
  await expect(page.getByText('No rejected event matches the filters')).toBeVisible()
  await keepScreen(page, 'rejected-no-match')

  await page.getByRole('link', { name: 'Logs' }).click()
  const logs = page.getByRole('table', { name: 'Logs' })
  await expect(logs).toContainText('Created and started')
  await page.getByRole('switch', { name: 'Show retries' }).click()
  await page.getByRole('textbox', { name: 'Search reasons' }).fill('no such reason')
  await expect(page.getByText('No log entry matches the filters')).toBeVisible()
  await keepScreen(page, 'logs-no-match')
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(logs).toContainText('Created and started')
  await keepScreen(page, 'logs-filters')
  await receiver.close()
  expect(problems).toEqual([])
})
