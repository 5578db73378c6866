import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventCatalog, findEventType } from '../../shared/event-catalog'
import { DEFAULT_START, generate, generateEvents, type StoryName, writeEventFile } from '../support/event-generator'
import { Random } from '../support/random'
import { tempDir } from '../support/temp-dir'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

interface Item {
  readonly id: string
  readonly product_id: string
  readonly list_price: number
  readonly item_discounts: number
  readonly order_discounts: number
  readonly tax: number
  readonly tax_provider_details?: readonly { readonly amount: number }[]
  readonly refund_amount_adjusted: number
  readonly status: string
}

/** The fields of any payload that the checks below look at. */
interface Payload {
  readonly id: string
  readonly order_id: string
  readonly items: readonly Item[]
  readonly subtotal: number
  readonly discount_total: number
  readonly shipping_total: number
  readonly shipping_tax: number
  readonly tax_total: number
  readonly grand_total: number
  readonly currency: string
  readonly is_exchange: boolean
  readonly exchanges?: readonly { readonly order_id: string; readonly return_id: string }[]
  readonly logical_timestamp: number
  readonly payment_account_id: string
  readonly total_refund_amount_adjusted: number
  readonly return_fee: number
  readonly amount: number
  readonly transactions: readonly {
    readonly amount: number
    readonly currency: string
    readonly correlation_id: string
    readonly instrument_id: string
  }[]
  readonly instruments: readonly { readonly id: string }[]
  readonly chunk_number: number
  readonly total_chunks: number
  readonly asn_id?: string
}

interface Envelope {
  readonly tenant: string
  readonly name: string
  readonly published_at: string
  readonly payload: Payload
}

const parse = (line: string) => JSON.parse(line) as Envelope
const cents = (amount: number) => Math.round(amount * 100)
const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0)
const lines = (options: Parameters<typeof generateEvents>[0]) => [...generateEvents(options)]
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

const MANY = 10_000
const many = lines({ seed: 7, count: MANY })
const events = many.map(parse)

describe('a stream', () => {
  it('is the same for the same seed, on every machine and Node version', () => {
    const text = lines({ seed: 42, count: 500 }).join('\n')
    expect(lines({ seed: 42, count: 500 }).join('\n')).toBe(text)
    expect(digest(text)).toBe('0456438515b6e56916c455907edf01430c802ced00ba623a2b0c9e06168acf3f')
  })

  it('is another one for another seed', () => {
    const first = new Set(lines({ seed: 1, count: 200 }))
    expect(lines({ seed: 2, count: 200 }).some((line) => first.has(line))).toBe(false)
  })

  it('is the beginning of every longer one', () => {
    expect(many.slice(0, 300)).toEqual(lines({ seed: 7, count: 300 }))
  })

  it('has as many events as asked for, each a single line of compact JSON with exactly the four envelope fields', () => {
    expect(many).toHaveLength(MANY)
    for (const [i, line] of many.entries()) {
      expect(line).not.toContain('\n')
      expect(JSON.stringify(events[i])).toBe(line)
      expect(Object.keys(events[i]!)).toEqual(['tenant', 'name', 'published_at', 'payload'])
    }
  })

  it('holds every event type whose shape is known, and only types of the catalog', () => {
    const told = new Set(events.map((e) => e.name))
    const known = eventCatalog.flatMap((entity) => entity.eventTypes.map((t) => t.name))
    const untold = ['order.items_swapped', 'order.shipped']
    expect([...told].sort()).toEqual(known.filter((name) => !untold.includes(name)).sort())
    for (const name of told) expect(findEventType(name)?.replacedBy).toBeUndefined()
  })

  it('starts at the start, never goes back, and has the mean gap asked for', () => {
    for (const meanGap of [1, 1000, 60_000]) {
      const start = Date.UTC(2020, 1, 29, 23, 59)
      const times = lines({ seed: 3, count: 4000, start, meanGap }).map((line) => parse(line).published_at)
      for (const time of times) expect(time).toMatch(TIME)
      const ms = times.map((time) => Date.parse(time))
      expect(ms[0]).toBe(start)
      expect(ms.every((time, i) => i === 0 || time >= ms[i - 1]!)).toBe(true)
      const mean = (ms.at(-1)! - start) / (ms.length - 1)
      expect(mean).toBeGreaterThan(meanGap * 0.9)
      expect(mean).toBeLessThan(meanGap * 1.1)
    }
    expect(Date.parse(events[0]!.published_at)).toBe(DEFAULT_START)
  })

  it('can stand still', () => {
    const times = lines({ seed: 3, count: 50, meanGap: 0 }).map((line) => parse(line).published_at)
    expect(new Set(times).size).toBe(1)
  })

  it('is of the tenant asked for', () => {
    const tenants = lines({ seed: 3, count: 50, tenant: 'a "quoted" one' }).map((line) => parse(line).tenant)
    expect(new Set(tenants)).toEqual(new Set(['a "quoted" one']))
    expect(events[0]?.tenant).toBe('example-tenant')
  })

  it('has bodies of the sizes that were promised, some of them not ASCII', () => {
    const sizes = many.map((line) => Buffer.byteLength(line))
    const mean = sum(sizes) / sizes.length
    expect(mean).toBeGreaterThan(1500)
    expect(mean).toBeLessThan(2000)
    expect(Math.min(...sizes)).toBeGreaterThan(250)
    expect(Math.max(...sizes)).toBeLessThan(4500)
    const short = lines({ seed: 7, count: 5000, detail: 'short' }).map((line) => Buffer.byteLength(line))
    expect(sum(short) / short.length).toBeLessThan(1100)
    expect(many.filter((line, i) => line.length !== sizes[i]).length).toBeGreaterThan(MANY / 20)
  })

  it('follows the mix', () => {
    const entities = (mix: Partial<Record<StoryName, number>>) =>
      new Set(lines({ seed: 5, count: 2000, mix }).map((line) => parse(line).name.split('.')[0]))
    expect(entities({ transfer: 1, adjustment: 1 })).toEqual(new Set(['inventory_transaction']))
    expect(entities({ storeOrder: 2 })).not.toContain('inventory_transaction')
    expect(() => lines({ seed: 5, count: 1, mix: { transfer: 0 } })).toThrow(RangeError)
  })

  it('keeps its promises for any seed', () => {
    const property = fc.property(fc.integer(), fc.integer({ min: 0, max: 60 }), (seed, count) => {
      const told = [...generate({ seed, count })]
      expect(told).toHaveLength(count)
      for (const { name, line } of told) expect(parse(line).name).toBe(name)
    })
    fc.assert(property)
  })
})

