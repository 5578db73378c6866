import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openReadable, openWritable, STORE_FILE, type WritableDb } from '../../main/store/database'
import { migrate } from '../../main/store/migrate'
import type { Migration } from '../../main/store/migrations'
import { AppError } from '../../shared/errors'
import { tempDir } from '../support/temp-dir'

const first: Migration = { version: 1, name: '0001-notes', sql: 'CREATE TABLE notes (text TEXT NOT NULL) STRICT' }
const second: Migration = { version: 2, name: '0002-stars', sql: 'ALTER TABLE notes ADD COLUMN stars INTEGER' }
const broken: Migration = {
  version: 2,
  name: '0002-broken',
  sql: "CREATE TABLE half (x TEXT) STRICT; UPDATE notes SET text = 'changed'; INSERT INTO nowhere VALUES (1)",
}

let path: string
let backups: string
let db: WritableDb

beforeEach(() => {
  path = join(tempDir(), STORE_FILE)
  backups = join(dirname(path), 'backups')
  db = openWritable(path)
  onTestFinished(() => void db.close())
})

function withNotes(): void {
  migrate(db, path, [first])
  db.exec("INSERT INTO notes VALUES ('kept')")
}

function version(): unknown {
  return db.pragma('user_version', { simple: true })
}

function refusal(work: () => void): AppError {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('migrate', () => {
  it('runs all steps on a new store, without a backup of nothing', () => {
    migrate(db, path, [first, second])
    expect(version()).toBe(2)
    expect(existsSync(backups)).toBe(false)
  })

  it('does nothing to a store that is up to date', () => {
    withNotes()
    migrate(db, path, [first])
    expect(existsSync(backups)).toBe(false)
    expect(db.prepare('SELECT text FROM notes').pluck().all()).toEqual(['kept'])
  })

  it('keeps a complete copy of a store with data before it migrates it', () => {
    withNotes()
    migrate(db, path, [first, second])
    expect(version()).toBe(2)
    expect(db.prepare('SELECT text, stars FROM notes').all()).toEqual([{ text: 'kept', stars: null }])
    const names = readdirSync(backups)
    expect(names).toHaveLength(1)
    const copy = openReadable(join(backups, names[0]!))
    onTestFinished(() => void copy.close())
    expect(copy.pragma('user_version', { simple: true })).toBe(1)
    expect(copy.prepare('SELECT * FROM notes').all()).toEqual([{ text: 'kept' }])
  })

  it('leaves the store as it was when a step fails, and names the step and the copy', () => {
    withNotes()
    const error = refusal(() => migrate(db, path, [first, broken]))
    expect(error.code).toBe('store_migration_failed')
    expect(error.message).toContain('0002-broken')
    const [name] = readdirSync(backups)
    expect(error.message).toContain(join(backups, name!))
    expect(version()).toBe(1)
    expect(db.inTransaction).toBe(false)
    expect(db.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['notes'])
    expect(db.prepare('SELECT text FROM notes').pluck().all()).toEqual(['kept'])
    migrate(db, path, [first, second])
    expect(version()).toBe(2)
  })

  it('refuses a store of a newer version and touches nothing', () => {
    withNotes()
    db.exec('PRAGMA user_version = 7')
    db.pragma('wal_checkpoint(TRUNCATE)')
    const before = { bytes: readFileSync(path), files: readdirSync(dirname(path)) }
    const error = refusal(() => migrate(db, path, [first, second]))
    expect(error.code).toBe('store_newer')
    expect(error.message).toContain('7')
    expect(readFileSync(path).equals(before.bytes)).toBe(true)
    expect(readdirSync(dirname(path))).toEqual(before.files)
  })

  it('keeps the three newest backups and files that are none', () => {
    withNotes()
    mkdirSync(backups)
    const old = [1000, 2000, 3000, 4000].map((stamp) => `store-before-format-2-${stamp}.sqlite`)
    for (const name of [...old, 'mine.txt']) writeFileSync(join(backups, name), '')
    migrate(db, path, [first, second])
    const kept = readdirSync(backups)
    expect(kept).toHaveLength(4)
    expect(kept).toEqual(expect.arrayContaining(['mine.txt', old[2], old[3]]))
    const newest = kept.find((name) => name.endsWith('.sqlite') && !old.includes(name))!
    expect(statSync(join(backups, newest)).size).toBeGreaterThan(0)
  })
})
