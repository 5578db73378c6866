// npm start: opens the console, after making whatever is missing for it. Arguments go to the console.
import { ensureReady } from './bootstrap.mjs'
import { ROOT } from './project.mjs'
import { converse, runMain } from './run.mjs'
import { electronFlags, withDisplay } from './virtual-display.mjs'

await runMain(async () => {
  const { env, binary } = await ensureReady({ for: 'start', log: (line) => console.log(`set-up: ${line}`) })
  return withDisplay(async (display) => {
    if (display.virtual) console.log(`no display here: the console opens on a virtual one, ${display.name}`)
    const args = [...electronFlags(display), ROOT, ...process.argv.slice(2)]
    return converse(binary, args, { env: { ...env, ...display.env }, signals: 'leader' })
  })
})
