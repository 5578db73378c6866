import { describe, expect, it } from 'vitest'
import { CALLS, crashAll, spread } from '../support/crash-lab'
import { hasProgram } from '../support/engine-launcher'
import { MOMENTS } from '../support/engine-protocol'
import { tempDir } from '../support/temp-dir'

// Every kind of moment, twice. `kill.deep.test.ts` has 200 moments.

const canTrace = hasProgram('strace')

describe('kill -9', () => {
  it.skipIf(canTrace)('in the middle of a COMMIT and of a checkpoint cannot be hit without strace', ({ skip }) => {
    expect(process.env.CI, 'CI has to have strace').toBeFalsy()
    skip('install strace')
  })

  it('loses nothing at any step of publishing, sending, recording and checkpointing', async () => {
    const kinds = canTrace ? [...MOMENTS, ...CALLS] : MOMENTS
    const report = await crashAll(tempDir(), spread(2 * kinds.length, kinds), { workspaces: 3, atOnce: 3 })
    expect(report.kills).toBe(2 * kinds.length)
    expect(report.repeats).toBeGreaterThan(0)
  }, 180_000)
})
