import { expect, it } from 'vitest'
import { CALLS, crashAll, spread } from '../support/crash-lab'
import { MOMENTS } from '../support/engine-protocol'
import { tempDir } from '../support/temp-dir'

// `npm run test:deep`. Needs strace for the moments inside of SQLite's system calls.

it('kill -9 at 200 moments loses nothing', async () => {
  const report = await crashAll(tempDir(), spread(200, [...MOMENTS, ...CALLS]), { workspaces: 10, atOnce: 3 })
  console.error(JSON.stringify(report, null, 2))
  expect(report.kills).toBe(200)
  // Deaths in a COMMIT of either kind were among them.
  expect(report.phases).toMatchObject({
    'publish in COMMIT': expect.any(Number),
    'record in COMMIT': expect.any(Number),
  })
}, 900_000)
