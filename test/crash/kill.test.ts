import { describe, expect, it } from 'vitest'
import { CALLS, crashAll, spread } from '../support/crash-lab'
import { hasStrace, NO_STRACE } from '../support/engine-launcher'
import { MOMENTS } from '../support/engine-protocol'
import { tempDir } from '../support/temp-dir'

// Every kind of moment, twice. `kill.deep.test.ts` has 200 moments.

describe('kill -9', () => {
  it('loses nothing in the middle of a COMMIT and of a checkpoint', async ({ skip }) => {
    if (!hasStrace()) return skip(NO_STRACE)
    const report = await crashAll(tempDir(), spread(2 * CALLS.length, CALLS), { workspaces: 1, atOnce: 1 })
    expect(report.kills).toBe(2 * CALLS.length)
    expect(Object.keys(report.phases).filter((phase) => phase.endsWith('in COMMIT'))).not.toEqual([])
  }, 180_000)

  it('loses nothing at any step of publishing, sending and recording', async () => {
    const report = await crashAll(tempDir(), spread(2 * MOMENTS.length, MOMENTS), { workspaces: 2, atOnce: 2 })
    expect(report.kills).toBe(2 * MOMENTS.length)
    expect(report.repeats).toBeGreaterThan(0)
  }, 180_000)
})
