import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './project.mjs'
import { capture } from './run.mjs'
import { needsVirtualDisplay, onPath } from './virtual-display.mjs'

/**
 * @typedef {object} Need one thing that Electron takes from the system
 * @property {string} name the library's soname, or a program
 * @property {string[]} apt packages of Debian 12 and before, Ubuntu 22.04 and before
 * @property {string[]} [t64] what later releases call them
 * @property {string[]} dnf
 * @property {string[]} pacman
 */

/** @type {Need[]} */
const LIBRARIES = [
  { name: 'libgtk-3.so.0', apt: ['libgtk-3-0'], t64: ['libgtk-3-0t64'], dnf: ['gtk3'], pacman: ['gtk3'] },
  { name: 'libnss3.so', apt: ['libnss3'], dnf: ['nss'], pacman: ['nss'] },
  { name: 'libasound.so.2', apt: ['libasound2'], t64: ['libasound2t64'], dnf: ['alsa-lib'], pacman: ['alsa-lib'] },
  { name: 'libgbm.so.1', apt: ['libgbm1'], dnf: ['mesa-libgbm'], pacman: ['mesa'] },
]

/** @type {Need} xauth comes along for whoever uses xvfb-run by hand */
const DISPLAY_SERVER = {
  name: 'Xvfb',
  apt: ['xvfb', 'xauth'],
  dnf: ['xorg-x11-server-Xvfb', 'xorg-x11-xauth'],
  pacman: ['xorg-server-xvfb', 'xorg-xauth'],
}

const BEFORE_T64 = [
  'stretch',
  'buster',
  'bullseye',
  'bookworm',
  'xenial',
  'bionic',
  'focal',
  'jammy',
  'lunar',
  'mantic',
]
const LIBRARY_FOLDERS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib']

/** The fields of an os-release file. @param {string} text @returns {Record<string, string>} */
export function parseOsRelease(text) {
  const lines = text.split('\n').map((line) => /^([A-Z_]+)=["']?(.*?)["']?$/.exec(line.trim()))
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1], match[2]]] : [])))
}

/**
 * What to do about missing things: nothing, install them, or say the line that does.
 * @param {object} situation
 * @param {string[]} situation.missing names of the table above, or sonames that it does not hold
 * @param {Record<string, string>} situation.osRelease
 * @param {number | undefined} situation.uid
 * @param {(program: string) => boolean} situation.has
 * @returns {{ action: 'none' } | { action: 'install', packages: string[] } | { action: 'say', line: string | undefined, unknown: string[] }}
 */
export function planInstall({ missing, osRelease, uid, has }) {
  if (missing.length === 0) return { action: 'none' }
  const known = [...LIBRARIES, DISPLAY_SERVER].filter((need) => missing.includes(need.name))
  const unknown = missing.filter((name) => !known.some((need) => need.name === name))
  const manager = ['apt-get', 'dnf', 'pacman'].find(has)
  if (manager === undefined || known.length === 0) return { action: 'say', line: undefined, unknown: missing }
  const packages = known.flatMap((need) => {
    if (manager === 'dnf') return need.dnf
    if (manager === 'pacman') return need.pacman
    return hasOldNames(osRelease) ? need.apt : (need.t64 ?? need.apt)
  })
  if (manager === 'apt-get' && uid === 0) return { action: 'install', packages }
  const sudo = uid === 0 ? '' : 'sudo '
  const line = {
    'apt-get': `${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${packages.join(' ')}`,
    dnf: `${sudo}dnf install ${packages.join(' ')}`,
    pacman: `${sudo}pacman -S ${packages.join(' ')}`,
  }[manager]
  return { action: 'say', line, unknown }
}

/** A derivative names the release it was built from. @param {Record<string, string>} osRelease */
function hasOldNames(osRelease) {
  const { UBUNTU_CODENAME, DEBIAN_CODENAME, VERSION_CODENAME } = osRelease
  return BEFORE_T64.includes(UBUNTU_CODENAME ?? DEBIAN_CODENAME ?? VERSION_CODENAME ?? '')
}

/**
 * Checks what Electron takes from a Linux system, and installs it where that is possible without asking.
 * @param {object} options
 * @param {(line: string) => void} options.log
 * @param {string | undefined} [options.binary] an Electron executable, whose own list of libraries is checked too
 * @param {NodeJS.ProcessEnv} [options.env]
 */
export async function ensureSystemPackages({ log, binary, env = process.env }) {
  if (process.platform !== 'linux') return
  const missing = await findMissing({ binary, env })
  const plan = planInstall({
    missing,
    osRelease: parseOsRelease(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''),
    uid: process.getuid?.(),
    has: (program) => onPath(program, env),
  })
  if (plan.action === 'none') return
  if (plan.action === 'say') throw new SetupError(sentence(missing, plan), 3)
  log(`installing system packages: ${plan.packages.join(' ')}`)
  const output = await aptInstall(plan.packages, env)
  const still = await findMissing({ binary, env })
  if (still.length === 0) return
  throw new SetupError(
    `${output.trim()}\n\nStill missing on this system after the installation: ${still.join(', ')}`,
    3,
  )
}

/**
 * Installs packages as root, without questions.
 * @param {string[]} packages
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} what apt-get said when it failed, else an empty string
 */
export async function aptInstall(packages, env) {
  const apt = (/** @type {string[]} */ ...args) =>
    capture('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  // An update that fails for one of several sources still leaves lists that are good enough to try with.
  const update = await apt('update')
  const install = await apt('install', '--yes', '--no-install-recommends', ...packages)
  return install.code === 0 ? '' : `${update.code === 0 ? '' : update.output}${install.output}`
}

/** @param {string[]} missing @param {{ line: string | undefined, unknown: string[] }} plan */
function sentence(missing, { line, unknown }) {
  const what = `Electron needs what this system lacks: ${missing.join(', ')}.`
  if (line === undefined)
    return `${what}\nInstall it with the system's package manager, then run the same command again.`
  const rest = unknown.length ? `\nand the packages that hold ${unknown.join(', ')}` : ''
  return `${what}\nInstall it with\n\n  ${line}${rest}\n\nthen run the same command again.`
}

/** @param {{ binary: string | undefined, env: NodeJS.ProcessEnv }} options @returns {Promise<string[]>} */
async function findMissing({ binary, env }) {
  const [known, needed] = await Promise.all([linkerCache(env), binary ? unresolved(binary, env) : []])
  const libraries = LIBRARIES.map((need) => need.name).filter((name) => !isInstalled(name, known))
  const server = needsVirtualDisplay(env) && !onPath(DISPLAY_SERVER.name, env) ? [DISPLAY_SERVER.name] : []
  return [...new Set([...libraries, ...needed, ...server])]
}

/** @param {string} name @param {string} known */
function isInstalled(name, known) {
  return known.includes(`\t${name} `) || LIBRARY_FOLDERS.some((folder) => existsSync(join(folder, name)))
}

/** ldconfig is not on an ordinary user's PATH. @param {NodeJS.ProcessEnv} env */
async function linkerCache(env) {
  const path = `${env.PATH ?? ''}:/usr/sbin:/sbin`
  return (await capture('ldconfig', ['-p'], { env: { ...env, PATH: path, LC_ALL: 'C' } })).stdout
}

/** @param {string} binary @param {NodeJS.ProcessEnv} env */
async function unresolved(binary, env) {
  const { stdout } = await capture('ldd', [binary], { env: { ...env, LC_ALL: 'C' } })
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? '')
}
