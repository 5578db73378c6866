import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs'
import type { WritableDb } from './database'

/**
 * Syncs the write-ahead log to the disk beside the thread that writes it: a sync takes milliseconds in which a thread that waits for
 * it sends nothing.
 *
 * What {@link unsynced} stored is there for every reader and outlives the process at once; it outlives a power cut when a later
 * {@link sync} has ended, or any later transaction without `unsynced`, whose own sync covers the whole log. A power cut before
 * takes the newest transactions, never one from the middle: the log counts up to its first frame that is not whole.
 *
 * The log's own file is opened a second time for it. SQLite keeps no locks on that file, so closing this one frees none.
 */
export class WalSync {
  readonly #db: WritableDb
  readonly #file: number
  #syncs = 0
  #closed = false

  /** @param path of the store, which is open in WAL mode and has been written to, so that its log exists */
  constructor(db: WritableDb, path: string) {
    this.#db = db
    // For writing, since Windows syncs no other.
    this.#file = openSync(`${path}-wal`, 'r+')
  }

  /** Runs `work`, which must be outside any transaction, with transactions that do not wait for their sync. */
  unsynced(work: () => void): void {
    this.#db.pragma('synchronous = NORMAL')
    try {
      work()
    } finally {
      this.#db.pragma('synchronous = FULL')
    }
  }

  /** Calls `done` when everything stored so far is on the disk, or with the error of the system. */
  sync(done: (error: Error | null) => void): void {
    this.#syncs++
    fdatasync(this.#file, (error) => {
      if (--this.#syncs === 0 && this.#closed) closeSync(this.#file)
      done(error)
    })
  }

  /** The same while the thread waits. @throws the error of the system */
  syncNow(): void {
    fdatasyncSync(this.#file)
  }

  /** Syncs that run end first. */
  close(): void {
    this.#closed = true
    if (this.#syncs === 0) closeSync(this.#file)
  }
}
