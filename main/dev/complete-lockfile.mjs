// Adds the platform packages that `npm install` leaves out of package-lock.json.
//
// Some registries do not carry every platform's binary package. npm then writes a lock file that lists such a package
// as an optional dependency but has no entry for it, and `npm ci` refuses that file ("Missing: … from lock file").
// An entry with version, os and cpu satisfies `npm ci`; a machine of another platform skips it.
// Run after every change of dependencies: `npm run lock`.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix']
const CPU = new Map([
  ...['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32', 'mips64el'].map(same),
  ['armv7', 'arm'],
  ['ppc64le', 'ppc64'],
])

/** @param {string} name @returns {[string, string]} */
function same(name) {
  return [name, name]
}

/**
 * The os and cpu limits that a platform package's name spells out, e.g. `@x/binding-linux-arm-gnueabihf`.
 * @param {string} name
 * @returns {{ os?: string[], cpu?: string[] }}
 */
export function platformOf(name) {
  const words = name.split(/[-/_@]/)
  const os = OS.filter((system) => words.includes(system))
  const cpu = [...new Set(words.flatMap((word) => CPU.get(word) ?? []))]
  return { ...(os.length ? { os } : {}), ...(cpu.length ? { cpu } : {}) }
}

/**
 * Adds the missing optional entries to a parsed lock file.
 * @param {{ packages: Record<string, any> }} lock
 * @param {(name: string, version: string) => object | undefined} lookUp manifest fields of a published version,
 *   undefined when the registry has no such version
 * @returns {string[]} names added
 */
export function completeLock(lock, lookUp) {
  /** @type {string[]} */
  const added = []
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const key = `node_modules/${name}`
      if (lock.packages[key] || !/^\d/.test(version)) continue
      const platform = platformOf(name)
      if (!platform.os && !platform.cpu) continue
      const dev = entry.dev ? { dev: true } : {}
      lock.packages[key] = { version, ...platform, ...lookUp(name, version), ...dev, optional: true }
      added.push(name)
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  return added
}

/** @param {string} name @param {string} version */
function lookUpInRegistry(name, version) {
  const fields = ['dist.integrity', 'os', 'cpu', 'libc', 'license']
  try {
    const out = execFileSync('npm', ['view', `${name}@${version}`, ...fields, '--json'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    })
    const { 'dist.integrity': integrity, ...rest } = JSON.parse(out)
    return { ...rest, integrity }
  } catch (error) {
    // Only a version that does not exist may go without its hash; a registry that did not answer may not.
    if (/"E404"/.test(/** @type {any} */ (error).stdout ?? '')) return undefined
    throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../../package-lock.json', import.meta.url)
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const added = completeLock(lock, lookUpInRegistry)
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(added.length ? `added ${added.length}: ${added.join(', ')}` : 'nothing missing')
}
