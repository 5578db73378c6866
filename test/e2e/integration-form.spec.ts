import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Page } from '@playwright/test'
import { Webhook } from 'standardwebhooks'
import type { Input } from '../../shared/contract'
import { Receiver } from '../support/receiver.ts'
import { ASK_FOR_KEY_FILE, expect, type RunningConsole, test } from './app'
import { keepScreen, keepZoomedScreen } from './screens'

const FIXTURE = resolve(import.meta.dirname, '../../main/resources/demo-events.ndjson')
const LINES = readFileSync(FIXTURE, 'utf8').trimEnd().split('\n')
const ofTypes = (...names: string[]) => LINES.filter((line) => names.includes(JSON.parse(line).name))

async function importEvents(page: Page): Promise<void> {
  const result = await page.evaluate((path) => window.bridge.call('imports.start', { path }), FIXTURE)
  expect(result).toMatchObject({ ok: true })
  await expect
    .poll(() => page.evaluate(() => window.bridge.call('imports.list', {})))
    .toMatchObject({ value: { rows: [{ state: 'done', accepted: LINES.length }] } })
}

async function create(page: Page, change: Partial<Input<'integrations.create'>>): Promise<void> {
  const input: Input<'integrations.create'> = {
    id: 'erp-orders',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: [], events: ['order.created'] },
    target: { kind: 'webhook', callbackUrl: 'http://127.0.0.1:9/', apiKey: 'first-key' },
    ...change,
  }
  expect(await page.evaluate((given) => window.bridge.call('integrations.create', given), input)).toMatchObject({
    ok: true,
  })
}

async function openForm(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'All', exact: true }).click()
  await page.getByRole('link', { name: 'New Integration' }).first().click()
  await expect(page.getByRole('form', { name: 'New Integration' })).toBeVisible()
}

async function choose(page: Page, id: string, action: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'All', exact: true }).click()
  await page.getByRole('button', { name: `Actions for ${id}` }).click()
  await page.getByRole('menuitem', { name: action }).click()
}

/** Shows the part of a long form that a picture is about. */
async function keepPart(page: Page, name: string, part: string): Promise<void> {
  await page.getByText(part, { exact: true }).first().scrollIntoViewIfNeeded()
  await keepScreen(page, name)
}

function watchConsole({ page }: RunningConsole): string[] {
  const problems: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
  return problems
}

const textbox = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })

