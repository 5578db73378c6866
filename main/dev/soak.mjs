// npm run soak -- --minutes 15 [--seed 1]: the soak of `npm test`, for as long as one likes.
import { parseArgs } from 'node:util'
import { ensureReady } from './bootstrap.mjs'
import { SetupError } from './project.mjs'
import { converse, runMain } from './run.mjs'

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '15' },
      seed: { type: 'string', default: String(Date.now() % 1e6) },
    },
  })
  const minutes = Number(values.minutes)
  if (!(minutes >= 0.1)) throw new SetupError('Give the minutes as a number from 0.1 on: --minutes 15')
  const { env } = await ensureReady({ for: 'unit' })
  const given = { EVENT_STREAM_CONSOLE_SOAK_MINUTES: String(minutes), EVENT_STREAM_CONSOLE_SOAK_SEED: values.seed }
  console.log(`soak: ${minutes} min, --seed ${values.seed}`)
  const command = 'vitest run --config test/vitest.config.ts test/crash/soak.test.ts'
  return converse(command, [], { env: { ...env, ...given }, shell: true, signals: 'group' })
})
