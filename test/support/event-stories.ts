import type { Random } from './random.ts'

/**
 * The life cycles that the event generator tells: each story yields the events of one order with everything that follows from
 * it, or of one movement of stock. Field names and values are those of the public facts and the samples in `test/fixtures`;
 * `items_failed`, whose shape is not public, has the shape of the other fulfillment events. Left out: `order.shipped`
 * (deprecated) and `order.items_swapped` (shape not public).
 *
 * Money is counted in cents and holds together: per line `excl. tax = list price - discounts`, per order
 * `grand_total = subtotal - discount_total + shipping_total + shipping_tax + tax_total`, and the refunds of an order never
 * exceed what was paid for it.
 */
export interface World {
  readonly random: Random
  /** Publishing time of the event that is being told, epoch ms. */
  now: number
  /** `full` bodies are as rich as the system's, `short` ones leave out optional parts. */
  readonly detail: 'full' | 'short'
  readonly products: readonly Product[]
  /** Counts up over all orders, for references that people read. */
  orderCount: number
}

/** The name and payload of an event; the generator adds the envelope around it. */
export interface Told {
  readonly name: string
  readonly payload: object
}

export type Story = Generator<Told, void, void>

interface Product {
  readonly id: string
  readonly cents: number
  readonly ean: string
  readonly inventoryItem: string
}

interface City {
  readonly city: string
  readonly state: string
  readonly zip: string
  readonly country: string
  readonly currency: string
  readonly taxes: readonly (readonly [name: string, rate: number])[]
}

interface Line {
  readonly id: string
  readonly product: Product
  readonly itemDiscount: number
  readonly orderDiscount: number
  readonly taxes: readonly number[]
  readonly tax: number
  readonly externalItemId: string
  readonly preorder: boolean
  status: 'opened' | 'completed' | 'cancelled'
  location: string
}

interface Order {
  readonly id: string
  readonly number: string
  readonly platformNumber: string
  readonly channelType: 'web' | 'store'
  readonly channel: string
  readonly serviceLevel: string
  readonly city: City
  readonly address: object
  readonly customerId: string
  readonly externalCustomerId: string
  readonly email: string
  readonly associate: string
  readonly instrument: Instrument
  readonly placedAt: number
  readonly createdAt: number
  readonly exchange: { readonly order_id: string; readonly return_id: string } | null
  readonly shipping: number
  readonly shippingTax: number
  readonly lines: readonly Line[]
}

interface Instrument {
  readonly id: string
  readonly payment_method: string
  readonly payment_provider: string
  readonly payment_wallet?: string
}

const CITIES: readonly City[] = [
  {
    city: 'Seattle',
    state: 'WA',
    zip: '98109',
    country: 'US',
    currency: 'USD',
    taxes: [
      ['WA STATE TAX', 0.065],
      ['WA CITY TAX', 0.036],
      ['WA COUNTY TAX', 0],
    ],
  },
  { city: 'Portland', state: 'OR', zip: '97205', country: 'US', currency: 'USD', taxes: [['OR STATE TAX', 0]] },
  {
    city: 'Austin',
    state: 'TX',
    zip: '78701',
    country: 'US',
    currency: 'USD',
    taxes: [
      ['TX STATE TAX', 0.0625],
      ['TX CITY TAX', 0.02],
    ],
  },
  {
    city: 'New York',
    state: 'NY',
    zip: '10012',
    country: 'US',
    currency: 'USD',
    taxes: [
      ['NY STATE TAX', 0.04],
      ['NY CITY TAX', 0.045],
      ['NY COUNTY TAX', 0],
    ],
  },
  {
    city: 'San José',
    state: 'CA',
    zip: '95113',
    country: 'US',
    currency: 'USD',
    taxes: [
      ['CA STATE TAX', 0.06],
      ['CA COUNTY TAX', 0.0125],
      ['CA SPECIAL TAX', 0.02125],
    ],
  },
  {
    city: 'Montréal',
    state: 'QC',
    zip: 'H2Y 1C6',
    country: 'CA',
    currency: 'CAD',
    taxes: [
      ['CA GST', 0.05],
      ['QC QST', 0.09975],
    ],
  },
]
const FIRST_NAMES = ['Jane', 'John', 'Zoë', 'Łukasz', 'Maria', 'Søren', 'Aiko', 'Omar', 'Renée', 'Ada'] as const
const LAST_NAMES = [
  'Doe',
  'Roe',
  'Müller',
  'Nguyễn',
  'O’Brien',
  'Smith',
  'García',
  'Ito',
  'Example',
  'van Dijk',
] as const
const STORES = ['US01', 'US02', 'US07', 'STRG', 'TOST', 'CA01'] as const
const WAREHOUSE = 'WS'
const WEB_CHANNELS = ['USC', 'storefront', 'marketplace'] as const
const RETURN_REASONS = ['Too small', 'Too large', 'Changed my mind', 'Not as described', 'Arrived late'] as const
const APPEASEMENTS = ['Price adjustment', 'Late delivery', 'Damaged packaging', 'Goodwill'] as const
const ADJUSTMENTS = ['Damage out', 'Cycle count', 'Theft out', 'Sample out'] as const
const PRODUCT_COUNT = 400