test('create a webhook integration: pick events, test the target, sign, create', async ({ start }) => {
  test.setTimeout(120_000)
  const receiver = await Receiver.start()
  const running = await start()
  const { page } = running
  const problems = watchConsole(running)
  await importEvents(page)
  await openForm(page)

  // S3 is the first choice; what is missing is said at each field, and the first one has the focus.
  await expect(page.getByRole('radio', { name: 'AWS S3 bucket' })).toBeChecked()
  await keepPart(page, 'form-s3', 'Integration Target')
  await page.getByRole('button', { name: 'Which target to choose' }).click()
  await expect(page.getByRole('row', { name: /Arrival/ })).toContainText('50 MB')
  await keepPart(page, 'form-guide', 'Which target to choose')
  await page.getByRole('button', { name: 'Which target to choose' }).click()
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(textbox(page, 'Integration ID')).toBeFocused()
  for (const name of ['AWS Access Key', 'AWS Secret Key', 'AWS Region', 'S3 Bucket Name']) {
    await expect(textbox(page, name)).toHaveAttribute('aria-invalid', 'true')
  }
  await keepScreen(page, 'form-errors')
  await page.getByRole('button', { name: 'S3 Bucket Name' }).click()
  await expect(textbox(page, 'S3 Bucket Name')).toBeFocused()
  await keepScreen(page, 'form-errors-s3')

  await textbox(page, 'Integration ID').fill('ERP orders')
  await expect(page.getByText('Use lower-case letters, digits and hyphens only.')).toBeVisible()
  await textbox(page, 'Integration ID').fill('erp-orders')
  await expect(page.getByText('This ID is free')).toBeVisible()
  await page.getByRole('radio', { name: /from a start date/ }).click()
  await page.getByRole('button', { name: /first event/ }).click()
  await keepPart(page, 'form-details', 'Integration Details')

  // The picker: search, one type, an entity as a whole, its future types.
  const picker = page.getByRole('region', { name: 'Event types' })
  const matching = page.getByText(/Would have matched/)
  await picker.getByRole('textbox').fill('opened')
  await picker.getByRole('checkbox', { name: 'order.opened' }).click()
  await picker.getByRole('textbox').fill('')
  await expect(picker.getByRole('checkbox', { name: 'order', exact: true })).toHaveAttribute('aria-checked', 'mixed')
  await expect(matching).toContainText(
    `Would have matched ${ofTypes('order.opened').length} of the ${LINES.length.toLocaleString('en-US')} events`,
  )
  await picker.getByRole('checkbox', { name: 'fulfillment_request', exact: true }).click()
  await expect(page.getByText(/These events are about different things/)).toBeVisible()
  await keepPart(page, 'form-unrelated', 'Events')
  await picker.getByRole('checkbox', { name: 'fulfillment_request', exact: true }).click()
  await picker.getByRole('checkbox', { name: 'order', exact: true }).click()
  await picker.getByRole('button', { name: 'Event types of order' }).click()
  await expect(picker.getByText('Deprecated, use order.completed')).toBeVisible()
  await keepPart(page, 'form-events', 'Events')
  await picker.getByRole('checkbox', { name: 'order.shipped' }).click()
  await expect(picker.getByRole('switch')).toHaveCount(0)
  await picker.getByRole('checkbox', { name: 'order.shipped' }).click()
  await picker.getByRole('switch', { name: 'Future event types of order' }).click()
  await expect(picker.getByText(/Also event types that order gets later/)).toBeVisible()

  // The target: a wrong address is tested and explained, then a right one with a test event on the operator's word.
  await page.getByRole('radio', { name: 'Webhook' }).click()
  await expect(page.getByText(/need attention/)).toBeHidden()
  await page.getByRole('button', { name: 'Test target' }).click()
  await expect(textbox(page, 'Callback URL')).toBeFocused()
  await textbox(page, 'Callback URL').fill('http://127.0.0.1:9/')
  await textbox(page, 'API Key').fill('the-api-key')
  await page.getByRole('button', { name: 'Show API Key' }).click()
  await expect(textbox(page, 'API Key')).toHaveAttribute('type', 'text')
  await page.getByRole('button', { name: 'Hide API Key' }).click()
  const panel = page.getByRole('region', { name: 'Test target' })
  await panel.getByRole('button', { name: 'Test target' }).click()
  await expect(panel.getByText('The target cannot take events like this')).toBeVisible()
  await expect(panel.getByText('The target cannot take events like this')).toBeInViewport()
  await keepScreen(page, 'form-test-failed')
  await textbox(page, 'Callback URL').fill(receiver.url)
  await expect(panel.getByText('The target was changed after this test.')).toBeVisible()
  await panel.getByRole('button', { name: 'Test target' }).click()
  await expect(panel.getByText('The target can be reached')).toBeVisible()
  expect(receiver.requests).toHaveLength(0)
  await panel.getByRole('checkbox', { name: 'Send a test event' }).click()
  await panel.getByRole('button', { name: 'Test target' }).click()
  await expect(panel.getByText(/took the test event/)).toBeVisible()
  expect(receiver.requests).toHaveLength(1)
  expect(receiver.requests[0]!.headers).toMatchObject({ 'webhook-test': 'true', authorization: 'Bearer the-api-key' })
  await keepScreen(page, 'form-test-passed')

  // A problem in the folded part unfolds it.
  await page.getByRole('button', { name: /^Advanced/ }).click()
  await page.getByRole('button', { name: 'Generate a signing secret' }).click()
  const secret = await textbox(page, 'Signing secret').inputValue()
  await textbox(page, 'Concurrency').fill('1000')
  await keepPart(page, 'form-advanced-webhook', 'Signing')
  await page.getByRole('button', { name: /^Advanced/ }).click()
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(textbox(page, 'Concurrency')).toBeFocused()
  await expect(page.getByText('A whole number from 1 to 256 requests.').first()).toBeVisible()
  await keepScreen(page, 'form-advanced-error')
  await textbox(page, 'Concurrency').fill('4')
  await page.getByRole('button', { name: 'Create' }).click()

  await expect(page.getByText('Integration erp-orders was created and is active')).toBeVisible()
  const orders = LINES.filter((line) => JSON.parse(line).name.startsWith('order.'))
  await receiver.waitForCount(orders.length + 1, 30_000)
  const delivered = receiver.requests.slice(1)
  expect(delivered.map(({ body }) => body.toString()).sort()).toEqual([...orders].sort())
  const { body, headers } = delivered[0]!
  new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
  const made = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'erp-orders' }))
  expect(made).toMatchObject({ value: { selection: { entities: ['order'], events: [] }, options: { concurrency: 4 } } })
  await receiver.close()
  expect(problems).toEqual([])
})

