import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { capture } from './run.mjs'
import { aptInstall } from './system-packages.mjs'
import { onPath } from './virtual-display.mjs'

// OpenStack Swift, the S3 server that the tests deliver to: one that is not ours and checks signatures. Only the tests need it.

const PACKAGES = ['swift-proxy', 'swift-account', 'swift-container', 'swift-object']
const PROGRAMS = PACKAGES.map((name) => `/usr/bin/${name}-server`)
const LINE = `apt-get install --no-install-recommends ${PACKAGES.join(' ')}`

const UNITS = '/lib/systemd/system'
const POLICY_FILE = '/usr/sbin/policy-rc.d'
const POLICY_MARK = '# Event Stream Console, test set-up'

/**
 * What to do about a missing Swift: nothing, install it, or say that its tests are skipped, and why.
 * @param {{ missing: boolean, platform: string, uid: number | undefined, has: (program: string) => boolean }} situation
 * @returns {{ action: 'none' } | { action: 'install', packages: string[] } | { action: 'say', line: string }}
 */
export function planServers({ missing, platform, uid, has }) {
  if (!missing) return { action: 'none' }
  const skipped = 'the tests against a real S3 server need OpenStack Swift, which is not there. They'
  if (platform !== 'linux' || !has('apt-get')) {
    return { action: 'say', line: `${skipped} run on Debian and its derivatives only.` }
  }
  if (uid !== 0) return { action: 'say', line: `${skipped} run after: sudo ${LINE}` }
  return { action: 'install', packages: PACKAGES }
}

/**
 * Installs Swift where that is possible without asking; elsewhere, and when it fails, it says so, and the tests decide whether
 * they may be skipped.
 * @param {{ log: (line: string) => void, env?: NodeJS.ProcessEnv }} options
 */
export async function ensureTestServers({ log, env = process.env }) {
  const missing = () => PROGRAMS.some((program) => !existsSync(program))
  const has = (/** @type {string} */ program) => onPath(program, env)
  const plan = planServers({ missing: missing(), platform: process.platform, uid: process.getuid?.(), has })
  if (plan.action === 'none') return
  if (plan.action === 'say') return log(plan.line)
  log(`installing the S3 server of the tests: ${plan.packages.join(' ')}`)
  const output = await withoutServices(() => aptInstall(plan.packages, env))
  if (missing()) log(`${output.trim()}\nOpenStack Swift could not be installed: ${LINE}`)
  else await keepFromBoot(env)
}

/**
 * Debian starts what it installs, unless this file forbids it. An administrator's own file decides by itself.
 * @template T
 * @param {() => Promise<T>} install
 * @param {{ file?: string, pid?: number }} [where]
 * @returns {Promise<T>}
 */
export async function withoutServices(install, { file = POLICY_FILE, pid = process.pid } = {}) {
  if (existsSync(file) && !readFileSync(file, 'utf8').includes(POLICY_MARK)) return install()
  // Should this process be killed, its file forbids nothing any more.
  const script = `#!/bin/sh\n${POLICY_MARK}\nkill -0 ${pid} 2>/dev/null && exit 101\nexit 0\n`
  writeFileSync(file, script, { mode: 0o755 })
  try {
    return await install()
  } finally {
    rmSync(file, { force: true })
  }
}

/** The tests start their own servers; those of the packages have no storage to serve. @param {NodeJS.ProcessEnv} env */
async function keepFromBoot(env) {
  if (!onPath('systemctl', env) || !existsSync(UNITS)) return
  const units = readdirSync(UNITS).filter((name) => /^swift-.*\.service$/.test(name))
  if (units.length > 0)
    await capture('systemctl', ['disable', '--quiet', ...units.map((name) => join(UNITS, name))], { env })
}
