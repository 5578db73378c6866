import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { AppError, type ErrorInfo } from '../../shared/errors'
import type { EngineAnswer, EngineCommand, EngineProcessOptions } from './engine-protocol'

const ROOT = join(import.meta.dirname, '../..')
const SOURCES = ['main/engine', 'main/store', 'shared', 'test/support']
const OUT = join(ROOT, 'out', 'engine-process')

/** How long a bundle of other sources is kept. */
const KEPT_MS = 3_600_000

let bundled: Promise<string> | null = null

/** Bundles the engine's process once for the sources as they are, and gives the file. Test files that run at once share it. */
function bundle(): Promise<string> {
  bundled ??= makeBundle()
  return bundled
}

async function makeBundle(): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of SOURCES) {
    for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(ts|sql)$/.test(name)) hash.update(name).update(readFileSync(join(ROOT, folder, name)))
    }
  }
  const name = hash.digest('hex').slice(0, 16)
  const file = join(OUT, `${name}.mjs`)
  if (existsSync(file)) return file
  const own = join(OUT, `${name}-${process.pid}`)
  const { build } = await import('vite')
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      target: 'node24',
      minify: false,
      outDir: own,
      emptyOutDir: true,
      rolldownOptions: {
        input: { engine: join(ROOT, 'test/support/engine-process.ts') },
        external: ['better-sqlite3'],
        output: { format: 'es', entryFileNames: '[name].mjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true, external: ['better-sqlite3'] },
  })
  mkdirSync(OUT, { recursive: true })
  // Others may be in use by a run that began before the last change.
  for (const old of readdirSync(OUT)) {
    if (Date.now() - statSync(join(OUT, old)).mtimeMs > KEPT_MS)
      rmSync(join(OUT, old), { recursive: true, force: true })
  }
  renameSync(join(own, 'engine.mjs'), file)
  rmSync(own, { recursive: true, force: true })
  return file
}

export interface LaunchOptions extends EngineProcessOptions {
  /** A program and its arguments that starts the process, such as a tracer. */
  readonly under?: readonly string[]
  readonly nodeFlags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The engine in a process of its own. */
export class EngineProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  #next = 1
  #complaint = ''
  /** What the engine told its operator. */
  readonly notices: ErrorInfo[] = []
  /** Resolves when the process is gone. */
  readonly exit: Promise<Exit>
  /** Resolves when the workspace is open. */
  readonly opened: Promise<unknown>

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint += text
    })
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const error = new Error(`The engine's process ended (${signal ?? code}). ${this.#complaint}`)
        for (const { reject } of this.#waiting.values()) reject(error)
        this.#waiting.clear()
        resolve({ code, signal })
      })
    })
    this.opened = this.#expect(0)
    child.on('message', (answer: EngineAnswer) => {
      if ('notice' in answer) return void this.notices.push(answer.notice)
      const waiter = this.#waiting.get(answer.no)
      this.#waiting.delete(answer.no)
      if ('error' in answer) waiter?.reject(new AppError(answer.error.code, answer.error.message))
      else waiter?.resolve(answer.value as never)
    })
  }

  /** Starts a process; its workspace is open when this resolves. Rejects when it ended before. */
  static async start(options: LaunchOptions): Promise<EngineProcess> {
    const engine = await EngineProcess.launch(options)
    await engine.opened
    return engine
  }

  /** Starts a process and does not wait until its workspace is open. */
  static async launch({ under = [], nodeFlags = [], env = {}, ...options }: LaunchOptions): Promise<EngineProcess> {
    const [command, ...args] = [...under, process.execPath, ...nodeFlags, await bundle(), JSON.stringify(options)]
    const child = spawn(command!, args, {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    })
    return new EngineProcess(child)
  }

  /** Of the process that was started, which is the tracer when there is one. */
  get pid(): number {
    return this.#child.pid!
  }

  get complaint(): string {
    return this.#complaint
  }

  #expect<T>(no: number): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => this.#waiting.set(no, { resolve, reject }))
    // Nobody may wait for it any more when the process is killed.
    answer.catch(() => {})
    return answer
  }

  /** Gives the process a command. Rejects with the engine's own refusal, or when the process ends before it answers. */
  send<T = unknown>(command: EngineCommand): Promise<T> {
    const no = this.#next++
    if (!this.#child.connected) return Promise.reject(new Error(`The engine's process is gone. ${this.#complaint}`))
    const answer = this.#expect<T>(no)
    // One that dies just now cannot be written to; its end rejects the answer.
    this.#child.send({ no, command }, () => {})
    return answer
  }

  /** Calls the engine. */
  call<T = unknown>(name: Extract<EngineCommand, { do: 'call' }>['name'], input: unknown): Promise<T> {
    return this.send<T>({ do: 'call', name, input })
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  /** Closes the workspace as a user does, and waits for the end. */
  async close(): Promise<void> {
    await this.send({ do: 'close' })
    await this.exit
  }

  /** Ends the process whatever it does. Calling it again does nothing. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exit
  }
}

/** Why a test is skipped where {@link hasStrace} says no. */
export const NO_STRACE = 'strace is not installed'

/**
 * Whether system calls can be watched and interrupted here.
 *
 * @throws Error in CI, where the set-up installs it: a proof that is skipped there would be missed by nobody
 */
export function hasStrace(): boolean {
  const found = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'strace')))
  if (!found && process.env.CI) throw new Error('CI has to have strace; main/dev/test-tools.mjs installs it.')
  return found
}
