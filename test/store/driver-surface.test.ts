import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished } from 'vitest'
import { driverSurface } from '../../main/store/database'

const main = resolve(import.meta.dirname, '../../main')
const databaseFile = join('store', 'database.ts')

/** Product code; `dev/` holds the stand-in of the driver itself. */
const sources = readdirSync(main, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.startsWith('dev') && path !== 'electron.vite.config.ts',
)

/** Names that an interface of database.ts declares itself. */
function declared(name: string): string[] {
  const text = readFileSync(join(main, databaseFile), 'utf8')
  const body = new RegExp(`interface ${name}(?: extends \\w+)? \\{\\n(.*?)\\n\\}`, 's').exec(text)?.[1]
  if (body === undefined) throw new Error(`database.ts has no interface ${name}`)
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(:?<]/gm)].map((match) => match[1]!)
}

describe('driver surface', () => {
  it('exists in the installed driver', () => {
    const db = new Sqlite(':memory:')
    onTestFinished(() => void db.close())
    const statement = db.prepare('SELECT 1')
    expect(driverSurface.database.filter((member) => !(member in db))).toEqual([])
    expect(driverSurface.statement.filter((member) => !(member in statement))).toEqual([])
  })

  it('is what the types of the connection and the statement allow, no more and no less', () => {
    expect(declared('Connection').sort()).toEqual([...driverSurface.database].sort())
    expect(declared('Statement').sort()).toEqual([...driverSurface.statement].sort())
    expect(declared('WritableDb')).toEqual([])
  })

  it('is reached through database.ts only', () => {
    expect(sources.length).toBeGreaterThan(20)
    const importers = sources.filter((path) => /['"]better-sqlite3['"]/.test(readFileSync(join(main, path), 'utf8')))
    expect(importers).toEqual([databaseFile])
  })

  it('is what database.ts itself calls', () => {
    const text = readFileSync(join(main, databaseFile), 'utf8')
    const called = new Set([...text.matchAll(/\bdb\.(\w+)/g)].map((match) => match[1]!))
    expect(called.size).toBeGreaterThan(2)
    expect([...called].filter((member) => !(driverSurface.database as readonly string[]).includes(member))).toEqual([])
    expect(text).not.toMatch(/\bSqlite\.\w/)
  })
})
