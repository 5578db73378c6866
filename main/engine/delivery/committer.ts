import type { DeliveryStore, LaneCommit } from '../../store/delivery'
import type { WalSync } from '../../store/wal-sync'
import type { Lane } from './lane'

/**
 * How long results are gathered before they are stored together: at least the first, and so long that storing takes no more
 * than a tenth of the thread's time, up to the second. Also the time whose attempts a crash may repeat; a power cut those of the
 * sync before it too.
 */
export const COMMIT_INTERVAL_MS = 5
export const COMMIT_INTERVAL_MAX_MS = 50
const GATHERING_TO_STORING = 9

const RETRY_AFTER_FAILURE_MS = 1000

/** How long the next results are gathered when storing the last ones took `storedMs`. */
export function gatheringTime(storedMs: number): number {
  return Math.min(COMMIT_INTERVAL_MAX_MS, Math.max(COMMIT_INTERVAL_MS, storedMs * GATHERING_TO_STORING))
}

export interface CommitterPorts {
  readonly store: DeliveryStore
  readonly wal: WalSync
  readonly lanes: () => Iterable<Lane>
  /** The store refused a commit (disk full, locked): told once until it works again. */
  readonly onBlocked: (error: unknown) => void
  readonly onCommitted: (integrations: number) => void
}

/**
 * Group commit: gathers what the lanes finished and stores it in one transaction. While the store refuses, the results stay in
 * memory, nothing new is sent, and the commit is tried again.
 *
 * The sync of a commit runs beside the thread, and the next commit waits for its end, so that never more than two lots of results
 * are at a power cut's mercy. Nobody was told of them, and a result that is gone means an attempt that is made again.
 */
export class Committer {
  readonly #ports: CommitterPorts
  #timer: NodeJS.Timeout | null = null
  #blocked = false
  #interval = COMMIT_INTERVAL_MS
  #syncing = false
  /** A commit was asked for while a sync ran. */
  #waiting = false
  /** A sync failed, so that what it was for may not be on the disk. */
  #owesSync = false
  #stopped = false

  constructor(ports: CommitterPorts) {
    this.#ports = ports
  }

  get blocked(): boolean {
    return this.#blocked
  }

  request(): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(this.#onTimer, this.#blocked ? RETRY_AFTER_FAILURE_MS : this.#interval)
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    if (this.#syncing) this.#waiting = true
    else this.#store(false)
  }

  /** Stores everything that is ready, on the disk when this returns. @returns false when the store refused it */
  flush(): boolean {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    return this.#store(true)
  }

  #store(synced: boolean): boolean {
    const batch: { readonly lane: Lane; readonly commit: LaneCommit }[] = []
    for (const lane of this.#ports.lanes()) {
      const commit = lane.collect()
      if (commit) batch.push({ lane, commit })
    }
    const { store, wal } = this.#ports
    const commit = () => store.commit(batch.map((b) => b.commit))
    // Files of batches are removed once their result is stored, which must not come back as not stored.
    const waits = synced || batch.some((b) => b.commit.batches.length > 0)
    const began = performance.now()
    try {
      if (this.#owesSync || (synced && this.#syncing && batch.length === 0)) wal.syncNow()
      this.#owesSync = false
      if (batch.length > 0) {
        if (waits) commit()
        else wal.unsynced(commit)
      }
    } catch (error) {
      this.#block(error)
      return false
    }
    if (batch.length > 0) {
      this.#interval = gatheringTime(performance.now() - began)
      if (!waits) this.#sync()
    }
    const wasBlocked = this.#blocked
    this.#blocked = false
    for (const { lane, commit } of batch) lane.committed(commit)
    if (wasBlocked) this.#wakeAll()
    if (batch.length > 0) this.#ports.onCommitted(batch.length)
    return true
  }

  #sync(): void {
    this.#syncing = true
    this.#ports.wal.sync((error) => {
      this.#syncing = false
      const waiting = this.#waiting
      this.#waiting = false
      if (this.#stopped) return
      if (error) {
        this.#owesSync = true
        this.#block(error)
      } else if (waiting) this.#store(false)
    })
  }

  #block(error: unknown): void {
    if (!this.#blocked) this.#ports.onBlocked(error)
    this.#blocked = true
    this.request()
  }

  /** Lanes that had nothing to record did not notice that they may go on. */
  #wakeAll(): void {
    for (const lane of this.#ports.lanes()) lane.pump()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
