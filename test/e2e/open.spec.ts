import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from './app'

test('a link that starts the console leads to its screen, one from elsewhere to none', async ({ start }) => {
  const { app, page } = await start('event-stream://inbox')
  await expect(page).toHaveURL(/#\/inbox$/)
  await app.close()
  const { page: plain } = await start('event-stream://integration/..%2Fsettings')
  await expect(plain).toHaveURL(/#\/event-stream\/all/)
})

test('a file that starts the console is imported, and the imports are shown', async ({ start, workspace }) => {
  const file = join(workspace, 'from the desktop.export')
  writeFileSync(
    file,
    '{"tenant":"t","name":"order.created","published_at":"2026-01-01T00:00:00.000Z","payload":{"id":"order-1"}}\n',
  )
  const { page } = await start(file)
  await expect(page).toHaveURL(/#\/imports$/)
  await expect(page.getByText('from the desktop.export')).toBeVisible()
  await expect
    .poll(() => page.evaluate(() => window.bridge.call('events.figures', {})))
    .toMatchObject({ ok: true, value: { events: 1 } })
})
