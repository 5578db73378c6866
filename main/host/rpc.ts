import type { MessagePort, Worker } from 'node:worker_threads'
import { AppError, type ErrorInfo, type Result, toErrorInfo } from '../../shared/errors'

type Request = { readonly id: number; readonly name: string; readonly input: unknown; readonly context: unknown }
type Message =
  | { readonly kind: 'answer'; readonly id: number; readonly result: Result<unknown> }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown }

/** The thread's end: answers requests with what `handle` gives or throws. Those sent while the thread started wait for this. */
export function serve(port: MessagePort, handle: (name: string, input: unknown, context: unknown) => unknown): void {
  port.on('message', async ({ id, name, input, context }: Request) => {
    let result: Result<unknown>
    try {
      result = { ok: true, value: await handle(name, input, context) }
    } catch (error) {
      if (!(error instanceof AppError)) console.error(`call ${name} failed`, error)
      result = { ok: false, error: toErrorInfo(error) }
    }
    port.postMessage({ kind: 'answer', id, result } satisfies Message)
  })
}

/** Sends an event to the owner of this thread. */
export function emit(port: MessagePort, name: string, payload: unknown): void {
  port.postMessage({ kind: 'event', name, payload } satisfies Message)
}

/** The owner's end of a thread. */
export class ThreadClient {
  readonly #worker: Worker
  readonly #open = new Map<number, (result: Result<unknown>) => void>()
  #lastId = 0
  #dead: ErrorInfo | null = null

  /**
   * @param onEvent messages that the thread sends by itself
   * @param onDeath called when the thread ends without `end()`
   */
  constructor(worker: Worker, onEvent: (name: string, payload: unknown) => void, onDeath: (error: ErrorInfo) => void) {
    this.#worker = worker
    worker.on('message', (message: Message) => {
      if (message.kind === 'event') return onEvent(message.name, message.payload)
      this.#open.get(message.id)?.(message.result)
      this.#open.delete(message.id)
    })
    worker.on('error', (error) => console.error('thread failed', error))
    worker.on('exit', () => {
      const expected = this.#dead !== null
      this.#dead ??= new AppError('engine_unavailable').toInfo()
      for (const answer of this.#open.values()) answer({ ok: false, error: this.#dead })
      this.#open.clear()
      if (!expected) onDeath(this.#dead)
    })
  }

  /** True when the thread has ended. */
  get dead(): boolean {
    return this.#dead !== null
  }

  /** @param context what the thread has to know besides the input, such as who calls */
  call(name: string, input: unknown, context: unknown = null): Promise<Result<unknown>> {
    if (this.#dead) return Promise.resolve({ ok: false, error: this.#dead })
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#open.set(id, resolve)
      this.#worker.postMessage({ id, name, input, context } satisfies Request)
    })
  }

  /** Ends the thread; what it has open is lost, so ask it to close first. */
  async end(): Promise<void> {
    this.#dead = new AppError('engine_unavailable').toInfo()
    await this.#worker.terminate()
  }
}
