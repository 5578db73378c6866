import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from './app'

const CLI = resolve(import.meta.dirname, '../../out/main/headless.cjs')

/** Runs the command line under the plain Node that runs the tests. */
function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [CLI, ...args], (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    })
  })
}

const line = (no: number) =>
  `{"tenant":"t","name":"order.created","published_at":"2026-01-01T00:00:00.000Z","payload":{"id":"order-${no}"}}`

test('the command line imports through a running console, and by itself when none runs', async ({
  start,
  workspace,
}) => {
  const file = join(workspace, 'events.ndjson')
  writeFileSync(file, `${line(1)}\n${line(2)}\nnot an event\n`)
  const { app, page } = await start()
  const through = await cli('import', file, '--workspace', workspace, '--json')
  expect(through.code).toBe(1)
  expect(JSON.parse(through.out)).toMatchObject({ state: 'done', accepted: 2, refused: 1, problems: [{ line: 3 }] })
  const figures = await page.evaluate(() => window.bridge.call('events.figures', {}))
  expect(figures).toMatchObject({ ok: true, value: { events: 2 } })
  await app.close()

  writeFileSync(file, `${line(2)}\n${line(3)}\n`)
  const alone = await cli('import', file, '--workspace', workspace, '--json')
  expect(alone).toMatchObject({ code: 0 })
  expect(JSON.parse(alone.out)).toMatchObject({ accepted: 1, duplicates: 1, refused: 0 })
  expect((await cli('status', '--workspace', workspace, '--json')).out).toContain('"events":3')
})

test('a missing file and a wrong command are explained', async ({ workspace }) => {
  const missing = await cli('import', join(workspace, 'none.ndjson'), '--workspace', workspace)
  expect(missing.code).toBe(1)
  expect(missing.err).toContain('The file does not exist.')
  expect((await cli('explode')).code).toBe(2)
})