test('paste fills the form and says what it did not take', async ({ start }) => {
  const running = await start()
  const { app, page } = running
  const problems = watchConsole(running)
  await openForm(page)
  await page.getByRole('button', { name: 'Paste a definition…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Paste a definition' })
  await expect(dialog.getByRole('textbox')).toBeFocused()
  await keepScreen(page, 'paste')
  await dialog.getByRole('textbox').fill('{ "id": "half')
  await dialog.getByRole('button', { name: 'Fill in the form' }).click()
  await expect(dialog.getByRole('alert')).toHaveText('This is neither a cURL command nor valid JSON.')
  await keepScreen(page, 'paste-error')
  await dialog.getByRole('textbox').fill(
    JSON.stringify({
      id: 'erp-netsuite-integration-002',
      integration_type: 'temporary',
      starts_at: '2026-01-17T12:00:00.000Z',
      ends_at: '2027-01-17T12:00:00.000Z',
      status: 'running',
      callback_parameters: { callback_url: 'https://sap01.example.com/two/events', api_key: 'the-key' },
      filter_conditions: { event_filter: ['order.created', 'cart.opened'], entity_filter: ['return'] },
    }),
  )
  await dialog.getByRole('textbox').press('Control+Enter')
  await expect(dialog).toBeHidden()
  await expect(textbox(page, 'Integration ID')).toHaveValue('erp-netsuite-integration-002')
  await expect(page.getByRole('radio', { name: 'Temporary' })).toBeChecked()
  await expect(textbox(page, 'End Date')).not.toHaveValue('')
  await expect(page.getByRole('radio', { name: 'Webhook' })).toBeChecked()
  await expect(textbox(page, 'Callback URL')).toHaveValue('https://sap01.example.com/two/events')
  await expect(textbox(page, 'API Key')).toHaveValue('the-key')
  const picker = page.getByRole('region', { name: 'Event types' })
  await expect(picker.getByRole('checkbox', { name: 'return', exact: true })).toBeChecked()
  await expect(picker.getByRole('switch', { name: 'Future event types of return' })).toBeChecked()
  await expect(picker.getByRole('checkbox', { name: 'cart', exact: true })).toBeChecked()
  await expect(page.getByText('status was left out: a new integration gets its own.')).toBeVisible()
  await keepScreen(page, 'paste-filled')

  // Into any field, from the system's clipboard.
  await app.evaluate(({ clipboard }) =>
    clipboard.writeText(`curl -k -X PUT https://other.example/events -H 'Authorization: Bearer other-key'`),
  )
  await textbox(page, 'Callback URL').focus()
  await page.keyboard.press('Control+V')
  await expect(textbox(page, 'Callback URL')).toHaveValue('https://other.example/events')
  await expect(textbox(page, 'API Key')).toHaveValue('other-key')
  await expect(textbox(page, 'Integration ID')).toHaveValue('erp-netsuite-integration-002')
  await expect(page.getByText(/PUT was left out/)).toBeAttached()
  await keepPart(page, 'paste-curl', 'Filled in from a cURL command')
  // An ordinary text goes where it was pasted.
  await app.evaluate(({ clipboard }) => clipboard.writeText('pasted-id'))
  await textbox(page, 'Integration ID').fill('')
  await page.keyboard.press('Control+V')
  await expect(textbox(page, 'Integration ID')).toHaveValue('pasted-id')
  expect(problems).toEqual([])
})