describe('the life cycle of an order', () => {
  const byOrder = new Map<string, Envelope[]>()
  const ofOrder = (e: Envelope) =>
    /^(order|payment_account)\./.test(e.name)
      ? e.payload.id
      : e.name.startsWith('inventory')
        ? undefined
        : e.payload.order_id
  for (const event of events) {
    const id = ofOrder(event)
    if (id !== undefined) byOrder.set(id, [...(byOrder.get(id) ?? []), event])
  }
  const orders = [...byOrder.values()]
  const created = (order: readonly Envelope[]) => order[0]!.payload

  it('begins with order.created and goes on in the order in which things happen', () => {
    expect(orders.length).toBeGreaterThan(800)
    for (const order of orders) {
      const names = order.map((e) => e.name)
      expect(names[0]).toBe('order.created')
      const place = (name: string) => names.indexOf(name)
      for (const name of names.slice(1)) {
        if (name !== 'order.cancelled' && name !== 'order.opened') expect(place('order.opened')).toBe(1)
      }
      for (const once of ['order.created', 'order.opened', 'order.completed', 'order.cancelled', 'return.processed']) {
        expect(names.filter((n) => n === once).length).toBeLessThanOrEqual(1)
      }
      if (names.includes('order.cancelled')) expect(names.at(-1)).toBe('order.cancelled')
      for (const late of ['return.processed', 'refund_request.issued', 'payment_account.amount_refunded']) {
        if (names.includes(late)) expect(place(late)).toBeGreaterThan(place('order.completed'))
      }
    }
  })

  it('has totals that add up, to the cent', () => {
    for (const order of orders) {
      for (const { payload } of order.filter((e) => e.name === 'order.created' || e.name === 'order.opened')) {
        const { items } = payload
        expect(cents(payload.subtotal)).toBe(sum(items.map((i) => cents(i.list_price))))
        expect(cents(payload.discount_total)).toBe(
          sum(items.map((i) => cents(i.item_discounts) + cents(i.order_discounts))),
        )
        expect(cents(payload.tax_total)).toBe(sum(items.map((i) => cents(i.tax))))
        for (const i of items) expect(cents(i.tax)).toBe(sum(i.tax_provider_details!.map((t) => cents(t.amount))))
        const parts = [
          payload.subtotal,
          -payload.discount_total,
          payload.shipping_total,
          payload.shipping_tax,
          payload.tax_total,
        ]
        expect(cents(payload.grand_total)).toBe(sum(parts.map(cents)))
      }
    }
  })

  it('writes money with at most two decimals', () => {
    for (const line of many) {
      for (const [, decimals] of line.matchAll(
        /"(?:amount|[a-z_]*(?:total|price|tax|fee|amount)[a-z_]*)":-?\d+\.(\d+)/g,
      )) {
        expect(decimals!.length).toBeLessThanOrEqual(2)
      }
    }
  })

  it('repeats in order.opened what order.created said', () => {
    for (const order of orders) {
      const opened = order.find((e) => e.name === 'order.opened')
      if (opened) expect(opened.payload).toEqual(created(order))
    }
  })

  it('speaks of the items of that order only', () => {
    for (const order of orders) {
      const products = new Map(created(order).items.map((i) => [i.id, i.product_id]))
      for (const { name, payload } of order) {
        if (name.startsWith('payment_account') || name.startsWith('refund_request')) continue
        expect(payload.items.length).toBeGreaterThan(0)
        for (const item of payload.items) expect(products.get(item.id)).toBe(item.product_id)
      }
    }
  })

  it('completes or cancels an item, never both', () => {
    for (const order of orders) {
      const itemsOf = (name: string) =>
        order.filter((e) => e.name === name).flatMap((e) => e.payload.items.map((i) => i.id))
      const fulfilled = itemsOf('fulfillment_request.items_completed')
      const cancelled = new Set([...itemsOf('order.items_cancelled'), ...itemsOf('order.cancelled')])
      expect(new Set(fulfilled).size).toBe(fulfilled.length)
      expect(fulfilled.filter((id) => cancelled.has(id))).toEqual([])
      const completed = order.find((e) => e.name === 'order.completed')
      for (const item of completed?.payload.items ?? []) {
        expect(item.status).toBe(fulfilled.includes(item.id) ? 'completed' : 'cancelled')
        expect(cancelled.has(item.id)).toBe(item.status === 'cancelled')
      }
      for (const id of itemsOf('return.processed')) expect(fulfilled).toContain(id)
    }
  })

  it('moves the logical clock of a fulfillment request forward', () => {
    const last = new Map<string, number>()
    for (const { name, payload } of events.filter((e) => e.name.startsWith('fulfillment_request.'))) {
      expect(payload.logical_timestamp, name).toBeGreaterThan(last.get(payload.id) ?? 0)
      last.set(payload.id, payload.logical_timestamp)
    }
  })

  it('pays back what it owes for a return or refund request, never more than was paid', () => {
    let refunds = 0
    for (const order of orders) {
      const owed = new Map<string, number>()
      for (const { name, payload } of order) {
        if (name === 'return.processed') {
          const adjusted = sum(payload.items.map((i) => cents(i.refund_amount_adjusted)))
          expect(cents(payload.total_refund_amount_adjusted)).toBe(adjusted - cents(payload.return_fee))
          owed.set(payload.id, cents(payload.total_refund_amount_adjusted))
        }
        if (name === 'refund_request.issued') {
          expect(payload.payment_account_id).toBe(payload.order_id)
          owed.set(payload.id, cents(payload.amount))
        }
        if (name !== 'payment_account.amount_refunded') continue
        refunds++
        const [transaction] = payload.transactions
        expect(transaction!.currency).toBe(created(order).currency)
        expect(payload.instruments.map((i) => i.id)).toContain(transaction!.instrument_id)
        expect(transaction!.amount).toBeGreaterThan(0)
        expect(cents(transaction!.amount)).toBeLessThanOrEqual(owed.get(transaction!.correlation_id) ?? -1)
      }
      expect(sum([...owed.values()])).toBeLessThanOrEqual(cents(created(order).grand_total))
    }
    expect(refunds).toBeGreaterThan(100)
  })

  it('exchanges a return that was processed before', () => {
    const returns = new Map<string, string>()
    let exchanges = 0
    for (const { name, payload } of events) {
      if (name === 'return.processed') returns.set(payload.id, payload.order_id)
      if (name !== 'order.created') continue
      expect(payload.is_exchange).toBe(payload.exchanges !== undefined)
      for (const { order_id, return_id } of payload.exchanges ?? []) {
        exchanges++
        expect(returns.get(return_id)).toBe(order_id)
        expect(order_id).not.toBe(payload.id)
      }
    }
    expect(exchanges).toBeGreaterThan(20)
  })
})

