import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's top folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** What ends the set-up with a sentence for the person at the keyboard, not with a stack. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {number} [exitCode] 1 something failed, 2 Node is too old, 3 system packages are missing, 4 no Electron to be had
   */
  constructor(message, exitCode = 1) {
    super(message)
    this.name = 'SetupError'
    this.exitCode = exitCode
  }
}

/** @param {string} file @returns {any} the parsed file, undefined when it is absent or not JSON */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * The folder for what is worth keeping between clones: one per user, so that a fresh clone finds the runtime there.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [platform]
 */
export function cacheFolder(env = process.env, platform = process.platform) {
  if (env.EVENT_STREAM_CONSOLE_CACHE) return env.EVENT_STREAM_CONSOLE_CACHE
  return join(userCache(env, platform), 'event-stream-console')
}

/** The user's cache folder by the custom of the platform. @param {NodeJS.ProcessEnv} env @param {string} platform */
export function userCache(env, platform) {
  if (platform === 'win32') return env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return env.XDG_CACHE_HOME || join(homedir(), '.cache')
}

/**
 * The Node that the scripts run on: the one among the dependencies, whatever the host has.
 * @param {string} [root]
 */
export function nodeBinary(root = ROOT) {
  const own = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  return existsSync(own) ? own : process.execPath
}

/**
 * An environment in which tools find the project's Node and each other first.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [root]
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnv(env = process.env, root = ROOT) {
  const { ELECTRON_RUN_AS_NODE: _, ...rest } = env
  const key = Object.keys(rest).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const bin = join(root, 'node_modules', '.bin')
  const path = (rest[key] ?? '').split(delimiter).filter((folder) => folder && folder !== bin)
  return { ...rest, [key]: [bin, ...path].join(delimiter) }
}