test('edit: what is fixed is shown and fixed, the rest is saved in one step while it runs', async ({ start }) => {
  test.setTimeout(120_000)
  let release: (() => void) | undefined
  const held = new Promise<void>((done) => {
    release = done
  })
  // The first attempt is in flight while the change is saved.
  const receiver = await Receiver.start({
    answer: async (_, n) => {
      if (n === 1) await held
      return { status: 200 }
    },
  })
  const running = await start()
  const { page } = running
  const problems = watchConsole(running)
  await importEvents(page)
  const created = ofTypes('order.created')
  const opened = ofTypes('order.opened')
  await create(page, {
    startsAt: 0,
    target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'first-key' },
    options: { concurrency: 1 },
  })
  await receiver.waitForCount(1, 10_000)

  await choose(page, 'erp-orders', 'Edit Integration Details')
  const form = page.getByRole('form', { name: 'Edit Integration Details' })
  await expect(form.getByText(/belong to this ID and these dates/)).toBeVisible()
  await expect(form.getByRole('textbox', { name: 'Integration ID' })).toHaveCount(0)
  await expect(form.getByRole('radio', { name: 'Temporary' })).toHaveCount(0)
  await expect(form.getByRole('radio', { name: 'Webhook' })).toHaveCount(0)
  await expect(form.getByRole('button', { name: 'Save', exact: true })).toHaveAttribute('aria-disabled', 'true')
  await keepScreen(page, 'edit')

  await form.getByRole('button', { name: 'Event types of order' }).click()
  await form.getByRole('checkbox', { name: 'order.opened' }).click()
  await form.getByRole('checkbox', { name: 'order.created' }).click()
  await form.getByRole('button', { name: 'Replace API Key' }).click()
  await expect(textbox(page, 'API Key')).toBeFocused()
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form.getByText('Give the new API key, or keep the saved one.')).toBeVisible()
  await keepPart(page, 'edit-secret-missing', 'Callback URL')
  await textbox(page, 'API Key').fill('second-key')
  await form.getByRole('button', { name: /^Advanced/ }).click()
  await textbox(page, 'Concurrency').fill('8')
  await form.getByRole('button', { name: 'Generate a signing secret' }).click()
  const secret = await textbox(page, 'Signing secret').inputValue()
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form.getByText(/Attempts in flight finish first/)).toBeVisible()
  await keepScreen(page, 'edit-saving')
  release!()
  await expect(form.getByText('Saved. Delivery goes on with the change.')).toBeVisible()
  await keepScreen(page, 'edit-saved')
  await expect(form.getByRole('group', { name: 'API Key' })).toContainText('Saved')

  await receiver.waitForCount(2, 30_000)
  await expect
    .poll(async () => {
      const result = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'erp-orders' }))
      return result.ok && result.value.backlog
    })
    .toBe(0)
  const first = receiver.requests[0]!
  const later = receiver.requests.slice(1)
  expect(first.headers.authorization).toBe('Bearer first-key')
  expect(created).toContain(first.body.toString())
  for (const { body, headers } of later) {
    expect(opened).toContain(body.toString())
    expect(headers.authorization).toBe('Bearer second-key')
    new Webhook(secret).verify(body.toString(), headers as Record<string, string>)
  }
  // Those that were published before the cursor got to the first event are behind it.
  expect(later.length).toBeGreaterThan(opened.length / 2)

  // Rotation: the saved secret, which nobody can read, goes on signing beside the new one.
  await form.getByRole('button', { name: 'Rotate' }).click()
  const next = await textbox(page, 'New signing secret').inputValue()
  await keepPart(page, 'edit-rotation', 'Signing')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form.getByRole('button', { name: 'Save', exact: true })).toHaveAttribute('aria-disabled', 'true')
  await choose(page, 'erp-orders', 'Test target')
  const dialog = page.getByRole('dialog')
  await keepScreen(page, 'test-target')
  await dialog.getByRole('checkbox', { name: 'Send a test event' }).click()
  await dialog.getByRole('button', { name: 'Test target' }).click()
  await expect(dialog.getByText(/took the test event/)).toBeVisible()
  await keepScreen(page, 'test-target-passed')
  const { body, headers } = receiver.requests.at(-1)!
  for (const each of [secret, next]) new Webhook(each).verify(body.toString(), headers as Record<string, string>)
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()

  // What somebody else saves meanwhile is told, and not overwritten.
  await choose(page, 'erp-orders', 'Edit Integration Details')
  await form.getByRole('button', { name: 'Remove API Key' }).click()
  await page.evaluate(() =>
    window.bridge.call('integrations.update', { id: 'erp-orders', options: { concurrency: 3 } }),
  )
  await expect(form.getByText('It was changed meanwhile')).toBeVisible()
  await form.getByText('It was changed meanwhile').scrollIntoViewIfNeeded()
  await keepScreen(page, 'edit-changed-meanwhile')
  await form.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(form.getByText('Saved. Delivery goes on with the change.')).toBeVisible()
  await expect(form.getByText('It was changed meanwhile')).toBeHidden()
  const after = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'erp-orders' }))
  expect(after).toMatchObject({
    value: { options: { concurrency: 3 }, target: { hasApiKey: false, signingSecrets: 2 }, status: 'running' },
  })
  await receiver.close()
  expect(problems).toEqual([])
})

