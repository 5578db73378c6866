import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exportLine, logColumns } from '../../main/host/export-lines'
import { Exports } from '../../main/host/exports'
import { SeededStore } from '../support/seeded-store'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

function setUp(events: number) {
  const store = new SeededStore()
  const no = store.integration('a')
  store.events(events, 'order.created', (i) => `order-${i}`)
  store.attempt(
    no,
    range(1, events),
    (i) => i,
    (seq) => (seq % 10 === 0 ? 'rejected' : null),
  )
  const changes: (() => void)[] = []
  const exports = new Exports({
    db: store.readable(),
    queries: store.queries(),
    onChanged: () => {
      for (const tell of changes.splice(0)) tell()
    },
    now: () => 42,
  })
  const path = (name: string) => join(store.folder, name)
  const job = async (id: number) => (await exports.calls['exports.list']({})).rows.find((each) => each.id === id)!
  return { store, exports, path, job, changes }
}

describe('an export', () => {
  it('writes every row that the filter takes, in the order of the list', async () => {
    const { exports, path, job } = setUp(1234)
    const source = { kind: 'attempts', id: 'a', filter: { outcome: 'failure' } } as const
    const { id } = exports.start({ source, format: 'ndjson', path: path('out.ndjson') })
    await exports.ended(id)
    const text = readFileSync(path('out.ndjson'), 'utf8')
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toHaveLength(123)
    expect(rows[0]).toMatchObject({ domain_entity_id: 'order-1229', status: 'failure', status_code: 400, try: 1 })
    expect(rows.at(-1)).toMatchObject({ domain_entity_id: 'order-9' })
    expect(await job(id)).toMatchObject({ state: 'done', rows: 123, bytes: Buffer.byteLength(text), endedAt: 42 })
    expect(readdirSync(join(path('.')))).not.toContain('out.ndjson.part')
  })

  it('writes CSV that a spreadsheet reads: a head, quotes, no formulas', async () => {
    const { exports, path } = setUp(10)
    const { id } = exports.start({
      source: { kind: 'rejected', id: 'a', filter: {} },
      format: 'csv',
      path: path('out.csv'),
    })
    await exports.ended(id)
    const [head, row, end] = readFileSync(path('out.csv'), 'utf8').split('\r\n')
    expect(head).toBe('\uFEFFevent_id,event,domain_entity_id,rejected_at,reason,status_code,error,answer,envelope')
    expect(row).toContain(',order.created,order-9,')
    expect(row).toContain(',"{""error"":""rejected""}",')
    expect(end).toBe('')
  })

  it('has the stored envelope of a rejected event, byte for byte', async () => {
    const { exports, path, store } = setUp(10)
    const { id } = exports.start({
      source: { kind: 'rejected', id: 'a', filter: {} },
      format: 'ndjson',
      path: path('out.ndjson'),
    })
    await exports.ended(id)
    const body = (store.db.prepare('SELECT body FROM events WHERE seq = 10').pluck().get() as Buffer).toString()
    expect(readFileSync(path('out.ndjson'), 'utf8')).toContain(`"envelope":${body}}`)
  })

  it('of nothing is a head alone', async () => {
    const { exports, path, job } = setUp(1)
    const { id } = exports.start({
      source: { kind: 'logs', id: 'a', filter: { text: 'nothing like that' } },
      format: 'csv',
      path: path('out.csv'),
    })
    await exports.ended(id)
    expect(readFileSync(path('out.csv'), 'utf8')).toBe('\uFEFFaction,reason,created_at\r\n')
    expect(await job(id)).toMatchObject({ state: 'done', rows: 0 })
  })

  it('that is cancelled leaves nothing behind', async () => {
    const { exports, path, job, changes } = setUp(5000)
    const { id } = exports.start({
      source: { kind: 'attempts', id: 'a', filter: {} },
      format: 'csv',
      path: path('out.csv'),
    })
    while ((await job(id)).rows === 0) await new Promise<void>((tell) => changes.push(tell))
    expect(await exports.calls['exports.cancel']({ exportId: id })).toMatchObject({ state: 'cancelled' })
    await exports.ended(id)
    expect((await job(id)).rows).toBeLessThan(5000)
    expect(readdirSync(path('.')).filter((name) => name.startsWith('out'))).toEqual([])
    await expect(async () => exports.calls['exports.cancel']({ exportId: 99 })).rejects.toMatchObject({
      code: 'export_not_found',
    })
  })

  it('that fails says why, and leaves an older file as it was', async () => {
    const { exports, path, job } = setUp(5)
    const source = { kind: 'attempts', id: 'a', filter: {} } as const
    const missing = exports.start({ source, format: 'csv', path: join(path('no-such'), 'out.csv') })
    await exports.ended(missing.id)
    expect(await job(missing.id)).toMatchObject({ state: 'failed', errorMessage: 'The folder is not there.' })
    mkdirSync(path('taken'))
    const taken = exports.start({ source, format: 'csv', path: path('taken') })
    await exports.ended(taken.id)
    expect(await job(taken.id)).toMatchObject({ state: 'failed', errorMessage: 'There is a folder with this name.' })
    expect(existsSync(path('taken.part'))).toBe(false)
    const gone = exports.start({ source: { ...source, id: 'no-such' }, format: 'csv', path: path('gone.csv') })
    await exports.ended(gone.id)
    expect(await job(gone.id)).toMatchObject({ state: 'failed', errorMessage: 'There is no integration "no-such".' })
  })

  it('ends with the reader', async () => {
    const { exports, path, job } = setUp(5000)
    const { id } = exports.start({
      source: { kind: 'attempts', id: 'a', filter: {} },
      format: 'csv',
      path: path('out.csv'),
    })
    await exports.close()
    expect(await job(id)).toMatchObject({ state: 'cancelled' })
    expect(existsSync(path('out.csv.part'))).toBe(false)
  })
})

describe('a line of CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', `'+1`],
    ['-1', `'-1`],
    ['@x', `'@x`],
    ['\tx', `'\tx`],
  ])('writes %j as %j', (reason, field) => {
    const line = exportLine('csv', logColumns, { id: 1, action: 'retry_triggered', reason, createdAt: 0 })
    expect(line).toBe(`retry_triggered,${field},1970-01-01T00:00:00.000Z\r\n`)
  })
})
