import { describe, expect, it } from 'vitest'
import { type RunOptions, type RunResult, runModel } from '../model/run'

// See docs/testing.md for the variables.
const { MODEL_DEEP, MODEL_SEED, MODEL_SECONDS, MODEL_RUNS, MODEL_STEPS, MODEL_PATH, MODEL_REPLAY, MODEL_SHRINK } =
  process.env
const deep = MODEL_DEEP === '1'

/** The sequences of this seed are run on every machine, so that a change is held against the same ones each time. */
const KNOWN_SEED = 20_260_112
const seconds = Number(MODEL_SECONDS ?? (deep ? 300 : 16))

/** What the long form must have met, or it has shown little. */
const SITUATIONS = [
  'answer lost in a crash',
  'torn write',
  'store full: refused',
  'store full: a commit refused',
  'clock set back',
  'expired',
  'given up in flight',
  'rejected and deleted from the list',
  're-sent',
  'stopped by failure',
  'started by itself',
  'ended',
  'changed with something in flight',
  'settled ahead of the cursor at a restart',
]

async function run(name: string, options: Partial<RunOptions>): Promise<RunResult> {
  const seed = Number(MODEL_SEED ?? options.seed)
  const result = await runModel({
    seed,
    seconds,
    runs: Number(MODEL_RUNS ?? 2000),
    steps: Number(MODEL_STEPS ?? (deep ? 60 : 40)),
    path: MODEL_PATH,
    replay: MODEL_REPLAY,
    shrink: MODEL_SHRINK === '1',
  })
  console.error(`model, ${name}: seed ${seed}, ${result.held} runs held`)
  if (result.failure !== null) expect.fail(result.failure)
  expect(result.held).toBeGreaterThan(0)
  return result
}

describe('the model of the engine', () => {
  it('holds over the known sequences', { timeout: seconds * 1000 + 120_000 }, async () => {
    await run('known sequences', { seed: KNOWN_SEED })
  })

  it('holds over new sequences', { timeout: seconds * 1000 + 120_000 }, async () => {
    const { seen } = await run('new sequences', { seed: Date.now() % 0x7fffffff })
    if (!deep) return
    console.error([...seen].map(([what, count]) => `${what}: ${count}`).join('\n'))
    for (const what of SITUATIONS) expect(seen.get(what), what).toBeGreaterThan(0)
  })
})