test('a temporary integration is shown and not editable; duplicate and copy as JSON take everything but secrets', async ({
  start,
}) => {
  const running = await start()
  const { app, page } = running
  const problems = watchConsole(running)
  await create(page, {
    id: 'replay',
    integrationType: 'temporary',
    startsAt: Date.UTC(2026, 0, 1, 0, 0, 1),
    endsAt: Date.UTC(2099, 0, 1),
    selection: { entities: ['return'], events: ['order.created'] },
    options: { ratePerSecond: 5 },
  })
  await choose(page, 'replay', 'Edit Integration Details')
  await expect(page.getByText('A temporary integration cannot be changed')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toHaveCount(0)
  await keepScreen(page, 'edit-temporary')

  await choose(page, 'replay', 'Copy as JSON')
  await expect(page.getByText('replay was copied as JSON, without its secrets')).toBeVisible()
  const text = await app.evaluate(({ clipboard }) => clipboard.readText())
  expect(text).not.toContain('first-key')
  expect(JSON.parse(text)).toEqual({
    id: 'replay',
    integrationType: 'temporary',
    startsAt: '2026-01-01T00:00:01.000Z',
    endsAt: '2099-01-01T00:00:00.000Z',
    selection: { entities: ['return'], events: ['order.created'] },
    target: { kind: 'webhook', callbackUrl: 'http://127.0.0.1:9/' },
    options: { ratePerSecond: 5 },
  })

  await choose(page, 'replay', 'Duplicate')
  await expect(page.getByText('Like replay')).toBeVisible()
  await expect(textbox(page, 'Integration ID')).toHaveValue('replay-copy')
  await expect(textbox(page, 'API Key')).toHaveValue('')
  await keepScreen(page, 'duplicate')
  await textbox(page, 'API Key').fill('a-key')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('Integration replay-copy was created and is active')).toBeVisible()
  const [was, is] = await page.evaluate(async () => [
    await window.bridge.call('integrations.get', { id: 'replay' }),
    await window.bridge.call('integrations.get', { id: 'replay-copy' }),
  ])
  if (!was?.ok) throw new Error('not created')
  const { startsAt, endsAt, selection, target, options } = was.value
  expect(is).toMatchObject({ ok: true, value: { startsAt, endsAt, selection, target, options } })
  expect(problems).toEqual([])
})

