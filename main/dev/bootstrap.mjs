import { join } from 'node:path'
import { ensureBuilt } from './app-build.mjs'
import { ensureDependencies } from './dependencies.mjs'
import { ensureRuntime, presentRuntime } from './electron-runtime.mjs'
import { checkHostNode } from './host-node.mjs'
import { withLock } from './lock.mjs'
import { ROOT, toolEnv } from './project.mjs'
import { ensureSystemPackages } from './system-packages.mjs'
import { ensureTestServers } from './test-servers.mjs'

/**
 * @typedef {'start' | 'e2e' | 'bench' | 'cli' | 'unit'} Purpose
 */

/** @type {Record<Purpose, { electron: boolean, build: boolean }>} */
const NEEDS = {
  start: { electron: true, build: true },
  bench: { electron: true, build: true },
  e2e: { electron: true, build: false },
  cli: { electron: false, build: true },
  unit: { electron: false, build: false },
}

/** @param {string} line */
function sayOnStderr(line) {
  console.error(`set-up: ${line}`)
}

/**
 * Checks what a purpose needs, and installs or makes what lacks.
 * @param {object} options
 * @param {Purpose} options.for
 * @param {boolean} [options.servers] also what only tests talk to
 * @param {(line: string) => void} [options.log]
 * @returns {Promise<{ env: NodeJS.ProcessEnv, binary: string }>} the environment for programs of the project, and the
 *   Electron executable, an empty string for a purpose that needs none
 */
export async function ensureReady({ for: purpose, servers = false, log = sayOnStderr }) {
  checkHostNode()
  return withLock(join(ROOT, '.cache', 'set-up.lock'), log, async () => {
    const { electron, build } = NEEDS[purpose]
    await ensureDependencies({ root: ROOT, log })
    const runtime = electron ? await ensureElectron(log) : undefined
    const env = { ...toolEnv(), ...runtime?.env }
    if (servers) await ensureTestServers({ log })
    if (build) await ensureBuilt({ root: ROOT, log, env })
    return { env, binary: runtime?.binary ?? '' }
  })
}

/** @param {(line: string) => void} log */
async function ensureElectron(log) {
  const present = presentRuntime()
  await ensureSystemPackages({ log, binary: present?.binary })
  const runtime = await ensureRuntime({ log })
  // Another build of Electron may need other libraries.
  if (runtime.binary !== present?.binary) await ensureSystemPackages({ log, binary: runtime.binary })
  return runtime
}

/**
 * What has to be set so that tools find the project's Node and the Electron that is there; for a tool that is run
 * without `ensureReady` before it.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {NodeJS.ProcessEnv}
 */
export function runtimeEnv(env = process.env) {
  return { ...toolEnv(env), ...presentRuntime(env)?.env }
}
