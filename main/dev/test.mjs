// npm test: every check of the project, after making whatever is missing for them.
// `npm test -- unit e2e` runs the named steps; what follows the name of a single step goes to its tool.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt, recordBuild } from './app-build.mjs'
import { ensureReady } from './bootstrap.mjs'
import { ROOT, readJson, SetupError } from './project.mjs'
import { converse, runMain, wasStopped } from './run.mjs'
import { playwrightCounts, sum, summaryLine, vitestCounts } from './test-counts.mjs'
import { ensureTestTools } from './test-tools.mjs'
import { electronFlags, withDisplay } from './virtual-display.mjs'

const REPORTS = join(ROOT, 'test-results')
const UNIT_REPORT = join(REPORTS, 'unit.json')
const E2E_REPORT = join(REPORTS, 'e2e.json')
const log = (/** @type {string} */ line) => console.log(`set-up: ${line}`)

/**
 * @typedef {{ code: number, counts?: import('./test-counts.mjs').Counts }} Outcome
 * @typedef {Outcome & { name: string, ms: number }} Result
 * @typedef {(env: NodeJS.ProcessEnv, args: string[]) => Promise<Outcome>} Step
 */

/** @type {Map<string, Step>} */
const STEPS = new Map([
  ['lint', (env, args) => script('lint', args, env)],
  ['types', (env, args) => script('types', args, env)],
  ['dead-code', (env, args) => script('dead-code', args, env)],
  ['build', build],
  ['unit', unit],
  ['e2e', e2e],
])

/** @type {Step} */
async function build(env, args) {
  return { code: await recordBuild(ROOT, async () => (await script('build', args, env)).code) }
}

/** @type {Step} */
async function unit(env, args) {
  await ensureTestTools({ log, env })
  rmSync(UNIT_REPORT, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${UNIT_REPORT}`]
  const { code } = await script('unit', [...reporters, ...args], env)
  return { code, counts: vitestCounts(UNIT_REPORT) ?? crashed() }
}

/** @type {Step} */
async function e2e(env, args) {
  await ensureBuilt({ root: ROOT, log, env })
  rmSync(E2E_REPORT, { force: true })
  const { code } = await withDisplay((display) => {
    const launch = {
      EVENT_STREAM_CONSOLE_ELECTRON_FLAGS: electronFlags(display).join(' '),
      PLAYWRIGHT_JSON_OUTPUT_FILE: E2E_REPORT,
    }
    return script('e2e', ['--reporter=list,json', ...args], { ...env, ...display.env, ...launch })
  })
  return { code, counts: playwrightCounts(E2E_REPORT) ?? crashed() }
}

/** A runner that leaves no report has failed, however many tests it got through. */
function crashed() {
  return { passed: 0, failed: 1, skipped: 0 }
}

/** Runs a script of package.json as npm would. @param {string} name @param {string[]} args @param {NodeJS.ProcessEnv} env @returns {Promise<Outcome>} */
async function script(name, args, env) {
  const command = readJson(join(ROOT, 'package.json'))?.scripts[name]
  return { code: await converse([command, ...args.map(quoted)].join(' '), [], { env, shell: true, signals: 'group' }) }
}

/** @param {string} arg */
function quoted(arg) {
  if (/^[\w@%+=:,./\\-]+$/.test(arg)) return arg
  return process.platform === 'win32' ? `"${arg.replaceAll('"', '\\"')}"` : `'${arg.replaceAll("'", `'\\''`)}'`
}

/** @param {string[]} args @returns {{ names: string[], extra: string[] }} */
function select(args) {
  const end = args.findIndex((arg) => !STEPS.has(arg))
  const names = end === -1 ? args : args.slice(0, end)
  const extra = end === -1 ? [] : args.slice(end)
  if (extra.length && names.length !== 1) {
    throw new SetupError(`Name steps (${[...STEPS.keys()].join(', ')}), or one step and arguments for its tool.`)
  }
  return { names: [...STEPS.keys()].filter((name) => names.length === 0 || names.includes(name)), extra }
}

/** @param {Step} step @param {NodeJS.ProcessEnv} env @param {string[]} args @returns {Promise<Outcome>} */
async function attempt(step, env, args) {
  try {
    return await step(env, args)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    return { code: error.exitCode }
  }
}

await runMain(async () => {
  const { names, extra } = select(process.argv.slice(2))
  const { env } = await ensureReady({ for: names.includes('e2e') ? 'e2e' : 'unit', log })
  mkdirSync(REPORTS, { recursive: true })
  /** @type {Result[]} */
  const results = []
  for (const name of names) {
    const step = STEPS.get(name)
    if (!step) continue
    console.log(`\n== ${name}`)
    if (name === 'e2e' && results.some((result) => result.name === 'build' && result.code !== 0)) {
      console.log('not run: there is no build to test')
      results.push({ name, code: 1, ms: 0 })
      continue
    }
    const start = performance.now()
    const result = { name, ...(await attempt(step, env, extra)), ms: performance.now() - start }
    results.push(result)
    console.log(`== ${name}: ${verdict(result)}, ${seconds(result)}`)
    if (wasStopped(result.code)) break
  }
  return conclude(results)
})

/** @param {Result[]} results */
function conclude(results) {
  console.log('\n== summary')
  for (const result of results) {
    const counts = result.counts ? `, ${summaryLine(result.counts)}` : ''
    console.log(`${result.name.padEnd(9)} ${seconds(result).padStart(7)}  ${verdict(result)}${counts}`)
  }
  const tested = results.flatMap((result) => result.counts ?? [])
  const total = sum(tested)
  const nothingRan = tested.length > 0 && total.passed + total.failed === 0
  if (nothingRan) console.log('No test ran at all, which counts as a failure.')
  console.log(summaryLine(total))
  return nothingRan || total.failed > 0 || results.some(({ code }) => code !== 0) ? 1 : 0
}

/** @param {Result} result */
function verdict({ code }) {
  return code === 0 ? 'passed' : `FAILED (exit code ${code})`
}

/** @param {Result} result */
function seconds({ ms }) {
  return `${(ms / 1000).toFixed(1)} s`
}
