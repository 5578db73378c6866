import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CallName, Events, Topic } from '../../shared/contract'
import type { Alert, ExportJob } from '../../shared/domain'
import { AppError, type ErrorInfo, type Result, unwrap } from '../../shared/errors'
import type { Actor } from '../store/audit'
import { STORE_FILE } from '../store/database'
import type { EngineThreadData } from './engine-thread'
import type { ExportOrder } from './exports'
import { ThreadClient } from './rpc'
import { SupervisedThread } from './supervised-thread'

/** Starts one of the two threads. */
export type StartThread = (name: 'engine' | 'reader') => Worker

export interface HostOptions extends EngineThreadData {
  readonly onChanged: (topics: Events['changed']) => void
  readonly onNotice: (notice: ErrorInfo) => void
  readonly onAlert: (alert: Alert) => void
  /** A thread died again and again, and is not started any more. */
  readonly onDeath: (error: ErrorInfo) => void
  /** Default: the files that are built beside this one. */
  readonly startThread?: StartThread
}

/** After a restart of the engine everything that is shown may be out of date. */
const ALL_TOPICS = Object.keys({
  integrations: 0,
  attempts: 0,
  rejected: 0,
  logs: 0,
  events: 0,
  imports: 0,
  inbox: 0,
  secrets: 0,
  resends: 0,
  alerts: 0,
  settings: 0,
  exports: 0,
} satisfies Record<Topic, 0>) as Topic[]

/**
 * The two threads behind every window and command: the engine, the only writer, and the reader for viewers. One that dies is
 * started again, a few times with growing pauses.
 */
export class Host {
  readonly #state: EngineState
  readonly #engine: SupervisedThread
  readonly #reader: SupervisedThread

  private constructor(options: HostOptions) {
    const { workspace, key, version, startThread = builtThread, onNotice, onDeath } = options
    const state: EngineState = (this.#state = { key, demoEvents: null, inbox: false })
    const onEvent = (name: string, payload: unknown) => {
      if (name === 'changed') options.onChanged(payload as Events['changed'])
      else if (name === 'notice') options.onNotice(payload as ErrorInfo)
      else if (name === 'alert') options.onAlert(payload as Alert)
    }
    const onRestarted = () => options.onChanged(ALL_TOPICS)
    this.#engine = new SupervisedThread({
      what: 'The delivery engine',
      start: (died) => new ThreadClient(startThread('engine'), onEvent, died),
      input: () => ({ workspace, key: state.key, version }) satisfies EngineThreadData,
      prepare: (client) => prepareEngine(client, state, onNotice),
      onNotice,
      onRestarted,
      onDeath,
    })
    this.#reader = new SupervisedThread({
      what: 'The part of the console that reads the store',
      start: (died) => new ThreadClient(startThread('reader'), onEvent, died),
      input: () => join(workspace, STORE_FILE),
      onNotice,
      onRestarted,
      onDeath,
    })
  }

  /**
   * Starts the threads and opens the workspace. The threads have ended when it could not be opened.
   *
   * @throws AppError as `Engine` does
   */
  static async open(options: HostOptions): Promise<Host> {
    // Both threads load their code at the same time; the store is there for the reader once the engine has opened it.
    const host = new Host(options)
    try {
      await host.#engine.open()
      await host.#reader.open()
      return host
    } catch (error) {
      await host.close(0)
      throw error
    }
  }

  async engine(name: CallName, input: unknown, actor: Actor): Promise<Result<unknown>> {
    const result = await this.#engine.call(name, input, actor)
    if (result.ok && name === 'inbox.start') this.#state.inbox = true
    if (result.ok && name === 'inbox.stop') this.#state.inbox = false
    return result
  }

  reader(name: CallName, input: unknown): Promise<Result<unknown>> {
    return this.#reader.call(name, input)
  }

  async unlock(key: Uint8Array): Promise<void> {
    this.#state.key = key
    unwrap(await this.#engine.call('thread.unlock', key))
  }

  /** Publishes the events of a file in a loop. */
  async startDemo(file: string): Promise<void> {
    unwrap(await this.#engine.call('thread.demo', file))
    this.#state.demoEvents = file
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
    await this.#reader.close(null)
    await this.#engine.close(graceMs)
  }
}

/** What a restarted engine does not find in the store. */
interface EngineState {
  key: Uint8Array | null
  /** File of the demo that runs; null when none does. */
  demoEvents: string | null
  inbox: boolean
}

async function prepareEngine(
  client: ThreadClient,
  { demoEvents, inbox }: EngineState,
  onNotice: (notice: ErrorInfo) => void,
): Promise<void> {
  const calls: [string, unknown][] = []
  if (inbox) calls.push(['inbox.start', {}])
  if (demoEvents !== null) calls.push(['thread.demo', demoEvents])
  for (const [name, input] of calls) {
    const result = await client.call(name, input)
    if (!result.ok && result.error.code !== 'engine_unavailable') onNotice(result.error)
  }
}

function builtThread(name: 'engine' | 'reader'): Worker {
  // Both are built beside the file that this code is bundled into.
  if (!__filename.endsWith('.cjs')) throw new AppError('internal', 'Threads run from the built files only.')
  return new Worker(join(__dirname, `${name}.cjs`))
}