describe('stock', () => {
  const stock = events.filter((e) => e.name.startsWith('inventory_transaction.'))

  it('comes in chunks that count from 1 under one ID, the announcement before the receipt', () => {
    const seen = new Map<string, Payload>()
    const announced = new Map<string, Payload>()
    let long = 0
    for (const { name, payload } of stock) {
      expect(payload.chunk_number).toBe((seen.get(payload.id)?.chunk_number ?? 0) + 1)
      expect(payload.total_chunks).toBe(seen.get(payload.id)?.total_chunks ?? payload.total_chunks)
      expect(payload.chunk_number).toBeLessThanOrEqual(payload.total_chunks)
      seen.set(payload.id, payload)
      if (payload.chunk_number === 3) long++
      if (name.endsWith('asn_created')) announced.set(payload.id, payload)
      if (payload.asn_id === undefined) continue
      expect(announced.get(payload.asn_id)?.chunk_number).toBe(payload.total_chunks)
    }
    expect(long).toBeGreaterThan(50)
  })

  it('is announced for most receipts, but not for all', () => {
    const received = stock.filter((e) => e.name.endsWith('items_received'))
    const without = received.filter((e) => e.payload.asn_id === undefined).length
    expect(without).toBeGreaterThan(0)
    expect(without).toBeLessThan(received.length / 2)
  })
})

