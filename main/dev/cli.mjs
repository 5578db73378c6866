// npm run cli: the console's command line. Only the command itself may write to stdout.
import { join } from 'node:path'
import { ensureReady } from './bootstrap.mjs'
import { nodeBinary, ROOT } from './project.mjs'
import { converse, runMain } from './run.mjs'

await runMain(async () => {
  const { env } = await ensureReady({ for: 'cli' })
  const options = { cwd: process.env.INIT_CWD ?? process.cwd(), env }
  return converse(nodeBinary(), [join(ROOT, 'out', 'main', 'headless.cjs'), ...process.argv.slice(2)], options)
})
