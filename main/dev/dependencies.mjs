import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { nodeBinary, readJson, SetupError } from './project.mjs'
import { captureNpm } from './run.mjs'

const STAMP = join('node_modules', '.installed-lock-hash')

/**
 * Whether node_modules is the lock file's. The stamp says that an installation of this lock file ended well; npm's own
 * record says the same of one that somebody ran by hand; the packages are looked for in either case.
 * @param {string} root
 * @returns {'ready' | 'unstamped' | 'lacking'}
 */
export function inspectDependencies(root) {
  const lock = readJson(join(root, 'package-lock.json'))
  if (lock === undefined)
    throw new SetupError('package-lock.json is missing or damaged: restore it (git checkout package-lock.json).')
  const wanted = Object.entries(lock.packages).filter(([path, entry]) => path !== '' && !entry.optional && !entry.link)
  if (!wanted.every(([path]) => existsSync(join(root, path, 'package.json')))) return 'lacking'
  if (lock.packages['node_modules/node'] && !nodeBinary(root).startsWith(root + sep)) return 'lacking'
  const stamp = join(root, STAMP)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash(root)) return 'ready'
  const record = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages
  const matches = wanted.every(
    ([path, entry]) => record?.[path]?.version === entry.version && record[path].integrity === entry.integrity,
  )
  return record && matches ? 'unstamped' : 'lacking'
}

/** @param {string} root */
function lockHash(root) {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  return createHash('sha256').update(`${process.platform} ${process.arch} ${text}`).digest('hex')
}

/**
 * Installs the dependencies unless they are there. An interrupted installation leaves no stamp and so is done again.
 * @param {object} options
 * @param {string} options.root
 * @param {(line: string) => void} options.log
 * @param {typeof captureNpm} [options.npm]
 */
export async function ensureDependencies({ root, log, npm = captureNpm }) {
  const state = inspectDependencies(root)
  if (state === 'ready') return
  if (state === 'lacking') {
    log('installing dependencies, which takes up to a minute')
    // Windows cannot delete the program that is running, which `npm ci` would try when that is the installed Node.
    const inUse = process.platform === 'win32' && process.execPath.startsWith(join(root, 'node_modules'))
    const command = inUse ? ['install', '--no-save'] : ['ci']
    const { code, output } = await npm([...command, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
    })
    if (code !== 0)
      throw new SetupError(`The dependencies could not be installed (npm ${command[0]}):\n${output.trim()}`)
    if (inspectDependencies(root) === 'lacking') {
      throw new SetupError(
        `npm ${command[0]} ended well, yet packages are missing. Is ignore-scripts set in an .npmrc?`,
      )
    }
  }
  writeFileSync(join(root, STAMP), lockHash(root))
}
