import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import type { WritableDb } from '../../main/store/database'

/** What the driver does for the engine that a test runs in its own process. */
export interface DriverWatch {
  /** The engine's own connection to the store, once it is open. */
  readonly store: () => WritableDb
  /** Transactions that were begun so far, on whatever connection. */
  readonly begun: () => number
}

/**
 * Watches the driver until the running test ends, so that a test sees each commit, and can make the store of an engine refuse.
 *
 * @param onCommit called after each COMMIT, with the connection that made it
 */
export function watchDriver(onCommit: (db: WritableDb) => void = () => {}): DriverWatch {
  const { exec, pragma } = Sqlite.prototype
  let store: WritableDb | null = null
  let begun = 0
  Sqlite.prototype.exec = function (this: Sqlite.Database, sql: string) {
    if (sql === 'BEGIN IMMEDIATE') begun++
    const result = exec.call(this, sql)
    if (sql === 'COMMIT') onCommit(this as unknown as WritableDb)
    return result
  }
  Sqlite.prototype.pragma = function (this: Sqlite.Database, source: string, options?: Sqlite.PragmaOptions) {
    // Only the writable connection of the store asks for this.
    if (source.startsWith('wal_autocheckpoint')) store = this as unknown as WritableDb
    return pragma.call(this, source, options)
  }
  onTestFinished(() => {
    Sqlite.prototype.exec = exec
    Sqlite.prototype.pragma = pragma
  })
  return {
    store: () => {
      if (store === null) throw new Error('No store was opened.')
      return store
    },
    begun: () => begun,
  }
}