test('leaving with unsaved input is asked for, inside the app and by the window', async ({ start }) => {
  const { app, page } = await start()
  const sidebar = page.getByRole('navigation', { name: 'Main' })
  await openForm(page)
  await sidebar.getByRole('link', { name: 'Imports' }).click()
  await expect(page.getByRole('heading', { name: 'Imports', level: 1 })).toBeVisible()

  await openForm(page)
  await textbox(page, 'Integration ID').fill('half-done')
  await sidebar.getByRole('link', { name: 'Imports' }).click()
  const question = page.getByRole('alertdialog', { name: 'Discard this integration?' })
  await expect(question.getByRole('button', { name: 'Keep editing' })).toBeFocused()
  await keepScreen(page, 'leave')
  await page.keyboard.press('Escape')
  await expect(textbox(page, 'Integration ID')).toHaveValue('half-done')

  // The question on closing the window belongs to the system; everything behind it is real.
  await app.evaluate(({ dialog, BrowserWindow }) => {
    process.env.ESC_NO_DIALOGS = ''
    const seen = globalThis as unknown as { asked: number; answer: number }
    seen.asked = 0
    seen.answer = 0
    dialog.showMessageBoxSync = () => {
      seen.asked++
      return seen.answer
    }
    BrowserWindow.getAllWindows()[0]!.close()
  })
  const asked = () => app.evaluate(() => (globalThis as unknown as { asked: number }).asked)
  await expect.poll(asked).toBe(1)
  await expect(textbox(page, 'Integration ID')).toHaveValue('half-done')

  // The way inside the app.
  await sidebar.getByRole('link', { name: 'Imports' }).click()
  await question.getByRole('button', { name: 'Discard' }).click()
  await expect(page.getByRole('heading', { name: 'Imports', level: 1 })).toBeVisible()

  await openForm(page)
  await textbox(page, 'Integration ID').fill('given-up')
  const closed = app.waitForEvent('close')
  await app.evaluate(({ BrowserWindow }) => {
    ;(globalThis as unknown as { answer: number }).answer = 1
    BrowserWindow.getAllWindows()[0]!.close()
  })
  await closed
})

test('the whole form works by keyboard alone', async ({ start }) => {
  test.setTimeout(120_000)
  const receiver = await Receiver.start()
  const { page } = await start()
  await importEvents(page)
  await expect(page.getByRole('link', { name: 'New Integration' }).first()).toBeVisible()
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: on } = document
      const label = on instanceof HTMLInputElement ? on.labels?.[0]?.textContent : undefined
      return on?.getAttribute('aria-label') ?? label ?? on?.textContent ?? ''
    })
  const tabTo = async (wanted: RegExp) => {
    const seen: string[] = []
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab')
      const name = await focused()
      if (wanted.test(name.trim())) return
      seen.push(name.trim())
    }
    throw new Error(`no ${wanted} among ${seen.join(' | ')}`)
  }
  await tabTo(/^New Integration$/)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('form', { name: 'New Integration' })).toBeVisible()
  await tabTo(/^Integration ID$/)
  await page.keyboard.type('by-keyboard')
  await tabTo(/^Permanent$/)
  await tabTo(/^New events only$/)
  await page.keyboard.press('ArrowDown')
  await tabTo(/first event/)
  await page.keyboard.press('Enter')
  await tabTo(/^Chosen events$/)
  await tabTo(/^Search event types$/)
  await page.keyboard.type('return')
  await page.keyboard.press('Enter')
  await tabTo(/^return$/)
  await page.keyboard.press('Space')
  await tabTo(/^Future event types of return$/)
  await page.keyboard.press('Space')
  await tabTo(/^AWS S3 bucket$/)
  await page.keyboard.press('ArrowDown')
  await tabTo(/^Which target to choose/)
  await page.keyboard.press('Enter')
  await tabTo(/^Callback URL$/)
  await page.keyboard.type(receiver.url)
  await tabTo(/^API Key$/)
  await page.keyboard.type('the-key')
  await tabTo(/^Show API Key$/)
  await tabTo(/^Advanced/)
  await page.keyboard.press('Enter')
  await tabTo(/^Concurrency$/)
  await page.keyboard.press('Control+A')
  await page.keyboard.type('2')
  await tabTo(/^Test target$/)
  await page.keyboard.press('Enter')
  await expect(page.getByText('The target can be reached')).toBeVisible()
  await keepScreen(page, 'form-keyboard')
  await tabTo(/^Create$/)
  await page.keyboard.press('Enter')
  await receiver.waitForCount(ofTypes('return.processed').length, 30_000)
  const made = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'by-keyboard' }))
  expect(made).toMatchObject({
    value: { selection: { entities: ['return'], events: [] }, options: { concurrency: 2 } },
  })
  await receiver.close()
})

