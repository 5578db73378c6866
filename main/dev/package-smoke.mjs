// npm run package:smoke: tests the app that `npm run package` left in dist/, or the one in the folder given first.
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ensureReady } from './bootstrap.mjs'
import { nodeBinary, ROOT, SetupError } from './project.mjs'
import { converse, runMain } from './run.mjs'
import { electronFlags, withDisplay } from './virtual-display.mjs'

await runMain(async () => {
  if (process.platform !== 'linux') throw new SetupError('The packaged app is driven on Linux only.')
  const args = process.argv.slice(2)
  const isFolder = statSync(args[0] ?? '', { throwIfNoEntry: false })?.isDirectory() === true
  const app = isFolder ? resolve(args.shift() ?? '') : join(ROOT, 'dist', 'linux-unpacked')
  if (!existsSync(join(app, 'resources', 'app.asar'))) {
    throw new SetupError(`There is no packaged app in ${app}. Run npm run package first.`)
  }
  const { env, binary } = await ensureReady({ for: 'start' })
  return withDisplay((display) => {
    const variables = {
      EVENT_STREAM_CONSOLE_PACKAGE: app,
      EVENT_STREAM_CONSOLE_ELECTRON: binary,
      EVENT_STREAM_CONSOLE_ELECTRON_FLAGS: electronFlags(display).join(' '),
    }
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
    const command = [vitest, 'run', '--config', 'test/package/vitest.config.ts', ...args]
    return converse(nodeBinary(), command, { env: { ...env, ...display.env, ...variables }, signals: 'group' })
  })
})
