import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openWritable, STORE_FILE, type WritableDb } from '../../main/store/database'
import { EventLog, type LineRange, type NewEvent } from '../../main/store/event-log'
import { migrate } from '../../main/store/migrate'
import { asStoreError } from '../../main/store/store-errors'
import { tempDir } from '../support/temp-dir'

const NOW = Date.UTC(2026, 0, 1)
const ALL = 1_000_000

let path: string
let db: WritableDb
let log: EventLog

beforeEach(() => {
  path = join(tempDir(), STORE_FILE)
  db = openWritable(path)
  onTestFinished(() => void db.close())
  migrate(db, path)
  log = new EventLog(db)
})

function event(no: number, change: Partial<NewEvent> = {}): NewEvent {
  const eventId = Buffer.alloc(16)
  eventId.writeUInt32BE(no)
  const body = Buffer.from(`{"no":${no}}`)
  return {
    eventId,
    tenant: 't',
    name: 'order.created',
    domainEntityId: `e-${no}`,
    publishedAt: NOW + no,
    body,
    ...change,
  }
}

function seqs(window: { events: { seq: number }[] }): number[] {
  return window.events.map((e) => e.seq)
}

function typeId(name: string): number {
  const id = [...log.types()].find((t) => t.name === name)?.id
  if (id === undefined) throw new Error(`no type ${name}`)
  return id
}

describe('append', () => {
  it('numbers events from 1 and keeps their bytes', () => {
    const odd = event(2, { body: Buffer.from('{"a":1.00,  "a":2e3}'), domainEntityId: null })
    expect(log.append([event(1), odd], NOW).outcomes).toEqual(['accepted', 'accepted'])
    expect(log.head).toBe(2)
    expect(log.bySeq(2)).toMatchObject({ seq: 2, eventId: odd.eventId, publishedAt: odd.publishedAt, body: odd.body })
    expect(log.bySeq(3)).toBeUndefined()
  })

  it('knows the same id with the same bytes as a duplicate, with other bytes as a conflict', () => {
    log.append([event(1)], NOW)
    const other = event(1, { body: Buffer.from('{"no":"other"}') })
    const result = log.append([event(1), other, event(2), event(2)], NOW)
    expect(result.outcomes).toEqual(['duplicate', 'conflict', 'accepted', 'duplicate'])
    expect(result.accepted.map((e) => e.seq)).toEqual([2])
    expect(log.head).toBe(2)
    expect(log.bySeq(1)?.body).toEqual(event(1).body)
    expect(log.total(typeId('order.created'))).toBe(2)
  })

  it('counts each type for itself, in memory and in the store', () => {
    log.append([event(1), event(2, { name: 'return.opened' }), event(3)], NOW)
    log.append([event(3), event(4)], NOW)
    expect(log.total(typeId('order.created'))).toBe(3)
    expect(log.total(typeId('return.opened'))).toBe(1)
    expect(log.total(99)).toBe(0)
    expect(() => log.type(99)).toThrow()
    expect(db.prepare('SELECT name, events FROM event_types ORDER BY name').all()).toEqual([
      { name: 'order.created', events: 3 },
      { name: 'return.opened', events: 1 },
    ])
  })

  it('stores nothing of a batch that fails, and goes on afterwards', () => {
    log.append([event(1)], NOW)
    const pages = db.pragma('page_count', { simple: true }) as number
    db.pragma(`max_page_count = ${pages + 2}`)
    const big = Buffer.alloc(100_000, 0x20)
    let thrown: unknown
    try {
      log.append([event(2), event(3, { name: 'return.opened' }), event(4, { body: big })], NOW)
    } catch (error) {
      thrown = error
    }
    expect(asStoreError(thrown)).toMatchObject({ code: 'store_full' })
    expect(log.head).toBe(1)
    expect(log.total(typeId('order.created'))).toBe(1)
    expect([...log.types()]).toHaveLength(1)
    expect(db.prepare('SELECT count(*) FROM events').pluck().get()).toBe(1)

    db.pragma('max_page_count = 1000000')
    expect(log.append([event(3, { name: 'return.opened' }), event(2)], NOW).outcomes).toEqual(['accepted', 'accepted'])
    expect(seqs(log.read([typeId('return.opened')], 0, 10, ALL))).toEqual([2])
    expect(log.total(typeId('order.created'))).toBe(2)
  })

  it('continues where it was after it is opened again', () => {
    log.append([event(1), event(2, { name: 'return.opened' })], NOW)
    const types = new Map([...log.types()].map((t) => [t.name, t.id]))
    log = new EventLog(db)
    expect(log.head).toBe(2)
    expect(log.append([event(1), event(3), event(4, { name: 'gift.sent' })], NOW).outcomes).toEqual([
      'duplicate',
      'accepted',
      'accepted',
    ])
    expect(typeId('order.created')).toBe(types.get('order.created'))
    expect(typeId('return.opened')).toBe(types.get('return.opened'))
    expect(log.total(typeId('order.created'))).toBe(2)
    expect(log.bySeq(4)?.typeId).toBe(typeId('gift.sent'))
  })
})