/** Fills the S3 part of the form; `bucket`, `keyPrefix` and `endpoint` may be wrong. */
async function fillS3(page: Page, bucket: string, keyPrefix: string, endpoint: string): Promise<void> {
  await openForm(page)
  await textbox(page, 'Integration ID').fill('warehouse')
  await page.getByRole('radio', { name: 'All events' }).click()
  await textbox(page, 'AWS Access Key').fill('AKIAEXAMPLE')
  await textbox(page, 'AWS Secret Key').fill('the-secret')
  await textbox(page, 'AWS Region').fill('eu-central-1')
  await textbox(page, 'S3 Bucket Name').fill(bucket)
  await textbox(page, 'Key Prefix').fill(keyPrefix)
  await page.getByRole('button', { name: /^Advanced/ }).click()
  await textbox(page, 'Endpoint').fill(endpoint)
  await page.getByRole('checkbox', { name: 'Path-style addresses' }).click()
  await textbox(page, 'Batch size').fill('10')
  await page.getByRole('checkbox', { name: 'Compress objects' }).click()
}

test('the fields of S3 are checked, at a large zoom as well', async ({ start }) => {
  const { app, page } = await start()
  await fillS3(page, 'Not A Bucket', 'events/', 'http://127.0.0.1:9/path')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(textbox(page, 'S3 Bucket Name')).toBeFocused()
  await expect(page.getByText('An endpoint is scheme, host and port only.')).toBeVisible()
  await expect(page.getByText(/no slash at its end/)).toBeVisible()
  await keepScreen(page, 'form-s3-errors')
  await keepPart(page, 'form-advanced-s3', 'Other S3-compatible storage')
  await textbox(page, 'S3 Bucket Name').fill('a-bucket')
  await textbox(page, 'Key Prefix').fill('events')
  await textbox(page, 'Endpoint').fill('http://127.0.0.1:9')
  await expect(page.locator('[aria-invalid="true"]')).toHaveCount(0)

  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.setZoomFactor(2))
  await expect.poll(() => page.evaluate(() => window.devicePixelRatio)).toBe(2)
  const tooWide = await page.evaluate(
    () =>
      [...document.querySelectorAll('form *')].filter(
        (each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === 'auto',
      ).length,
  )
  expect(tooWide).toBe(0)
  await textbox(page, 'S3 Bucket Name').scrollIntoViewIfNeeded()
  await keepZoomedScreen(app, page, 'form-zoom')
})

test('an S3 integration is created and edited', async ({ start }) => {
  const { page } = await start()
  await fillS3(page, 'a-bucket', 'events', 'http://127.0.0.1:9')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('Integration warehouse was created and is active')).toBeVisible()
  const made = await page.evaluate(() => window.bridge.call('integrations.get', { id: 'warehouse' }))
  expect(made).toMatchObject({
    value: {
      target: { kind: 's3', bucket: 'a-bucket', keyPrefix: 'events', endpoint: 'http://127.0.0.1:9', pathStyle: true },
      options: { batchBytes: 10 * 1024 * 1024, gzip: true },
    },
  })
  await choose(page, 'warehouse', 'Edit Integration Details')
  await expect(page.getByRole('group', { name: 'AWS Access Key' })).toContainText('ends in MPLE')
  await keepPart(page, 'edit-s3', 'S3 Bucket Name')
})

test('a secret is saved only after consent to a key file', async ({ start }) => {
  const { page } = await start(ASK_FOR_KEY_FILE)
  const info = await page.evaluate(() => window.bridge.call('app.info', {}))
  test.skip(!info.ok || info.value.secretProtection !== 'none', 'This system has a keychain.')
  await openForm(page)
  await textbox(page, 'Integration ID').fill('consented')
  await page.getByRole('radio', { name: 'All events' }).click()
  await page.getByRole('radio', { name: 'Webhook' }).click()
  await textbox(page, 'Callback URL').fill('http://127.0.0.1:9/')
  await textbox(page, 'API Key').fill('the-key')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('It cannot be saved yet. Allow the key file first.')).toBeVisible()
  await keepScreen(page, 'form-consent')
  await page.getByRole('button', { name: 'Allow key file' }).click()
  await expect(page.getByText('It cannot be saved yet. Allow the key file first.')).toBeHidden()
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByText('Integration consented was created and is active')).toBeVisible()
})
