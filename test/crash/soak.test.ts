import { expect, it } from 'vitest'
import { soak } from '../support/soak'
import { tempDir } from '../support/temp-dir'

// One minute; `npm run soak -- --minutes 15` runs longer.

const minutes = Number(process.env.EVENT_STREAM_CONSOLE_SOAK_MINUTES ?? '1')
const seed = Number(process.env.EVENT_STREAM_CONSOLE_SOAK_SEED ?? '1')

it(
  `${minutes} min of faults, pauses, edits, re-sends and imports lose nothing and take no more memory`,
  async () => {
    const report = await soak(tempDir(), minutes * 60, seed)
    if (minutes !== 1) console.error(JSON.stringify(report, null, 2))
    expect(report.attempts).toBeGreaterThan(minutes * 1_000)
  },
  (minutes * 60 + 180) * 1000,
)