describe('read', () => {
  /** 60 events; event n has the type n modulo `types`. */
  function fill(types: number): number[] {
    const names = Array.from({ length: types }, (_, i) => `type${i}.seen`)
    log.append(
      Array.from({ length: 60 }, (_, i) => event(i + 1, { name: names[(i + 1) % types]! })),
      NOW,
    )
    return names.map(typeId)
  }

  it('gives every type for null, from after the position', () => {
    fill(3)
    expect(seqs(log.read(null, 57, 10, ALL))).toEqual([58, 59, 60])
    expect(log.read(null, 60, 10, ALL)).toEqual({ events: [], upTo: 60 })
  })

  it('merges several types in the order of the log and skips the others', () => {
    const [a, , c] = fill(3) as [number, number, number]
    expect(seqs(log.read([c, a], 3, 5, ALL))).toEqual([5, 6, 8, 9, 11])
    expect(log.read([], 3, 5, ALL)).toEqual({ events: [], upTo: 60 })
  })

  it('says how far it looked: the last event of a full window, else the head', () => {
    const [, b] = fill(3) as [number, number, number]
    expect(log.read([b], 0, 2, ALL)).toMatchObject({ events: [{ seq: 1 }, { seq: 4 }], upTo: 4 })
    expect(log.read([b], 55, 2, ALL)).toMatchObject({ events: [{ seq: 58 }], upTo: 60 })
  })

  it('stops at the bytes, but gives at least one event', () => {
    fill(1)
    const size = log.bySeq(1)!.body.length
    expect(log.read(null, 0, 50, 1)).toMatchObject({ events: [{ seq: 1 }], upTo: 1 })
    expect(seqs(log.read(null, 0, 50, size * 3))).toEqual([1, 2, 3])
    expect(log.read(null, 0, 50, size * 3).upTo).toBe(3)
  })

  it('gives the same for more types than it merges', () => {
    const types = fill(50)
    const wanted = types.filter((_, i) => i !== 7)
    const all = Array.from({ length: 60 }, (_, i) => i + 1).filter((n) => n % 50 !== 7)
    expect(wanted.length).toBeGreaterThan(40)
    expect(seqs(log.read(wanted, 0, 100, ALL))).toEqual(all)
    expect(log.read(wanted, 5, 3, ALL)).toMatchObject({ events: [{ seq: 6 }, { seq: 8 }, { seq: 9 }], upTo: 9 })
    expect(seqs(log.read(wanted.slice(0, 40), 0, 100, ALL))).toEqual(all.filter((n) => n % 50 <= 40))
  })
})

describe('measureTypes', () => {
  it('adds up what measuring each event gives, and says how far it looked', () => {
    const names = ['order.a', 'order.b', 'order.c']
    log.append(
      Array.from({ length: 100 }, (_, i) => event(i + 1, { name: names[i % 3]!, publishedAt: NOW + ((i * 37) % 100) })),
      NOW,
    )
    const [a, , c] = names.map(typeId) as [number, number, number]
    for (const types of [null, [a, c], []]) {
      for (const [seq, limit] of [
        [0, 1000],
        [10, 30],
        [99, 5],
        [100, 5],
      ] as const) {
        const each = log.measure(types, seq, limit)
        const sums = log.measureTypes(types, seq, limit)
        expect(sums.events).toBe(each.length)
        expect(sums.upTo).toBe(each.length < limit ? 100 : each.at(-1)!.seq)
        expect(sums.types.toSorted((x, y) => x.typeId - y.typeId)).toMatchObject(
          [...new Set(each.map((e) => e.typeId))]
            .sort((x, y) => x - y)
            .map((id) => {
              const own = each.filter((e) => e.typeId === id)
              return {
                typeId: id,
                events: own.length,
                bytes: own.reduce((sum, e) => sum + e.bytes, 0),
                firstPublishedAt: Math.min(...own.map((e) => e.publishedAt)),
                lastPublishedAt: Math.max(...own.map((e) => e.publishedAt)),
              }
            }),
        )
      }
    }
  })
})