const money = (cents: number): number => cents / 100
const iso = (time: number): string => new Date(time).toISOString()

/** The products that all stories of a stream sell and move; a product keeps its price and numbers. */
export function makeProducts(random: Random): Product[] {
  return Array.from({ length: PRODUCT_COUNT }, () => ({
    id: `${random.digits(13)}-0${random.int(1, 5)}`,
    cents: random.int(8, 320) * 100 - random.pick([0, 1, 5, 50]),
    ean: random.digits(12),
    inventoryItem: random.digits(14),
  }))
}

const instrumentKinds: readonly Omit<Instrument, 'id'>[] = [
  { payment_method: 'credit_card', payment_provider: 'adyen' },
  { payment_method: 'credit_card', payment_provider: 'adyen', payment_wallet: 'apple_pay' },
  { payment_method: 'gift_card', payment_provider: 'gift_card' },
  { payment_method: 'credit_card', payment_provider: 'stripe' },
]

function newOrder(world: World, channelType: 'web' | 'store', exchange: Order['exchange'] = null, store = ''): Order {
  const { random, now } = world
  const web = channelType === 'web'
  const city = random.pick(CITIES)
  const dice = random.float()
  const lineCount = dice < 0.4 ? 1 : dice < 0.75 ? 2 : 3
  const lines = Array.from({ length: lineCount }, () => newLine(world, city))
  const express = web && random.chance(0.15)
  const shipping = express ? 1500 : 0
  const firstName = random.pick(FIRST_NAMES)
  const lastName = random.pick(LAST_NAMES)
  const street = `${random.int(1, 999)} Example Street`
  const unit = random.chance(0.3) ? `Apt ${random.int(1, 60)}` : ''
  world.orderCount++
  return {
    id: random.uuid(),
    number: `${web ? 'WEB' : 'POS'}-${100_000 + world.orderCount}`,
    platformNumber: random.digits(13),
    channelType,
    channel: web ? random.pick(WEB_CHANNELS) : store || random.pick(STORES),
    serviceLevel: !web || random.chance(0.1) ? 'IN_STORE_HANDOVER' : express ? 'EXPRESS' : 'STANDARDFREE',
    city,
    address: {
      first_name: firstName,
      last_name: lastName,
      // The system sends both spellings; consumers of either exist.
      address_line_1: street,
      address_line_2: unit,
      address_line1: street,
      address_line2: unit,
      zip_code: city.zip,
      city: city.city,
      state: city.state,
      country: city.country,
      phone: `+155501${random.digits(2)}`,
    },
    customerId: random.uuid(),
    externalCustomerId: random.digits(13),
    email: `customer.${random.digits(6)}@example.com`,
    associate: random.uuid().replaceAll('-', ''),
    instrument: { id: random.uuid(), ...random.pick(instrumentKinds) },
    createdAt: now - random.int(20, 900),
    placedAt: now - random.int(1000, 20_000),
    exchange,
    shipping,
    shippingTax: city.taxes.reduce((sum, [, rate]) => sum + Math.round(shipping * rate), 0),
    lines,
  }
}

