import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ROOT, SetupError } from './project.mjs'

const WINDOWS = process.platform === 'win32'

/** @type {NodeJS.Signals[]} */
const PASSED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program to its end and keeps what it prints.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { showProgress?: boolean }} [options] showProgress: what it prints
 *   on stderr goes to the terminal, where there is one
 * @returns {Promise<{ code: number, output: string, stdout: string }>} code 127 when the program does not exist
 */
export function capture(command, args, { showProgress = false, ...options } = {}) {
  return new Promise((resolve) => {
    const stderr = showProgress && process.stderr.isTTY ? 'inherit' : 'pipe'
    const child = spawn(command, args, { cwd: ROOT, ...options, stdio: ['ignore', 'pipe', stderr] })
    let output = ''
    let stdout = ''
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text
      output += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('error', (error) => resolve({ code: 127, output: error.message, stdout: '' }))
    child.on('close', (code, signal) => resolve({ code: exitCode(code, signal), output, stdout }))
  })
}

/**
 * Runs npm, which is a script on Windows and so needs a shell there.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function captureNpm(args, options = {}) {
  return WINDOWS ? capture(['npm', ...args].join(' '), [], { ...options, shell: true }) : capture('npm', args, options)
}

/**
 * Runs a program that talks to the user, passes signals to it, and resolves to its exit code.
 *
 * With `signals` the program gets a process group of its own, so that the terminal's Ctrl-C reaches it once, through
 * this process: 'leader' signals the program alone, 'group' its descendants too, as a shell would not pass anything on.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { signals?: 'leader' | 'group' }} [options]
 * @returns {Promise<number>}
 */
export function converse(command, args, { signals, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const detached = signals !== undefined && !WINDOWS
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options, detached })
    const signalGroup = (/** @type {NodeJS.Signals} */ signal) => child.pid && process.kill(-child.pid, signal)
    const stop = passSignals({
      send: detached && signals === 'group' ? signalGroup : (signal) => child.kill(signal),
      end: detached ? () => signalGroup('SIGKILL') : () => child.kill('SIGKILL'),
      terminalDoesIt: !detached && process.stdin.isTTY === true,
    })
    child.on('error', (error) => {
      stop()
      reject(new SetupError(`Could not start ${command}: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      stop()
      resolve(exitCode(code, signal))
    })
  })
}

/**
 * Passes this process's signals on; the third one ends the program for good.
 * @param {{ send: (signal: NodeJS.Signals) => void, end: () => void, terminalDoesIt: boolean }} to
 * @returns {() => void} stops passing
 */
function passSignals({ send, end, terminalDoesIt }) {
  let count = 0
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    count += 1
    if (count >= 3) end()
    else if (signal !== 'SIGINT' || !terminalDoesIt) send(signal)
  }
  for (const signal of PASSED) process.on(signal, pass)
  return () => {
    for (const signal of PASSED) process.off(signal, pass)
  }
}

/** Whether an exit code says that somebody stopped the program. @param {number} code */
export function wasStopped(code) {
  return PASSED.some((signal) => code === exitCode(null, signal))
}

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
function exitCode(code, signal) {
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

/**
 * Runs a script's main function and ends the process with its code; a SetupError is shown as its sentence.
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(`\n${error.message}`)
    process.exitCode = error.exitCode
  }
}