describe('readLines', () => {
  const texts = [
    '{"a":"\u00e9\u20ac\ud83d\ude00"}',
    '{"a":1.00,  "b":2e3}',
    `{"long":"${'x'.repeat(20_000)}"}`,
    '{}',
    '{"\u0434":"\\u0000"}',
  ]

  /** Reads a whole range in steps. */
  function lines(types: readonly number[] | null, range: LineRange, limit: number, maxBytes: number): Buffer {
    const parts: Buffer[] = []
    for (let after = range.after; after < range.last; ) {
      const { bytes, upTo } = log.readLines(types, { ...range, after }, limit, maxBytes)
      expect(upTo).toBeGreaterThan(after)
      parts.push(bytes)
      after = upTo
    }
    return Buffer.concat(parts)
  }

  it('gives the stored bytes of every event of the range, byte for byte, whatever the steps', () => {
    const names = Array.from({ length: 50 }, (_, i) => `order.n${i}`)
    const events = Array.from({ length: 200 }, (_, i) =>
      event(i + 1, {
        name: names[i % 50]!,
        body: Buffer.from(texts[i % texts.length]!.replace('{', `{"no":${i},`).replace(',}', '}')),
      }),
    )
    log.append(events, NOW)
    const ids = names.map(typeId)
    for (const [types, wanted] of [
      [null, () => true],
      [[ids[3]!, ids[1]!], (i: number) => i % 50 === 1 || i % 50 === 3],
      [ids.slice(0, 45), (i: number) => i % 50 < 45],
      [[], () => false],
    ] as const) {
      for (const dates of [
        { startsAt: null, endsAt: null },
        { startsAt: NOW + 60, endsAt: NOW + 121 },
      ]) {
        const { startsAt, endsAt } = dates
        const expected = events
          .slice(10, 190)
          .filter(
            (e, i) =>
              wanted(i + 10) &&
              e.publishedAt >= (startsAt ?? 0) &&
              e.publishedAt < (endsAt ?? Number.POSITIVE_INFINITY),
          )
          .flatMap((e) => [e.body, Buffer.from('\n')])
        for (const [limit, maxBytes] of [
          [512, ALL],
          [7, ALL],
          [512, 25_000],
          [64, 1],
        ] as const) {
          const got = lines(types, { after: 10, last: 190, ...dates }, limit, maxBytes)
          expect(got.equals(Buffer.concat(expected))).toBe(true)
        }
      }
    }
  })

  it('never gives more bytes than it may, but one event at least', () => {
    const large = event(1, { body: Buffer.from(texts[2]!) })
    log.append([large, ...Array.from({ length: 9 }, (_, i) => event(i + 2))], NOW)
    const range = { after: 0, last: 10, startsAt: null, endsAt: null }
    expect(log.readLines(null, range, 64, 100)).toEqual({
      bytes: Buffer.concat([large.body, Buffer.from('\n')]),
      upTo: 1,
    })
    const { bytes, upTo } = log.readLines(null, { ...range, after: 1 }, 64, 50)
    expect(bytes.length - (upTo - 1)).toBeLessThanOrEqual(50)
    expect(upTo).toBeGreaterThan(2)
  })
})

describe('positions and counts', () => {
  it('finds the position before the first event of a time', () => {
    expect(log.positionBefore(NOW)).toBe(0)
    log.append([event(1, { publishedAt: 100 }), event(2, { publishedAt: 300 }), event(3, { publishedAt: 200 })], NOW)
    expect(log.positionBefore(0)).toBe(0)
    expect(log.positionBefore(100)).toBe(0)
    expect(log.positionBefore(101)).toBe(1)
    expect(log.positionBefore(300)).toBe(1)
    expect(log.positionBefore(301)).toBe(3)
  })

  it('counts the events of types up to a position', () => {
    log.append([event(1), event(2, { name: 'return.opened' }), event(3), event(4, { name: 'gift.sent' })], NOW)
    const types = [typeId('order.created'), typeId('return.opened')]
    expect([0, 1, 2, 3, 4, 9].map((seq) => log.countUpTo(types, seq))).toEqual([0, 1, 2, 3, 3, 3])
    expect(log.countUpTo([], 4)).toBe(0)
  })
})
