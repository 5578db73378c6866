import { describe, expect, it } from 'vitest'
import { control, mutants } from '../model/mutants'
import { runMutant } from '../support/mutant-run'

/** In `npm test` the model shows on two faults that it can fail; `npm run test:deep` shows it on all of them. */
const deep = process.env.MODEL_DEEP === '1'
const chosen = deep ? mutants : mutants.slice(0, 2)
const SECONDS = deep ? 240 : 30
const SEEDS = deep ? [1, 2] : [1]

// Of the seeds that the mutants are run with, the runs in which they are mostly caught.
describe.runIf(deep)('the model holds in a copy without a fault', () => {
  it.each(SEEDS)('with seed %i', { timeout: 180_000 }, async (seed) => {
    const result = await runMutant(control, seed, 60)
    console.error(`mutant | none | seed ${seed} | ${result.held} runs held | ${result.seconds.toFixed(0)} s`)
    expect(result.caught, result.words).toBe(false)
  })
})

describe('the model catches an engine in which', () => {
  it.each(chosen.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    { timeout: SEEDS.length * (SECONDS + 60) * 1000 },
    async (name, mutant) => {
      for (const seed of SEEDS) {
        const result = await runMutant(mutant, seed, SECONDS)
        console.error(
          `mutant | ${name} | seed ${seed} | run ${result.held + 1} | ${result.seconds.toFixed(0)} s | ${result.words}`,
        )
        if (result.caught) return
      }
      expect.fail(`No run of the seeds ${SEEDS.join(', ')} has shown the fault.`)
    },
  )
})
