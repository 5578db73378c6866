import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mutant } from '../model/mutants'

const ROOT = join(import.meta.dirname, '../..')

/** What a run of the model needs of the project. */
const PARTS = ['main', 'shared', 'test', 'package.json', 'tsconfig.json']

export interface MutantResult {
  readonly caught: boolean
  /** Runs that held before the one that broke. */
  readonly held: number
  /** What the model said of it, or the end of the output when it said nothing. */
  readonly words: string
  readonly seconds: number
}

/**
 * Makes a copy of the project's sources with the fault in it, and runs the model there until it breaks or the time is up.
 * The work tree is not touched.
 *
 * @throws Error when a text of the mutant is not in its file exactly once, or the model did not run at all
 */
export async function runMutant(mutant: Mutant, seed: number, seconds: number): Promise<MutantResult> {
  const copy = mkdtempSync(join(realpathSync(tmpdir()), 'event-stream-console-mutant-'))
  try {
    for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
    const path = join(copy, mutant.file)
    writeFileSync(path, mutate(readFileSync(path, 'utf8'), mutant))
    const began = performance.now()
    const { code, output } = await model(copy, { MODEL_SEED: String(seed), MODEL_SECONDS: String(seconds) })
    const held = /model, known sequences: seed \d+, (\d+) runs held/.exec(output)
    if (!held) throw new Error(`The model did not run on the mutant "${mutant.name}":\n${output.slice(-2000)}`)
    const words = /Broken: (.*)/.exec(output)?.[1] ?? output.slice(-500)
    return { caught: code !== 0, held: Number(held[1]), words, seconds: (performance.now() - began) / 1000 }
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

function mutate(source: string, { name, file, edits }: Mutant): string {
  return edits.reduce((text, [from, to]) => {
    if (text.split(from).length !== 2) throw new Error(`The mutant "${name}" does not fit ${file} any more.`)
    // A function, since a replacement text has a meaning of its own for `$`.
    return text.replace(from, () => to)
  }, source)
}

function model(folder: string, variables: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const args = [
    'run',
    '--config',
    'test/vitest.config.ts',
    'test/property/engine-model.test.ts',
    '-t',
    'known sequences',
  ]
  const child = spawn(process.execPath, [join(folder, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: folder,
    env: { ...process.env, ...variables, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
