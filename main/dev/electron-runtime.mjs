import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { binaryPath, electronVersion, fetchOwnElectron, installedElectron } from './own-electron.mjs'
import { cacheFolder, ROOT, SetupError } from './project.mjs'
import { ensureStandIn, inspect, SOURCE, standInFolder } from './stand-in.mjs'

/**
 * @typedef {object} Runtime
 * @property {'given' | 'own' | 'stand-in'} kind
 * @property {string} binary
 * @property {Record<string, string>} env what tools need to find it; nothing for Electron's own installation
 */

/** @param {'given' | 'stand-in'} kind @param {string} folder @returns {Runtime} */
function inFolder(kind, folder) {
  const binary = join(folder, binaryPath())
  return { kind, binary, env: { ELECTRON_OVERRIDE_DIST_PATH: folder, ELECTRON_EXEC_PATH: binary } }
}

/**
 * The Electron that is there now, without looking at the network.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {string} [root]
 * @returns {Runtime | undefined}
 */
export function presentRuntime(env = process.env, root = ROOT) {
  if (env.ELECTRON_OVERRIDE_DIST_PATH) return given(env.ELECTRON_OVERRIDE_DIST_PATH)
  const own = installedElectron(root)
  if (own) return { kind: 'own', binary: own, env: {} }
  const folder = standInFolder(cacheFolder(env))
  return canStandIn() && inspect(folder) === 'ready' ? inFolder('stand-in', folder) : undefined
}

/** @param {string} folder */
function given(folder) {
  const runtime = inFolder('given', folder)
  if (existsSync(runtime.binary)) return runtime
  throw new SetupError(`ELECTRON_OVERRIDE_DIST_PATH is set, but there is no ${runtime.binary}.`, 4)
}

function canStandIn() {
  return process.platform === 'linux' && process.arch === 'x64'
}

/**
 * Finds an Electron or gets one: the one that was named, the project's own, or the stand-in.
 * @param {object} options
 * @param {(line: string) => void} options.log
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.root]
 * @returns {Promise<Runtime>}
 */
export async function ensureRuntime({ log, env = process.env, root = ROOT }) {
  const present = presentRuntime(env, root)
  if (present && present.kind !== 'stand-in') return present
  const cache = cacheFolder(env)
  const own = await fetchOwnElectron({ root, cache, log, env })
  if ('binary' in own) return { kind: 'own', binary: own.binary, env: {} }
  const version = electronVersion(root)
  if (!canStandIn()) {
    throw new SetupError(
      `Electron ${version} is not installed and could not be downloaded (${own.reason}).
Set ELECTRON_MIRROR to a mirror that this machine reaches, or ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron ${version}.`,
      4,
    )
  }
  const folder = await ensureStandIn({ cache, log })
  log(`using Electron ${SOURCE.electron} in place of ${version}, which could not be downloaded (${own.reason})`)
  return inFolder('stand-in', folder)
}