describe('identifiers', () => {
  it('are UUIDs', () => {
    for (const { payload } of events) {
      expect(payload.id).toMatch(UUID)
      if (payload.order_id !== undefined) expect(payload.order_id).toMatch(UUID)
    }
  })

  it('do not repeat', () => {
    const random = new Random(1)
    const ids = Array.from({ length: 50_000 }, () => random.uuid())
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids.slice(0, 1000)) expect(id).toMatch(UUID)
  })

  it('name one entity, but for payment accounts, which have the ID of their order', () => {
    const entities = new Map<string, Set<string>>()
    for (const { name, payload } of events) {
      const entity = name.split('.')[0]!
      entities.set(payload.id, (entities.get(payload.id) ?? new Set()).add(entity))
    }
    const shared = [...entities.values()].filter((names) => names.size > 1)
    expect(shared.every((names) => [...names].sort().join() === 'order,payment_account')).toBe(true)
  })
})

describe('the random source', () => {
  it('draws integers evenly from a range, both ends included', () => {
    const property = fc.property(fc.integer(), fc.integer({ min: -50, max: 50 }), fc.nat(9), (seed, min, width) => {
      const random = new Random(seed)
      const drawn = Array.from({ length: 600 }, () => random.int(min, min + width))
      expect(Math.min(...drawn)).toBe(min)
      expect(Math.max(...drawn)).toBe(min + width)
    })
    fc.assert(property)
  })

  it('draws what it is asked for', () => {
    const random = new Random(9)
    const hits = Array.from({ length: 20_000 }, () => random.chance(0.3)).filter(Boolean).length
    expect(hits / 20_000).toBeCloseTo(0.3, 1)
    const gaps = Array.from({ length: 20_000 }, () => random.exponential(40))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0)
    expect(sum(gaps) / gaps.length / 40).toBeCloseTo(1, 1)
    for (let length = 1; length < 20; length++)
      expect(random.digits(length)).toMatch(new RegExp(`^[1-9]\\d{${length - 1}}$`))
  })
})

describe('a file of events', () => {
  it('holds the stream, and its figures are right', async () => {
    const path = join(tempDir(), 'events.ndjson')
    const figures = await writeEventFile(path, { seed: 7, count: 3000 })
    const bytes = readFileSync(path)
    expect(bytes.toString('utf8')).toBe(`${many.slice(0, 3000).join('\n')}\n`)
    const count = (key: (name: string) => string) => {
      const counts: Record<string, number> = {}
      for (const { name } of events.slice(0, 3000)) counts[key(name)] = (counts[key(name)] ?? 0) + 1
      return counts
    }
    expect(figures).toEqual({
      bytes: bytes.length,
      count: 3000,
      byType: count((name) => name),
      byEntity: count((name) => name.split('.')[0]!),
    })
  })

  it('may be empty', async () => {
    const path = join(tempDir(), 'events.ndjson')
    expect(await writeEventFile(path, { seed: 7, count: 0 })).toEqual({ bytes: 0, count: 0, byType: {}, byEntity: {} })
    expect(readFileSync(path)).toHaveLength(0)
  })

  it('is not there, nor any part of it, when it could not be completed', async () => {
    const folder = tempDir()
    const broken = writeEventFile(join(folder, 'events.ndjson'), { seed: 7, count: 5, mix: {} })
    await expect(broken).rejects.toThrow(RangeError)
    expect(readdirSync(folder)).toEqual([])
    await expect(writeEventFile(join(folder, 'no/such/folder'), { seed: 7, count: 5 })).rejects.toThrow('ENOENT')
  })
})
