// npm run bench: bundles test/bench and runs its index on the project's Node. A bundle, because the benches measure the
// product's code as it is shipped, and because a bench may start another one of them as a process of its own.
import { join } from 'node:path'
import { ensureReady } from './bootstrap.mjs'
import { nodeBinary, ROOT, SetupError } from './project.mjs'
import { capture, converse, runMain } from './run.mjs'
import { electronFlags, withDisplay } from './virtual-display.mjs'

await runMain(async () => {
  const { env, binary } = await ensureReady({ for: 'bench' })
  const bundle = 'vite build --config main/dev/bench.vite.config.mjs --logLevel warn'
  const { code, output } = await capture(bundle, [], { env, shell: true })
  if (code !== 0) throw new SetupError(`The benches could not be bundled:\n${output.trim()}`)
  return withDisplay((display) => {
    const launch = {
      EVENT_STREAM_CONSOLE_ELECTRON: binary,
      EVENT_STREAM_CONSOLE_ELECTRON_FLAGS: electronFlags(display).join(' '),
    }
    const args = [join(ROOT, 'out', 'bench', 'index.mjs'), ...process.argv.slice(2)]
    return converse(nodeBinary(), args, { env: { ...env, ...display.env, ...launch }, signals: 'group' })
  })
})
