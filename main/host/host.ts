import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CallName, Events } from '../../shared/contract'
import type { Alert, ExportJob } from '../../shared/domain'
import { AppError, type ErrorInfo, type Result, unwrap } from '../../shared/errors'
import type { Actor } from '../store/audit'
import { STORE_FILE } from '../store/database'
import type { EngineThreadData } from './engine-thread'
import type { ExportOrder } from './exports'
import { ThreadClient } from './rpc'

export interface HostOptions extends Omit<EngineThreadData, 'demoEvents'> {
  readonly demoEvents?: string
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

  private constructor(engine: ThreadClient, reader: ThreadClient) {
    this.#engine = engine
    this.#reader = reader
  }

  /**
   * Opens the workspace.
   *
   * @throws AppError as `Engine` does
   */
  static async open(options: HostOptions): Promise<Host> {
    const { workspace, key, version, demoEvents = null } = options
    const data: EngineThreadData = { workspace, key, version, demoEvents }
    const onEvent = (name: string, payload: unknown) => {
      if (name === 'changed') options.onChanged(payload as Events['changed'])
      else if (name === 'notice') options.onNotice(payload as ErrorInfo)
      else if (name === 'alert') options.onAlert(payload as Alert)
    }
    const engine = new ThreadClient(thread('engine', data), onEvent, options.onDeath)
    await engine.ready()
    const storePath = join(workspace, STORE_FILE)
    const reader = new ThreadClient(thread('reader', { storePath }), onEvent, options.onDeath)
    await reader.ready()
    return new Host(engine, reader)
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

  async startDemo(): Promise<void> {
    unwrap(await this.#engine.call('thread.demo', null))
  }

  /** Starts an export in the reader thread. @param order.path chosen by the operator in the system's dialog */
  async startExport(order: ExportOrder): Promise<ExportJob> {
    return unwrap(await this.#reader.call('thread.export', order)) as ExportJob
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

function thread(name: 'engine' | 'reader', workerData: unknown): Worker {
  // Both are built beside the file that this code is bundled into.
  if (!__filename.endsWith('.cjs')) throw new AppError('internal', 'Threads run from the built files only.')
  return new Worker(join(__dirname, `${name}.cjs`), { workerData })
}
