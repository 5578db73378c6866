import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Receiver } from '../support/receiver.ts'
import { expect, test } from './app'
import { keepScreen } from './screens'

const FIXTURE = resolve(import.meta.dirname, '../../main/resources/demo-events.ndjson')

test('import events, create an integration in the form, watch it deliver, pause it, delete it', async ({ start }) => {
  test.setTimeout(120_000)
  const lines = readFileSync(FIXTURE, 'utf8').trimEnd().split('\n')
  const orders = lines.filter((line) => JSON.parse(line).name.startsWith('order.'))
  // One order event is refused for good, so that a failure and a rejected event are there to look at.
  const refused = orders[3]!
  const receiver = await Receiver.start({
    answer: ({ body }) => (body.toString() === refused ? { status: 400, body: 'unknown product' } : { status: 200 }),
  })
  const { app, page } = await start()
  const problems: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  const sidebar = page.getByRole('navigation', { name: 'Main' })

  await expect(page.getByText('No integrations yet')).toBeVisible()
  await keepScreen(page, 'list-empty')

  // The file dialog belongs to the system and cannot be driven; everything behind it is real.
  await app.evaluate(({ dialog }, path) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] })
  }, FIXTURE)
  await sidebar.getByRole('link', { name: 'Imports' }).click()
  await keepScreen(page, 'imports-empty')
  await page.getByRole('button', { name: 'Import events…' }).first().click()
  await expect(page.getByRole('list', { name: 'Imports' })).toContainText(lines.length.toLocaleString('en-US'))
  await keepScreen(page, 'imports')

  await sidebar.getByRole('link', { name: 'All', exact: true }).click()
  await page.getByRole('link', { name: 'New Integration' }).first().click()
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('Give the integration an ID.').first()).toBeVisible()
  await keepScreen(page, 'new-integration-errors')
  await page.getByLabel('Integration ID').fill('erp-orders')
  await page.getByRole('radio', { name: /from a start date/ }).click()
  await page.getByRole('button', { name: /first event/ }).click()
  await page.getByRole('checkbox', { name: 'order', exact: true }).click()
  await page.getByRole('radio', { name: 'Webhook' }).click()
  await page.getByLabel('Callback URL').fill(receiver.url)
  await page.getByRole('textbox', { name: 'API Key' }).fill('the-api-key')
  await keepScreen(page, 'new-integration')
  await page.getByRole('button', { name: 'Create' }).click()

  await receiver.waitForCount(orders.length, 30_000)
  expect(receiver.requests.map((r) => r.body.toString()).sort()).toEqual([...orders].sort())
  expect(new Set(receiver.requests.map((r) => r.headers.authorization))).toEqual(new Set(['Bearer the-api-key']))

  // View Events lists the attempts, and the filters narrow them.
  const grid = page.getByRole('grid', { name: 'Events' })
  await expect(grid).toHaveAttribute('aria-rowcount', /\d+/)
  await expect(grid.getByRole('row').nth(1)).toContainText('order.')
  await keepScreen(page, 'events')
  const status = page.getByLabel('Status', { exact: true })
  await status.getByText('Failure').click()
  await expect(grid.getByRole('row')).toHaveCount(2)
  await grid.getByRole('row').nth(1).click()
  await expect(page.getByText('unknown product').first()).toBeVisible()
  await keepScreen(page, 'events-detail')
  await page.keyboard.press('Escape')
  await status.getByText('All').click()
  const { id } = JSON.parse(orders[0]!).payload as { id: string }
  const ofEntity = orders.filter((line) => JSON.parse(line).payload.id === id)
  await page.getByRole('textbox', { name: 'Domain Entity ID' }).fill(id)
  await expect(grid.getByRole('row')).toHaveCount(ofEntity.length + 1)
  await page.getByRole('textbox', { name: 'Domain Entity ID' }).fill('no-such-entity')
  await expect(page.getByText('No attempt matches the filters')).toBeVisible()
  await keepScreen(page, 'events-no-match')

  await page.getByRole('link', { name: /Rejected/ }).click()
  await expect(page.getByRole('grid', { name: 'Rejected Events' })).toContainText(/400|refused/)
  await keepScreen(page, 'rejected')
  await page.getByRole('link', { name: 'Logs' }).click()
  await expect(page.getByRole('table', { name: 'Logs' })).toContainText('Created and started')
  await keepScreen(page, 'logs')

  // The toggle pauses: what is published then waits in the backlog.
  await sidebar.getByRole('link', { name: 'All', exact: true }).click()
  await expect(page.getByRole('row', { name: /erp-orders/ })).toContainText('order')
  await keepScreen(page, 'list')
  await page.getByRole('switch', { name: 'erp-orders active' }).click()
  await expect(page.getByRole('switch', { name: 'erp-orders active' })).not.toBeChecked()
  await sidebar.getByRole('link', { name: 'Paused' }).click()
  await expect(page.getByRole('row', { name: /erp-orders/ })).toContainText('Paused')
  await keepScreen(page, 'list-paused')
  await sidebar.getByRole('link', { name: 'Active' }).click()
  await expect(page.getByText('No integration is active')).toBeVisible()

  await sidebar.getByRole('link', { name: 'Webhook Inbox' }).click()
  await keepScreen(page, 'inbox-stopped')

  await sidebar.getByRole('link', { name: 'All', exact: true }).click()
  await page.getByRole('button', { name: 'Delete erp-orders' }).click()
  await expect(page.getByText('No integrations yet')).toBeVisible()
  expect(receiver.requests).toHaveLength(orders.length)
  await receiver.close()
  expect(problems).toEqual([])
})

test('the demo delivers events to the built-in inbox', async ({ start }) => {
  const { page } = await start('--demo')
  await expect(page.getByRole('row', { name: /demo-orders/ })).toBeVisible()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Webhook Inbox' }).click()
  const grid = page.getByRole('grid', { name: 'Received requests' })
  await expect(grid.getByRole('row').nth(3)).toBeVisible({ timeout: 30_000 })
  await grid.getByRole('row').nth(1).click()
  await keepScreen(page, 'inbox')
})
