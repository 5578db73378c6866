import type { DeliveryStore } from '../../store/delivery'
import type { Lane } from './lane'

/**
 * How long results are gathered before they are stored together: at least the first, and so long that storing takes no more
 * than a fifth of the thread's time, up to the second. Also the time whose attempts a crash may repeat.
 */
export const COMMIT_INTERVAL_MS = 5
const COMMIT_INTERVAL_MAX_MS = 50
const GATHERING_TO_STORING = 4

const RETRY_AFTER_FAILURE_MS = 1000

export interface CommitterPorts {
  readonly store: DeliveryStore
  readonly lanes: () => Iterable<Lane>
  /** The store refused a commit (disk full, locked): told once until it works again. */
  readonly onBlocked: (error: unknown) => void
  readonly onCommitted: (integrations: number) => void
}

/**
 * Group commit: gathers what the lanes finished and stores it in one transaction. While the store refuses, the results stay in
 * memory, nothing new is sent, and the commit is tried again.
 */
export class Committer {
  readonly #ports: CommitterPorts
  #timer: NodeJS.Timeout | null = null
  #blocked = false
  #interval = COMMIT_INTERVAL_MS

  constructor(ports: CommitterPorts) {
    this.#ports = ports
  }

  get blocked(): boolean {
    return this.#blocked
  }

  request(): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(() => this.flush(), this.#blocked ? RETRY_AFTER_FAILURE_MS : this.#interval)
  }

  /** Stores everything that is ready. @returns false when the store refused it */
  flush(): boolean {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const batch = []
    for (const lane of this.#ports.lanes()) {
      const commit = lane.collect()
      if (commit) batch.push({ lane, commit })
    }
    if (batch.length === 0) {
      this.#unblock()
      return true
    }
    const began = performance.now()
    try {
      this.#ports.store.commit(batch.map((b) => b.commit))
    } catch (error) {
      if (!this.#blocked) this.#ports.onBlocked(error)
      this.#blocked = true
      this.request()
      return false
    }
    const took = (performance.now() - began) * GATHERING_TO_STORING
    this.#interval = Math.min(COMMIT_INTERVAL_MAX_MS, Math.max(COMMIT_INTERVAL_MS, took))
    const wasBlocked = this.#blocked
    this.#blocked = false
    for (const { lane, commit } of batch) lane.committed(commit)
    if (wasBlocked) this.#wakeAll()
    this.#ports.onCommitted(batch.length)
    return true
  }

  #unblock(): void {
    if (!this.#blocked) return
    this.#blocked = false
    this.#wakeAll()
  }

  /** The lanes that had nothing to store were kept from sending too. */
  #wakeAll(): void {
    for (const lane of this.#ports.lanes()) lane.pump()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
