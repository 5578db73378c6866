import { expect, test } from './app'

test('the page sees the bridge and nothing of Node or Electron', async ({ start }) => {
  const { page } = await start()
  const seen = await page.evaluate(() => ({
    bridge: Object.keys(window.bridge).sort(),
    node: [
      typeof (globalThis as Record<string, unknown>).require,
      typeof (globalThis as Record<string, unknown>).process,
    ],
  }))
  expect(seen).toEqual({ bridge: ['call', 'pathOf', 'subscribe'], node: ['undefined', 'undefined'] })
})

test('a call outside the contract, or with bad input, is refused with a listed error', async ({ start }) => {
  const { page } = await start()
  const results = await page.evaluate(async () => [
    await window.bridge.call('no.such' as 'app.info', {}),
    await window.bridge.call('__proto__' as 'app.info', {}),
    await window.bridge.call('integrations.get', { id: 'NOT AN ID' }),
    await window.bridge.call('integrations.get', { id: 'none' }),
  ])
  expect(results.map((r) => (r.ok ? 'ok' : r.error.code))).toEqual([
    'unknown_call',
    'unknown_call',
    'invalid_input',
    'integration_not_found',
  ])
})
