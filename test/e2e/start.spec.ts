import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPlain } from '../../main/store/database'
import { expect, runToItsEnd, test } from './app'

/** Keeps the store locked, as a slow disk or a long migration would keep the engine from opening it. */
function holdStore(workspace: string): () => void {
  const db = openPlain(join(workspace, 'store.sqlite'), 0)
  db.exec('BEGIN EXCLUSIVE')
  return () => {
    db.exec('ROLLBACK')
    db.close()
  }
}

test('the window opens before the workspace does, and what the page asks waits for it', async ({
  start,
  workspace,
}) => {
  const release = holdStore(workspace)
  const { page } = await start()
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
  const answer = page.evaluate(() => window.bridge.call('integrations.list', {}))
  await expect(page.getByText('No integrations yet')).toHaveCount(0)
  release()
  expect(await answer).toMatchObject({ ok: true, value: { rows: [] } })
  await expect(page.getByText('No integrations yet')).toBeVisible()
})

test('a window that is closed before the workspace is open ends the console in order', async ({ start, workspace }) => {
  const release = holdStore(workspace)
  const { app, page } = await start()
  const ended = once(app.process(), 'exit')
  await page.close()
  release()
  expect(await ended).toEqual([0, null])
  // The lock is free again and the store is whole.
  const again = await start()
  await expect(again.page.getByText('No integrations yet')).toBeVisible()
})

test('a second console on the same workspace is refused with a sentence, and the first goes on', async ({
  start,
  workspace,
}) => {
  const { app, page } = await start()
  const second = await runToItsEnd(workspace)
  expect(second).toMatchObject({ code: 1 })
  expect(second.stderr).toContain(`Process ${app.process().pid} has this workspace open.`)
  await expect(page.getByText('No integrations yet')).toBeVisible()
})

test('a workspace that cannot be opened ends the console with a sentence', async ({ workspace }) => {
  writeFileSync(join(workspace, 'store.sqlite'), 'This is not a database. '.repeat(100))
  const refused = await runToItsEnd(workspace)
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('The store file is damaged.')
})
