import { AppError, type ErrorInfo, type Result, toErrorInfo, unwrap } from '../../shared/errors'
import type { ThreadClient } from './rpc'

/** Pauses before the restarts of a thread that keeps dying, ms. After the last one it stays down. */
export const RESTART_PAUSES_MS = [100, 1_000, 5_000, 15_000, 60_000] as const

/** A thread that has worked for so long since its last restart begins with the shortest pause again. */
export const CALM_MS = 10 * 60_000

/** A call that comes while a thread restarts waits this long for it. */
export const CALL_WAIT_MS = 10_000

export interface SupervisedPorts {
  /** As a sentence begins: `The delivery engine`. */
  readonly what: string
  /** Starts the thread; `onDeath` is called when it ends by itself. */
  readonly start: (onDeath: () => void) => ThreadClient
  /** What the thread opens: the input of its `thread.open`. */
  readonly input: () => unknown
  /** Gives a thread that was restarted what it does not find in the store; calls wait for it. */
  readonly prepare?: (client: ThreadClient) => Promise<void>
  /** What the operator should know meanwhile: that it died, and that it works again. */
  readonly onNotice: (notice: ErrorInfo) => void
  /** It works again. */
  readonly onRestarted: () => void
  /** It died and is not started again. */
  readonly onDeath: (error: ErrorInfo) => void
  /** Default: {@link RESTART_PAUSES_MS}. */
  readonly pausesMs?: readonly number[]
}

/**
 * A thread that is started again when it dies. What it had promised is in the store, so nothing is lost: calls that it was
 * answering get `engine_unavailable`, calls that come meanwhile wait.
 */
export class SupervisedThread {
  readonly #ports: SupervisedPorts
  #client: ThreadClient | null = null
  #restarting: Promise<void> | null = null
  #restarts = 0
  #startedAt = 0
  #closing = false
  #endPause: (() => void) | null = null

  /** Starts the thread, which loads its code until `open`. */
  constructor(ports: SupervisedPorts) {
    this.#ports = ports
    this.#client = this.#spawn()
  }

  /** @throws AppError that kept the thread from opening; it is not tried again then */
  async open(): Promise<void> {
    await this.#opened(this.#client!)
  }

  /** @param context what the thread has to know besides the input, such as who calls */
  async call(name: string, input: unknown, context: unknown = null): Promise<Result<unknown>> {
    if (this.#restarting && !this.#closing) await within(this.#restarting, CALL_WAIT_MS)
    if (this.#client) return this.#client.call(name, input, context)
    const message = this.#restarting ? `${this.#ports.what} is being restarted. Try again in a moment.` : undefined
    return { ok: false, error: new AppError('engine_unavailable', message).toInfo() }
  }

  /** Asks the thread to close with this input, then ends it. One that is down stays down. */
  async close(input: unknown): Promise<void> {
    this.#closing = true
    this.#endPause?.()
    await this.#restarting
    await this.#client?.call('thread.close', input)
    await this.#client?.end()
    this.#client = null
  }

  #spawn(): ThreadClient {
    const client: ThreadClient = this.#ports.start(() => {
      // One that dies before it has opened answers so, and is given up by whoever waits for it.
      if (this.#client === client && this.#startedAt > 0) this.#died()
    })
    return client
  }

  async #opened(client: ThreadClient): Promise<void> {
    this.#startedAt = 0
    try {
      unwrap(await client.call('thread.open', this.#ports.input()))
    } catch (error) {
      await client.end()
      throw error
    }
    this.#startedAt = performance.now()
    // A worker that ends at once is told before what it answered: nobody was listening for its death then.
    if (client.dead) this.#died()
  }

  #died(): void {
    this.#client = null
    if (this.#closing || this.#restarting) return
    if (performance.now() - this.#startedAt >= CALM_MS) this.#restarts = 0
    this.#restarting = this.#restart().finally(() => {
      this.#restarting = null
    })
  }

  async #restart(): Promise<void> {
    const { what, onNotice, onRestarted, onDeath, prepare, pausesMs = RESTART_PAUSES_MS } = this.#ports
    onNotice({ code: 'engine_unavailable', message: `${what} stopped unexpectedly and is being restarted.` })
    for (;;) {
      const pause = pausesMs[this.#restarts]
      if (pause === undefined) {
        const message = `${what} stopped again and again, and is not started any more. Restart the console; nothing is lost.`
        return onDeath({ code: 'engine_unavailable', message })
      }
      this.#restarts++
      await this.#pause(pause)
      if (this.#closing) return
      try {
        const client = this.#spawn()
        this.#client = client
        await this.#opened(client)
        await prepare?.(client)
        if (this.#client !== client) continue
        onNotice({ code: 'engine_restarted', message: `${what} stopped unexpectedly and runs again. Nothing is lost.` })
        return onRestarted()
      } catch (error) {
        this.#client = null
        const { message } = toErrorInfo(error)
        onNotice({ code: 'engine_unavailable', message: `${what} could not be restarted: ${message}` })
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Resolves with the promise, or after `ms`. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, limit])
  clearTimeout(timer)
}