function newLine(world: World, city: City): Line {
  const { random } = world
  const product = random.pick(world.products)
  const itemDiscount = random.chance(0.15) ? Math.round(product.cents * 0.1) : 0
  const orderDiscount = random.chance(0.08) ? Math.min(500, product.cents - itemDiscount) : 0
  const net = product.cents - itemDiscount - orderDiscount
  const taxes = city.taxes.map(([, rate]) => Math.round(net * rate))
  return {
    id: random.uuid(),
    product,
    itemDiscount,
    orderDiscount,
    taxes,
    tax: sum(taxes),
    externalItemId: random.digits(13),
    preorder: random.chance(0.02),
    status: 'opened',
    location: '',
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
const netOf = (line: Line): number => line.product.cents - line.itemDiscount - line.orderDiscount
const grossOf = (line: Line): number => netOf(line) + line.tax

function identifiers(product: Product, full: boolean): object {
  if (!full) return { sku: product.id, ean13: product.ean }
  return {
    sku: product.id,
    ean13: product.ean,
    shopify_inventory_item_id: product.inventoryItem,
    upc: product.ean,
    isbn: product.ean,
  }
}

/** The payload of `order.created` and `order.opened`, which have the same shape. */
function orderPayload(world: World, order: Order): object {
  const full = world.detail === 'full'
  const { lines, city } = order
  const subtotal = sum(lines.map((l) => l.product.cents))
  const discounts = sum(lines.map((l) => l.itemDiscount + l.orderDiscount))
  const taxes = sum(lines.map((l) => l.tax))
  const web = order.channelType === 'web'
  return {
    id: order.id,
    external_id: order.number,
    created_at: iso(order.createdAt),
    placed_at: iso(order.placedAt),
    channel_type: order.channelType,
    channel: order.channel,
    ...(web ? {} : { associate_id: order.associate, demand_location_id: order.channel }),
    is_exchange: order.exchange !== null,
    ...(order.exchange === null ? {} : { exchanges: [order.exchange] }),
    customer_email: order.email,
    customer_id: order.customerId,
    ...(web && full ? { external_customer_id: order.externalCustomerId } : {}),
    is_historical: false,
    ...(full ? { billing_address: order.address } : {}),
    ...(web ? { shipping_address: order.address } : {}),
    price_method: 'tax_excluded',
    subtotal: money(subtotal),
    discount_total: money(discounts),
    shipping_total: money(order.shipping),
    shipping_tax: money(order.shippingTax),
    tax_total: money(taxes),
    grand_total: money(paidFor(order)),
    currency: city.currency,
    tax_exempt: false,
    ...(full ? { extended_attributes: orderAttributes(order) } : {}),
    items: lines.map((line) => ({
      id: line.id,
      item_type: 'product',
      product_id: line.product.id,
      pricebook_id: 'default',
      pricebook_price: money(line.product.cents),
      list_price: money(line.product.cents),
      item_discounts: money(line.itemDiscount),
      order_discounts: money(line.orderDiscount),
      tax: money(line.tax),
      ...(full
        ? {
            tax_provider_details: city.taxes.map(([name, rate], i) => ({ name, amount: money(line.taxes[i]!), rate })),
          }
        : {}),
      quantity: 1,
      status: 'opened',
      ...(full ? { extended_attributes: lineAttributes(line) } : {}),
      external_identifiers: identifiers(line.product, full),
      shipping_service_level: order.serviceLevel,
      is_preorder: line.preorder,
    })),
  }
}

function orderAttributes(order: Order): object[] {
  return [
    { name: 'returnly_exchange', value: String(order.exchange !== null) },
    { name: 'external_order_id', value: order.number },
    { name: 'order_id', value: order.platformNumber },
    { name: 'ext_channel_name', value: order.channel },
    { name: 'is_historical', value: 'false' },
    { name: 'order_memo', value: '' },
  ]
}

function lineAttributes(line: Line): object[] {
  return [
    { name: 'is_gift_card', value: 'False' },
    { name: 'requires_shipping', value: 'True' },
    { name: 'external_item_id', value: line.externalItemId },
  ]
}

/** What the customer pays for the whole order, in cents. */
function paidFor(order: Order): number {
  return sum(order.lines.map(grossOf)) + order.shipping + order.shippingTax
}

function cancelledOrder(order: Order): Told {
  for (const line of order.lines) line.status = 'cancelled'
  const items = order.lines.map(({ id, product, status }) => ({ id, product_id: product.id, quantity: 1, status }))
  return { name: 'order.cancelled', payload: { id: order.id, items } }
}

function completedOrder(order: Order): Told {
  const items = order.lines.map((line) => ({
    id: line.id,
    product_id: line.product.id,
    quantity: 1,
    status: line.status,
    ...(line.status === 'completed' ? { fulfillment_location_id: line.location } : {}),
    shipping_service_level: order.serviceLevel,
  }))
  return { name: 'order.completed', payload: { id: order.id, items } }
}

/** A web order: checked, fulfilled by up to two locations, now and then cancelled in part or as a whole, or returned. */
export function* webOrder(world: World): Story {
  const { random } = world
  const order = newOrder(world, 'web')
  yield { name: 'order.created', payload: orderPayload(world, order) }
  if (random.chance(0.03)) {
    yield cancelledOrder(order)
    return
  }
  yield { name: 'order.opened', payload: orderPayload(world, order) }
  if (random.chance(0.04)) {
    yield cancelledOrder(order)
    return
  }
  const split = order.lines.length > 1 && random.chance(0.3) ? 1 : order.lines.length
  yield* fulfil(world, order, order.lines.slice(0, split))
  if (split < order.lines.length) yield* fulfil(world, order, order.lines.slice(split))
  if (order.lines.every((line) => line.status === 'cancelled')) {
    yield cancelledOrder(order)
    return
  }
  yield completedOrder(order)
  yield* afterwards(world, order)
}

/** A sale in a store, handed over at once. */
export function* storeOrder(world: World): Story {
  yield* sellInStore(world, newOrder(world, 'store'))
}

function* sellInStore(world: World, order: Order): Story {
  yield { name: 'order.created', payload: orderPayload(world, order) }
  yield { name: 'order.opened', payload: orderPayload(world, order) }
  for (const line of order.lines) {
    line.status = 'completed'
    line.location = order.channel
  }
  const request = { id: world.random.uuid(), location: order.channel, timestamp: world.random.int(1, 40) }
  yield fulfillment(world, order, order.lines, request, 'items_completed')
  yield completedOrder(order)
  if (order.exchange === null) yield* afterwards(world, order)
}

interface Request {
  readonly id: string
  readonly location: string
  timestamp: number
}

function fulfillment(
  world: World,
  order: Order,
  lines: readonly Line[],
  request: Request,
  moment: 'assigned' | 'items_completed' | 'items_failed' | 'items_ready_for_handover',
): Told {
  // A logical clock of the request: it grows with each of its events, by how much says nothing.
  request.timestamp += world.random.int(1, 60)
  return {
    name: `fulfillment_request.${moment}`,
    payload: {
      service_level: order.serviceLevel,
      id: request.id,
      order_id: order.id,
      logical_timestamp: request.timestamp,
      fulfillment_location_id: request.location,
      ...(moment === 'assigned' ? {} : { associate_id: order.associate }),
      items: lines.map((line) => ({
        id: line.id,
        product_id: line.product.id,
        ...(moment === 'items_completed' ? { shipped_at: iso(world.now - 500) } : {}),
      })),
    },
  }
}

/** One fulfillment request. What its location cannot do goes to a second one, and is cancelled if that fails as well. */
function* fulfil(world: World, order: Order, lines: readonly Line[], retried = false): Story {
  const { random } = world
  const pickup = order.serviceLevel === 'IN_STORE_HANDOVER'
  const location = pickup || retried || random.chance(0.35) ? random.pick(STORES) : WAREHOUSE
  const request = { id: random.uuid(), location, timestamp: 0 }
  yield fulfillment(world, order, lines, request, 'assigned')
  const failing = random.chance(retried ? 0.3 : 0.09) ? lines.slice(0, random.int(1, lines.length)) : []
  const done = lines.slice(failing.length)
  if (failing.length > 0) yield fulfillment(world, order, failing, request, 'items_failed')
  if (done.length > 0) {
    if (pickup || random.chance(0.4)) yield fulfillment(world, order, done, request, 'items_ready_for_handover')
    for (const line of done) {
      line.status = 'completed'
      line.location = location
    }
    yield fulfillment(world, order, done, request, 'items_completed')
  }
  if (failing.length === 0) return
  if (!retried) {
    yield* fulfil(world, order, failing, true)
    return
  }
  for (const line of failing) line.status = 'cancelled'
  const items = failing.map(({ id, product }) => ({
    id,
    product_id: product.id,
    cancellation_reason: 'insufficient_stock',
    fulfillment_location_id: location,
  }))
  yield { name: 'order.items_cancelled', payload: { id: order.id, items } }
}

function* afterwards(world: World, order: Order): Story {
  const dice = world.random.float()
  if (dice < 0.16) yield* bringBack(world, order)
  else if (dice < 0.22) yield* appease(world, order)
}

/** A return of some of the fulfilled items, refunded or exchanged for a new order. */
function* bringBack(world: World, order: Order): Story {
  const { random } = world
  const fulfilled = order.lines.filter((line) => line.status === 'completed')
  const lines = fulfilled.slice(0, random.int(1, fulfilled.length))
  const returnId = random.uuid()
  const store = random.chance(0.75) ? random.pick(STORES) : WAREHOUSE
  const staff = {
    associate_id: random.uuid().replaceAll('-', ''),
    associate_email: `${store.toLowerCase()}@example.com`,
  }
  // Damaged goods are taken back for half their price.
  const adjusted = lines.map((line) => (random.chance(0.08) ? Math.round(grossOf(line) / 2) : grossOf(line)))
  const fee = store === WAREHOUSE && random.chance(0.5) ? Math.min(500, sum(adjusted)) : 0
  const owed = sum(adjusted) - fee
  yield {
    name: 'return.processed',
    payload: {
      id: returnId,
      order_id: order.id,
      customer_id: order.customerId,
      customer_email: order.email,
      ...(store === WAREHOUSE ? {} : staff),
      returned_at: iso(world.now - random.int(50, 900)),
      total_refund_amount: money(sum(lines.map(grossOf))),
      total_refund_amount_adjusted: money(owed),
      total_refund_excl_tax: money(sum(lines.map(netOf))),
      total_refund_tax: money(sum(lines.map((line) => line.tax))),
      return_fee: money(fee),
      currency: order.city.currency,
      return_location_id: store,
      items: lines.map((line, i) => {
        const damaged = adjusted[i] !== grossOf(line)
        const code = random.int(1, RETURN_REASONS.length)
        return {
          id: line.id,
          product_id: line.product.id,
          quantity: 1,
          refund_amount: money(grossOf(line)),
          refund_amount_adjusted: money(adjusted[i]!),
          refund_excl_tax: money(netOf(line)),
          refund_tax: money(line.tax),
          item_condition: damaged ? 'Damaged' : 'Sellable',
          condition_code: damaged ? 2 : 1,
          return_reason: RETURN_REASONS[code - 1],
          return_code: code,
        }
      }),
    },
  }
  if (store === WAREHOUSE || !random.chance(0.4)) {
    if (owed > 0) yield refunded(world, order, owed, returnId)
    return
  }
  const exchange = newOrder(world, 'store', { order_id: order.id, return_id: returnId }, store)
  yield* sellInStore(world, exchange)
  // An uneven exchange pays the difference back to the first order; when the new goods cost more, the customer pays it.
  const difference = owed - paidFor(exchange)
  if (difference > 0) yield refunded(world, order, difference, returnId)
}

/** A refund without a return. */
function* appease(world: World, order: Order): Story {
  const { random } = world
  const paid = sum(order.lines.filter((line) => line.status === 'completed').map(grossOf))
  const cents = Math.min(paid, random.int(1, 8) * 250)
  const id = random.uuid()
  const code = random.int(1, APPEASEMENTS.length)
  yield {
    name: 'refund_request.issued',
    payload: {
      payment_account_id: order.id,
      note: random.chance(0.5) ? 'Agreed with the customer on the phone.' : '',
      amount: money(cents),
      requested_at: iso(world.now - random.int(50, 900)),
      currency: order.city.currency,
      order_id: order.id,
      reason_code: code,
      id,
      return_reason: APPEASEMENTS[code - 1],
    },
  }
  yield refunded(world, order, cents, id)
}

/** Money goes back. As in the sample, the payment account of an order has the order's id. */
function refunded(world: World, order: Order, cents: number, correlationId: string): Told {
  const transaction = {
    id: world.random.uuid(),
    instrument_id: order.instrument.id,
    amount: money(cents),
    currency: order.city.currency,
    correlation_id: correlationId,
    ...(world.detail === 'full' ? { extended_attributes: { psp_reference: world.random.digits(16) } } : {}),
  }
  return {
    name: 'payment_account.amount_refunded',
    payload: { id: order.id, order_id: order.id, transactions: [transaction], instruments: [order.instrument] },
  }
}

interface StockItem {
  readonly product: Product
  readonly quantity: number
}

/** Stock for a location, in chunks that share an id. */
function stock(world: World, maxChunks: number): StockItem[][] {
  const { random } = world
  const size = world.detail === 'full' ? 30 : 6
  const chunks = random.int(1, maxChunks)
  // Only the last chunk is not full.
  return Array.from({ length: chunks }, (_, i) =>
    Array.from({ length: i < chunks - 1 ? size : random.int(1, size) }, () => ({
      product: random.pick(world.products),
      quantity: random.int(1, 48),
    })),
  )
}

function stockItems(items: readonly StockItem[], identified: boolean): object[] {
  return items.map(({ product, quantity }) => ({
    ...(identified ? { external_identifiers: { sku: product.id, ean13: product.ean } } : {}),
    product_id: product.id,
    quantity,
  }))
}

/** A transfer to a store: announced (mostly), then received. */
export function* transfer(world: World): Story {
  const { random } = world
  const chunks = stock(world, 4)
  const announced = random.chance(0.8)
  const asnId = random.uuid()
  const orderRef = `TO${random.digits(7)}`
  const shipmentRef = `IF${random.digits(7)}`
  for (const [i, items] of announced ? chunks.entries() : []) {
    yield {
      name: 'inventory_transaction.asn_created',
      payload: {
        id: asnId,
        chunk_number: i + 1,
        total_chunks: chunks.length,
        transfer_order_ref: orderRef,
        origin_id: WAREHOUSE,
        shipment_ref: shipmentRef,
        shipment_date: iso(world.now - random.int(1000, 90_000)),
        items: stockItems(items, true),
      },
    }
  }
  const id = random.uuid()
  const associate = random.uuid().replaceAll('-', '')
  const store = random.pick(STORES)
  const processedAt = iso(world.now - random.int(20, 60_000))
  for (const [i, items] of chunks.entries()) {
    yield {
      name: 'inventory_transaction.items_received',
      payload: {
        id,
        ...(announced ? { asn_id: asnId } : {}),
        associate_id: associate,
        chunk_number: i + 1,
        total_chunks: chunks.length,
        fulfillment_location_id: store,
        items: stockItems(items, true),
        order_ref: orderRef,
        processed_at: processedAt,
        shipment_ref: shipmentRef,
        stock_location_name: 'main',
      },
    }
  }
}

/** A correction of a location's stock. */
export function* adjustment(world: World): Story {
  const { random } = world
  const chunks = stock(world, 2)
  const kind = random.pick(ADJUSTMENTS)
  const head = {
    id: random.uuid(),
    fulfillment_node_id: random.pick(STORES),
    adjustment_type: kind,
    adjustment_reason: kind === 'Cycle count' ? 'Counted' : 'Not sellable',
    origin_stock_location_name: 'main',
    ...(random.chance(0.3) ? { destination_stock_location_name: 'damaged' } : {}),
    associate_id: random.uuid().replaceAll('-', ''),
    processed_at: iso(world.now - random.int(20, 900)),
    ...(random.chance(0.2) ? { note: 'Found during the weekly count – see the shelf list.' } : {}),
  }
  for (const [i, items] of chunks.entries()) {
    const payload = { ...head, chunk_number: i + 1, total_chunks: chunks.length, items: stockItems(items, true) }
    yield { name: 'inventory_transaction.adjustment_created', payload }
  }
}
