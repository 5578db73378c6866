import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CallName, Events } from '../../shared/contract'
import type { Alert } from '../../shared/domain'
import { AppError, type ErrorInfo, type Result, unwrap } from '../../shared/errors'
import type { Actor } from '../store/audit'
import { STORE_FILE } from '../store/database'
import type { EngineThreadData } from './engine-thread'
import { ThreadClient } from './rpc'

export interface HostOptions extends EngineThreadData {
  readonly onChanged: (topics: Events['changed']) => void
  readonly onNotice: (notice: ErrorInfo) => void
  readonly onAlert: (alert: Alert) => void
  /** A thread died by itself. */
  readonly onDeath: (error: ErrorInfo) => void
}

/** The two threads behind every window and command: the engine, the only writer, and the reader for viewers. */
export class Host {
  readonly #engine: ThreadClient
  readonly #reader: ThreadClient

  private constructor(options: HostOptions) {
    const onEvent = (name: string, payload: unknown) => {
      if (name === 'changed') options.onChanged(payload as Events['changed'])
      else if (name === 'notice') options.onNotice(payload as ErrorInfo)
      else if (name === 'alert') options.onAlert(payload as Alert)
    }
    this.#engine = new ThreadClient(thread('engine'), onEvent, options.onDeath)
    this.#reader = new ThreadClient(thread('reader'), onEvent, options.onDeath)
  }

  /**
   * Starts the threads and opens the workspace. The threads have ended when it could not be opened.
   *
   * @throws AppError as `Engine` does
   */
  static async open(options: HostOptions): Promise<Host> {
    const { workspace, key, version } = options
    const host = new Host(options)
    try {
      // Both threads load their code at the same time; the store is there for the reader once the engine has opened it.
      unwrap(await host.#engine.call('thread.open', { workspace, key, version } satisfies EngineThreadData))
      unwrap(await host.#reader.call('thread.open', join(workspace, STORE_FILE)))
      return host
    } catch (error) {
      await host.#reader.end()
      await host.#engine.end()
      throw error
    }
  }

  engine(name: CallName, input: unknown, actor: Actor): Promise<Result<unknown>> {
    return this.#engine.call(name, input, actor)
  }

  reader(name: CallName, input: unknown): Promise<Result<unknown>> {
    return this.#reader.call(name, input)
  }

  async unlock(key: Uint8Array): Promise<void> {
    unwrap(await this.#engine.call('thread.unlock', key))
  }

  /** Publishes the events of a file in a loop. */
  async startDemo(file: string): Promise<void> {
    unwrap(await this.#engine.call('thread.demo', file))
  }

  async sqliteVersion(): Promise<string> {
    return unwrap(await this.#reader.call('thread.sqlite', null)) as string
  }

  /** Lets attempts in flight finish for up to `graceMs`, then closes the store and ends the threads. */
  async close(graceMs: number): Promise<void> {
    await this.#reader.call('thread.close', null)
    await this.#reader.end()
    await this.#engine.call('thread.close', graceMs)
    await this.#engine.end()
  }
}

function thread(name: 'engine' | 'reader'): Worker {
  // Both are built beside the file that this code is bundled into.
  if (!__filename.endsWith('.cjs')) throw new AppError('internal', 'Threads run from the built files only.')
  return new Worker(join(__dirname, `${name}.cjs`))
}
