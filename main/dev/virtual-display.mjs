import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SetupError } from './project.mjs'

const SCREEN = '1440x900x24'

/** Whether windows can only be shown on a virtual display. @param {NodeJS.ProcessEnv} [env] @param {string} [platform] */
export function needsVirtualDisplay(env = process.env, platform = process.platform) {
  return platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY
}

/**
 * The switches Electron needs here: root cannot use the sandbox, and a virtual display has no GPU to talk about.
 * @param {{ virtual: boolean, platform?: string, uid?: number }} where
 * @returns {string[]}
 */
export function electronFlags({ virtual, platform = process.platform, uid = process.getuid?.() }) {
  return [
    ...(platform === 'linux' && uid === 0 ? ['--no-sandbox'] : []),
    ...(virtual ? ['--disable-gpu', '--log-level=3'] : []),
  ]
}

/**
 * Runs `task` with the variables that lead to a display: none where there is one, a virtual one's otherwise, which ends
 * with the task.
 * @template T
 * @param {(display: { env: Record<string, string>, virtual: boolean, name?: string }) => Promise<T>} task
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<T>}
 */
export async function withDisplay(task, env = process.env) {
  if (!needsVirtualDisplay(env)) return task({ env: {}, virtual: false })
  const folder = mkdtempSync(join(tmpdir(), 'event-stream-console-display-'))
  const server = startServer(folder, env)
  const end = () => server.child.kill()
  process.once('exit', end)
  try {
    const name = await server.ready
    return await task({ env: { DISPLAY: name, XAUTHORITY: server.authority }, virtual: true, name })
  } finally {
    process.off('exit', end)
    end()
    await server.closed
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder @param {NodeJS.ProcessEnv} env */
function startServer(folder, env) {
  const authority = join(folder, 'authority')
  writeFileSync(authority, authorityEntry(randomBytes(16)), { mode: 0o600 })
  const args = ['-displayfd', '3', '-screen', '0', SCREEN, '-nolisten', 'tcp', '-auth', authority]
  // The kernel ends the display with this process, even one that is killed and can clean up nothing.
  const [command, ...before] = onPath('setpriv', env) ? ['setpriv', '--pdeathsig', 'TERM', 'Xvfb'] : ['Xvfb']
  const child = spawn(command, [...before, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000)
  })
  const closed = new Promise((resolve) => {
    child.on('close', resolve)
    child.on('error', resolve)
  })
  const ready = new Promise((resolve, reject) => {
    const fail = () => reject(new SetupError(`The virtual display (Xvfb) did not start.\n${said.trim()}`, 3))
    child.on('error', fail)
    child.on('close', fail)
    let number = ''
    child.stdio[3]?.on('data', (/** @type {Buffer} */ data) => {
      number += data
      if (number.includes('\n')) resolve(`:${number.trim()}`)
    })
  })
  return { child, closed, ready, authority }
}

/**
 * An Xauthority entry that fits every display, as the server picks its number only after it has read the file.
 * @param {Buffer} cookie
 */
function authorityEntry(cookie) {
  const field = (/** @type {Buffer} */ data) =>
    Buffer.concat([Buffer.from([data.length >> 8, data.length & 255]), data])
  const none = Buffer.alloc(0)
  const wild = Buffer.from([255, 255])
  return Buffer.concat([wild, field(none), field(none), field(Buffer.from('MIT-MAGIC-COOKIE-1')), field(cookie)])
}

/** Whether a program is on the PATH. @param {string} name @param {NodeJS.ProcessEnv} [env] */
export function onPath(name, env = process.env) {
  return (env.PATH ?? '').split(delimiter).some((folder) => folder && existsSync(join(folder, name)))
}
