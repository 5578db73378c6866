import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { readJson, SetupError, toolEnv } from './project.mjs'
import { capture } from './run.mjs'

const SOURCES = ['main', 'preload', 'renderer', 'shared', 'tsconfig.json', 'package.json', 'package-lock.json']
const OUTPUTS = ['main', 'preload', 'renderer']
const STAMP = join('out', '.build-stamp.json')

/**
 * A hash over everything that the build reads. Content, not times: a checkout or a touch rebuilds nothing.
 * @param {string} root
 */
export function sourceHash(root) {
  const hash = createHash('sha256')
  for (const top of SOURCES) {
    for (const file of filesUnder(join(root, top))) {
      const path = relative(root, file).split(sep).join('/')
      if (path.startsWith('main/dev/')) continue
      const content = readFileSync(file)
      hash.update(`${path}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => (entry.isDirectory() || entry.isFile() ? filesUnder(join(path, entry.name)) : []))
}

/** @param {string} root @returns {Record<string, number>} */
function outputSizes(root) {
  const files = OUTPUTS.flatMap((top) => filesUnder(join(root, 'out', top)))
  return Object.fromEntries(files.map((file) => [relative(root, file).split(sep).join('/'), statSync(file).size]))
}

/** Whether out/ is the build of today's sources, whole. @param {string} root */
export function isBuilt(root) {
  const stamp = readJson(join(root, STAMP))
  if (!stamp?.outputs || Object.keys(stamp.outputs).length === 0 || stamp.sources !== sourceHash(root)) return false
  const found = outputSizes(root)
  return Object.entries(stamp.outputs).every(([path, size]) => found[path] === size)
}

/**
 * Runs a build and, if it succeeded, notes what it was a build of.
 * @param {string} root
 * @param {() => Promise<number>} build resolves to an exit code
 */
export async function recordBuild(root, build) {
  rmSync(join(root, STAMP), { force: true })
  // Taken before the build: a source that is edited meanwhile then counts as not built.
  const sources = sourceHash(root)
  const code = await build()
  if (code === 0) {
    mkdirSync(join(root, 'out'), { recursive: true })
    writeFileSync(join(root, STAMP), JSON.stringify({ sources, outputs: outputSizes(root) }))
  }
  return code
}

/**
 * Builds the app unless out/ is current.
 * @param {object} options
 * @param {string} options.root
 * @param {(line: string) => void} options.log
 * @param {NodeJS.ProcessEnv} [options.env]
 */
export async function ensureBuilt({ root, log, env = toolEnv(process.env, root) }) {
  if (isBuilt(root)) return
  log('building the console')
  const script = readJson(join(root, 'package.json'))?.scripts.build
  await recordBuild(root, async () => {
    const { code, output } = await capture(script, [], { cwd: root, env, shell: true })
    if (code !== 0) throw new SetupError(`The build failed:\n${output.trim()}`)
    return code
  })
}
