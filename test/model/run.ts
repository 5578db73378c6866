import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { finish, steps } from './commands'
import { Model } from './model'
import { Rig } from './rig'

export interface RunOptions {
  readonly seed: number
  /** No run begins after this time. */
  readonly seconds: number
  readonly runs: number
  /** Most steps of one run. */
  readonly steps: number
  /** Of a failure: the path, and the replay path of its steps. */
  readonly path?: string | undefined
  readonly replay?: string | undefined
  /** Makes a failure as small as it gets, within the time. */
  readonly shrink: boolean
}

export interface RunResult {
  /** Runs from the first step to the last check. */
  readonly held: number
  /** What happened in them, and how often. */
  readonly seen: ReadonlyMap<string, number>
  /** What broke, and how to see it again; null when everything held. */
  readonly failure: string | null
}

/** Runs random sequences of steps against the real engine until one breaks a promise, or time or number are used up. */
export async function runModel(options: RunOptions): Promise<RunResult> {
  let held = 0
  const seen = new Map<string, number>()
  const end = performance.now() + options.seconds * 1000
  const property = fc.asyncProperty(steps(options.steps, options.replay), async (commands) => {
    if (performance.now() > end) return
    const model = new Model()
    const rig = await Rig.start(mkdtempSync(join(realpathSync(tmpdir()), 'event-stream-console-model-')), model)
    try {
      await fc.asyncModelRun(() => ({ model, real: rig }), commands)
      await finish(model, rig)
      held++
    } finally {
      for (const [what, count] of rig.seen) seen.set(what, (seen.get(what) ?? 0) + count)
      await rig.end()
    }
  })
  const details = await fc.check(property, {
    seed: options.seed,
    numRuns: options.runs,
    endOnFailure: !options.shrink,
    ...(options.path === undefined ? {} : { path: options.path }),
  })
  if (!details.failed) return { held, seen, failure: null }
  const error = details.errorInstance
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { held, seen, failure: `${what}\n${fc.defaultReportMessage(details)}` }
}
