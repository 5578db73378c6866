import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from './app'

test('the actions of a list belong to the row that they are opened from', async ({ start }) => {
  const { page } = await start()
  for (const id of ['first', 'second']) {
    const created = await page.evaluate(
      (name) =>
        window.bridge.call('integrations.create', {
          id: name,
          integrationType: 'permanent',
          startsAt: null,
          endsAt: null,
          selection: { entities: ['order'], events: [] },
          target: { kind: 'webhook', callbackUrl: 'http://127.0.0.1:9/', apiKey: 'key' },
        }),
      id,
    )
    expect(created).toMatchObject({ ok: true })
  }
  const menu = page.getByRole('menu')
  const button = (id: string) => page.getByRole('button', { name: `Actions for ${id}` })
  await button('first').click()
  await expect(menu.getByRole('menuitem')).toHaveText([
    'View Events',
    'View Rejected Events',
    'View Logs',
    'Edit Integration Details',
    'Test target',
    'Duplicate',
    'Copy as JSON',
  ])
  await page.keyboard.press('Escape')
  await expect(menu).toHaveCount(0)
  await expect(button('first')).toBeFocused()

  // By keyboard, from the other row.
  await button('second').focus()
  await page.keyboard.press('Enter')
  await expect(menu).toHaveCount(1)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('table', { name: 'Logs' })).toContainText('Created and started')
  await expect(page).toHaveURL(/#\/integrations\/second\/logs/)
})

test('a hint is that of the element under the pointer', async ({ start, workspace }) => {
  const { page } = await start()
  const jobs: { id: number; startedAt: number }[] = []
  for (const name of ['one.ndjson', 'two.ndjson']) {
    writeFileSync(join(workspace, name), '\n')
    const job = await page.evaluate((path) => window.bridge.call('imports.start', { path }), join(workspace, name))
    if (!job.ok) throw new Error(job.error.message)
    jobs.push(job.value)
  }
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Imports' }).click()
  for (const { id, startedAt } of jobs) {
    await page.locator(`[data-import="${id}"] time`).hover()
    const utc = `${new Date(startedAt).toISOString().replace('T', ' ').replace('Z', '')} UTC`
    await expect(page.getByText(utc, { exact: true })).toBeVisible()
    await expect(page.getByText(/ UTC$/)).toHaveCount(1)
  }
  await page.getByRole('heading', { name: 'Imports' }).hover()
  await expect(page.getByText(/ UTC$/)).toHaveCount(0)
})
