import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')

/** The folder with the packaged app, as electron-builder leaves it or a package installs it. */
export const PACKAGE = process.env.EVENT_STREAM_CONSOLE_PACKAGE ?? join(ROOT, 'dist', 'linux-unpacked')
export const PROGRAM = join(PACKAGE, 'event-stream-console')
export const COMMAND_LINE = join(PACKAGE, 'resources', 'bin', 'event-stream-console')
export const ARCHIVE = join(PACKAGE, 'resources', 'app.asar')

/** What `npm start` runs. */
const DEVELOPMENT = [process.env.EVENT_STREAM_CONSOLE_ELECTRON ?? 'electron', ROOT] as const

const flags = (process.env.EVENT_STREAM_CONSOLE_ELECTRON_FLAGS ?? '').split(' ').filter(Boolean)
const START_LIMIT_MS = 45_000

/** A home of its own, so that nothing of the user is read or written. */
export class Home {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), 'esc-'))
  readonly env: NodeJS.ProcessEnv

  constructor() {
    const make = (name: string) => {
      mkdirSync(join(this.folder, name), { mode: 0o700 })
      return join(this.folder, name)
    }
    const { ELECTRON_RUN_AS_NODE: _, ELECTRON_OVERRIDE_DIST_PATH: __, ...env } = process.env
    this.env = {
      ...env,
      HOME: make('home'),
      XDG_CONFIG_HOME: make('config'),
      XDG_DATA_HOME: make('data'),
      XDG_CACHE_HOME: make('cache'),
      XDG_RUNTIME_DIR: make('run'),
      ESC_NO_DIALOGS: '1',
    }
  }

  get workspace(): string {
    return join(this.env.XDG_CONFIG_HOME!, 'Event Stream Console', 'workspaces', 'main')
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}

export interface Finished {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program to its end, without a display unless `env` names one. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((done) => {
    execFile(program, args, { env, timeout: START_LIMIT_MS }, (error, out, err) => {
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, err })
    })
  })
}

/** Runs the packaged command line, which needs no display. */
export function commandLine(home: Home, ...args: string[]): Promise<Finished> {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = home.env
  return run(COMMAND_LINE, args, env)
}

export interface Running {
  readonly process: ChildProcess
  /** From the start of the process to the list's data being with the page. */
  readonly interactiveMs: number
  stop(): Promise<number | null>
}

/** Starts the packaged program as a desktop does, or the built app on the development runtime, and waits for the list. */
export async function start(which: 'packaged' | 'development', home: Home, ...args: string[]): Promise<Running> {
  const startedAt = performance.now()
  const [program, ...before] = which === 'packaged' ? [PROGRAM] : DEVELOPMENT
  const options = [...flags, ...before, '--password-store=basic', '--allow-key-file', ...args]
  const child = spawn(program, options, { env: home.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const lines = createInterface({ input: child.stdout })
  const interactiveMs = await new Promise<number>((done, fail) => {
    const limit = setTimeout(() => fail(new Error(`no list after ${START_LIMIT_MS} ms\n${said}`)), START_LIMIT_MS)
    lines.on('line', (line) => {
      said += `${line}\n`
      if (line !== 'the list is open') return
      clearTimeout(limit)
      done(performance.now() - startedAt)
    })
    child.once('error', fail)
    child.once('exit', (code) => fail(new Error(`the app ended with ${code}\n${said}`)))
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    process: child,
    interactiveMs,
    async stop() {
      child.kill('SIGTERM')
      const [code] = (await gone) as [number | null]
      return code
    },
  }
}

/** Memory of a process and all that it started, in MB: as each counts it, and with shared pages counted once. */
export function memoryOf(pid: number): { processes: number; rss: number; pss: number } {
  const pids = [pid]
  for (const parent of pids) {
    for (const task of readdirSync(`/proc/${parent}/task`)) {
      const children = readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').trim()
      if (children !== '') pids.push(...children.split(' ').map(Number))
    }
  }
  const sum = (field: string) => {
    const kilobytes = pids.map((p) => {
      const text = readFileSync(`/proc/${p}/smaps_rollup`, 'utf8')
      return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN)
    })
    return Math.round((kilobytes.reduce((a, b) => a + b) * 1024) / 1e6)
  }
  return { processes: pids.length, rss: sum('Rss'), pss: sum('Pss') }
}
