import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../shared/errors'
import { transaction, type WritableDb } from './database'
import { migrations as all, type Migration } from './migrations'

/** Backups of the store from before a migration, the newest of which are kept. */
const BACKUPS_KEPT = 3

/**
 * Brings the store to the newest version, each migration in a transaction of its own, after a backup of a store that holds data.
 *
 * @param storePath file of the store; backups go to `backups/` beside it
 * @throws AppError `store_newer` when the file is from a newer version of the product (nothing is touched),
 *   `store_migration_failed` naming the migration and the backup (the store is as it was before that migration)
 */
export function migrate(db: WritableDb, storePath: string, migrations: readonly Migration[] = all): void {
  const from = db.pragma('user_version', { simple: true }) as number
  const newest = migrations.at(-1)?.version ?? 0
  if (from > newest) {
    throw new AppError(
      'store_newer',
      `The workspace has format ${from}, this version of the console knows up to ${newest}. Open it with a newer version.`,
    )
  }
  const open = migrations.filter((m) => m.version > from)
  if (open.length === 0) return
  const backup = from === 0 ? null : backUp(db, storePath, from)
  // A table that others refer to can only be rebuilt while references are not enforced; they are checked before each commit.
  db.pragma('foreign_keys = OFF')
  try {
    for (const migration of open) step(db, migration, backup)
  } finally {
    db.pragma('foreign_keys = ON')
  }
}

function step(db: WritableDb, migration: Migration, backup: string | null): void {
  try {
    transaction(db, () => {
      db.exec(migration.sql)
      const broken = db.pragma('foreign_key_check') as unknown[]
      if (broken.length > 0) throw new Error(`${broken.length} rows refer to rows that are not there`)
      db.exec(`PRAGMA user_version = ${migration.version}`)
    })
  } catch (cause) {
    const kept = backup === null ? '' : ` A copy from before is at ${backup}.`
    throw new AppError(
      'store_migration_failed',
      `The workspace could not be brought to the format of this version (step ${migration.name}). That step changed nothing.${kept}`,
      { cause },
    )
  }
}

function backUp(db: WritableDb, storePath: string, version: number): string {
  const folder = join(dirname(storePath), 'backups')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stem = `${basename(storePath, '.sqlite')}-before-format-`
  const path = join(folder, `${stem}${version + 1}-${Date.now()}.sqlite`)
  // VACUUM INTO reads one consistent state and writes a complete file, or fails as a whole.
  db.prepare('VACUUM INTO ?').run(path)
  if (!existsSync(path))
    throw new AppError('store_migration_failed', 'The backup before the migration was not written.')
  const old = readdirSync(folder)
    .filter((name) => name.startsWith(stem))
    .sort((a, b) => stampOf(b) - stampOf(a))
    .slice(BACKUPS_KEPT)
  for (const name of old) rmSync(join(folder, name), { force: true })
  return path
}

function stampOf(name: string): number {
  return Number(/-(\d+)\.sqlite$/.exec(name)?.[1] ?? 0)
}
