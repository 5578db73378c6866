import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { nodeBinary, readJson, toolEnv, userCache } from './project.mjs'
import { probe, reachabilityMemory } from './reachability.mjs'
import { capture } from './run.mjs'

const RELEASES = 'https://github.com/electron/electron/releases/download/'

/** Where the executable lies in an unpacked Electron. @param {string} [platform] */
export function binaryPath(platform = process.platform) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron'
  return platform === 'win32' ? 'electron.exe' : 'electron'
}

/** @param {string} root @returns {string} the version of Electron that the project is built for */
export function electronVersion(root) {
  return readJson(join(root, 'node_modules', 'electron', 'package.json'))?.version
}

/**
 * The executable that Electron's own installation put into node_modules, undefined when it did not end well.
 * @param {string} root
 */
export function installedElectron(root) {
  const folder = join(root, 'node_modules', 'electron')
  const line = (/** @type {string} */ file) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined)
  const binary = join(folder, 'dist', binaryPath())
  const whole = line(join(folder, 'dist', 'version'))?.replace(/^v/, '') === electronVersion(root)
  return whole && line(join(folder, 'path.txt')) === binaryPath() && existsSync(binary) ? binary : undefined
}

/**
 * The address that @electron/get would download from, with its rules for mirrors.
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env
 */
export function downloadAddress(version, env) {
  const setting = (/** @type {string} */ camel, /** @type {string} */ snake) =>
    env[`npm_config_electron_${camel.toLowerCase()}`] ||
    env[`NPM_CONFIG_ELECTRON_${snake.toUpperCase()}`] ||
    env[`npm_config_electron_${snake}`] ||
    env[`npm_package_config_electron_${camel}`] ||
    env[`npm_package_config_electron_${snake}`] ||
    env[`ELECTRON_${snake.toUpperCase()}`]
  const tag = `v${(setting('customVersion', 'custom_version') ?? version).replace(/^v/, '')}`
  const folder = (setting('customDir', 'custom_dir') ?? tag).replace('{{ version }}', tag.slice(1))
  const file = setting('customFilename', 'custom_filename') ?? artifact(version)
  return `${setting('mirror', 'mirror') ?? RELEASES}${folder}/${file}`
}

/** @param {string} version */
function artifact(version) {
  return `electron-v${version}-${process.platform}-${process.arch}.zip`
}

/** Whether @electron/get has the file from an earlier download. @param {string} address @param {string} version @param {NodeJS.ProcessEnv} env */
function isCached(address, version, env) {
  const { platform } = process
  const root =
    env.electron_config_cache ?? join(userCache(env, platform), 'electron', platform === 'win32' ? 'Cache' : '')
  const url = new URL(address)
  url.hash = ''
  url.search = ''
  url.pathname = posix.dirname(url.pathname)
  return existsSync(join(root, createHash('sha256').update(url.toString()).digest('hex'), artifact(version)))
}

/**
 * The proxy that a download would go through.
 * @param {string} address
 * @param {NodeJS.ProcessEnv} env
 */
export function proxyFor(address, env) {
  const { protocol, hostname } = new URL(address)
  const exceptions = (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((host) => host.trim().replace(/^\*?\./, ''))
  const excepted = exceptions.some(
    (host) => host === '*' || (host && (hostname === host || hostname.endsWith(`.${host}`))),
  )
  if (excepted) return undefined
  return (
    (protocol === 'https:' ? (env.HTTPS_PROXY ?? env.https_proxy) : (env.HTTP_PROXY ?? env.http_proxy)) || undefined
  )
}

/**
 * Runs Electron's own installation where its host can be reached. The limit is for reaching it: from then on the
 * download goes on for as long as bytes arrive.
 * @param {object} options
 * @param {string} options.root
 * @param {string} options.cache
 * @param {(line: string) => void} options.log
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {() => number} [options.now]
 * @param {number} [options.limitMs]
 * @returns {Promise<{ binary: string } | { reason: string }>}
 */
export async function fetchOwnElectron({ root, cache, log, env = process.env, now = Date.now, limitMs = 10_000 }) {
  const version = electronVersion(root)
  const address = downloadAddress(version, env)
  const proxy = proxyFor(address, env)
  if (!isCached(address, version, env)) {
    const memory = reachabilityMemory(join(cache, 'unreachable.json'), now)
    const key = `${version} ${address}${proxy ? ` through ${new URL(proxy).host}` : ''}`
    const known = memory.recall(key)
    if (known !== undefined) return { reason: known }
    log(`looking for Electron ${version}`)
    const answer = await probe(address, { limitMs, proxy })
    if (!answer.reached) {
      memory.remember(key, answer.reason)
      return { reason: answer.reason }
    }
    log(`downloading Electron ${version} (about 120 MB)`)
  }
  const install = join(root, 'node_modules', 'electron', 'install.js')
  const { ELECTRON_OVERRIDE_DIST_PATH: _, ...rest } = toolEnv(env, root)
  const useProxy = proxy ? { ELECTRON_GET_USE_PROXY: '1' } : {}
  const options = { cwd: root, env: { ...useProxy, ...rest }, showProgress: true }
  const { code, output } = await capture(nodeBinary(root), [install], options)
  const binary = installedElectron(root)
  if (code === 0 && binary) return { binary }
  return { reason: `its installation failed: ${output.trim().split('\n')[0] || `exit code ${code}`}` }
}
