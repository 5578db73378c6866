import Sqlite from 'better-sqlite3'

/**
 * The part of better-sqlite3 that the product uses. It must exist alike in 11.5 (the development stand-in runtime) and 13
 * (shipped): `test/store/driver-surface.test.ts` holds the two lists against the code and against the driver.
 */
export interface Statement {
  run(...params: readonly unknown[]): {
    readonly changes: number
    readonly lastInsertRowid: number | bigint
  }
  get(...params: readonly unknown[]): unknown
  all(...params: readonly unknown[]): unknown[]
  iterate(...params: readonly unknown[]): IterableIterator<unknown>
  pluck(): Statement
}

interface Connection {
  prepare(sql: string): Statement
  exec(sql: string): unknown
  pragma(source: string, options?: { readonly simple?: boolean }): unknown
  close(): unknown
  readonly inTransaction: boolean
}

declare const writes: unique symbol

/** A connection that can only read: `query_only` and opened read-only. */
export interface ReadableDb extends Connection {}

/** The connection of the engine thread, the only writer. The brand keeps a reader from being passed in its place. */
export interface WritableDb extends Connection {
  readonly [writes]: true
}

export const driverSurface = {
  database: ['prepare', 'exec', 'pragma', 'close', 'inTransaction'],
  statement: ['run', 'get', 'all', 'iterate', 'pluck'],
} as const

/** Name of the store in the workspace's folder. */
export const STORE_FILE = 'store.sqlite'

/** Pages of 8 KiB hold several envelopes of the usual 1 to 3 KB without overflow pages. */
const PAGE_SIZE = 8192

/** 4,000 pages = 32 MiB of WAL between checkpoints: few enough syncs, and a bounded pause for each. */
const WAL_PAGES = 4000

/**
 * Opens the store for writing and creates it when it is missing.
 *
 * WAL, and `synchronous=FULL`: better-sqlite3 is built with NORMAL as the WAL default, with which the newest commits can
 * vanish on power loss. An accepted event must not.
 */
export function openWritable(path: string): WritableDb {
  const db = new Sqlite(path, { timeout: 5000 })
  db.pragma(`page_size = ${PAGE_SIZE}`)
  // Takes effect on a new file only: pages that retention frees can be given back in small steps.
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('foreign_keys = ON')
  db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`)
  db.pragma('cache_size = -65536')
  db.pragma('temp_store = MEMORY')
  return db as unknown as WritableDb
}

/** Opens an existing store for reading only. */
export function openReadable(path: string): ReadableDb {
  const db = new Sqlite(path, {
    readonly: true,
    fileMustExist: true,
    timeout: 5000,
  })
  db.pragma('query_only = ON')
  db.pragma('cache_size = -65536')
  db.pragma('temp_store = MEMORY')
  return db as unknown as ReadableDb
}

/** Opens a database file that is not the store, such as the lock file, with the driver's defaults. */
export function openPlain(path: string, timeoutMs: number): WritableDb {
  return new Sqlite(path, { timeout: timeoutMs }) as unknown as WritableDb
}

/** Runs `work` in one immediate transaction: all of it is stored, or nothing. */
export function transaction<T>(db: WritableDb, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const value = work()
    db.exec('COMMIT')
    return value
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}
