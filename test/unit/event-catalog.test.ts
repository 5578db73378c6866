import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entityOf, eventCatalog, findEntity, findEventType, selects } from '../../shared/event-catalog'
import { entityName, eventName, selection } from '../../shared/schemas/integration'

const types = eventCatalog.flatMap((entity) => entity.eventTypes)

describe('the catalog', () => {
  it('holds every event type that the public facts name', () => {
    const known = {
      order: ['created', 'opened', 'completed', 'cancelled', 'items_cancelled', 'items_swapped', 'shipped'],
      fulfillment_request: ['assigned', 'items_completed', 'items_failed', 'items_ready_for_handover'],
      return: ['processed'],
      refund_request: ['issued'],
      payment_account: ['amount_refunded'],
      inventory_transaction: ['asn_created', 'items_received', 'adjustment_created'],
    }
    const held = Object.fromEntries(
      eventCatalog.map((e) => [e.name, e.eventTypes.map((t) => t.name.slice(e.name.length + 1)).sort()]),
    )
    expect(held).toEqual(Object.fromEntries(Object.entries(known).map(([entity, moments]) => [entity, moments.sort()])))
  })

  it('names each entity and event type once', () => {
    expect(new Set(eventCatalog.map((e) => e.name)).size).toBe(eventCatalog.length)
    expect(new Set(types.map((t) => t.name)).size).toBe(types.length)
  })

  it.each(eventCatalog.map((e) => [e.name, e] as const))('describes %s for the operator', (name, entity) => {
    expect(entityName.safeParse(name).success).toBe(true)
    for (const text of [entity.label, entity.description, entity.domainEntityId]) expect(text.trim()).not.toBe('')
    expect(entity.eventTypes).not.toHaveLength(0)
  })

  it.each(types.map((t) => [t.name, t] as const))('has %s under its entity, with a description', (name, type) => {
    expect(eventName.safeParse(name).success).toBe(true)
    expect(entityOf(name)).toBe(type.entity)
    expect(findEntity(type.entity)?.eventTypes).toContain(type)
    expect(type.description).toMatch(/\.$/)
  })

  it('replaces a deprecated event type by one of the catalog that is not deprecated itself', () => {
    const deprecated = types.filter((t) => t.replacedBy !== undefined)
    expect(deprecated.map((t) => [t.name, t.replacedBy])).toEqual([['order.shipped', 'order.completed']])
    for (const { replacedBy } of deprecated) {
      const successor = findEventType(replacedBy!)
      expect(successor).toBeDefined()
      expect(successor?.replacedBy).toBeUndefined()
    }
  })

  it('finds what it holds and nothing else', () => {
    for (const type of types) expect(findEventType(type.name)).toBe(type)
    for (const entity of eventCatalog) expect(findEntity(entity.name)).toBe(entity)
    for (const name of ['', 'order', 'order.', 'order.nothing', 'Order.created', 'constructor', '__proto__']) {
      expect(findEventType(name), name).toBeUndefined()
    }
    for (const name of ['', 'orders', 'order.created', 'constructor']) expect(findEntity(name), name).toBeUndefined()
  })
})

describe('the entity of an event type', () => {
  it.each([
    ['order.created', 'order'],
    ['order.items.twice', 'order'],
    ['order', 'order'],
    ['', ''],
    ['.created', ''],
  ])('of "%s" is "%s"', (name, entity) => {
    expect(entityOf(name)).toBe(entity)
  })
})

describe('a selection', () => {
  const part = fc.stringMatching(/^[a-z][a-z0-9_]{0,9}$/)
  const anyName = fc.oneof(
    fc.constantFrom(...types.map((t) => t.name)),
    fc.tuple(part, part).map((parts) => parts.join('.')),
  )
  const anyEntity = fc.oneof(fc.constantFrom(...eventCatalog.map((e) => e.name)), part)
  const anySelection = fc.record({
    entities: fc.array(anyEntity, { maxLength: 4 }),
    events: fc.array(anyName, { maxLength: 4 }),
  })

  it('takes every event when it is empty', () => {
    fc.assert(fc.property(anyName, (name) => selects({ entities: [], events: [] }, name)))
  })

  it('takes the union of its entities and its event types', () => {
    const property = fc.property(anySelection, anyName, (chosen, name) => {
      fc.pre(chosen.entities.length + chosen.events.length > 0)
      const expected = chosen.events.some((e) => e === name) || chosen.entities.some((e) => name.startsWith(`${e}.`))
      expect(selects(chosen, name)).toBe(expected)
    })
    fc.assert(property)
  })

  it('takes events of its entity that the catalog does not know', () => {
    expect(selects({ entities: ['order'], events: [] }, 'order.moment_of_tomorrow')).toBe(true)
  })

  it('does not take an entity whose name only begins alike', () => {
    expect(selects({ entities: ['order'], events: [] }, 'order_line.created')).toBe(false)
    expect(selects({ entities: ['order_line'], events: [] }, 'order.created')).toBe(false)
  })

  it('takes only the events of the list when no entity is chosen, and whole entities when no event is', () => {
    const events = { entities: [], events: ['order.created', 'refund_request.issued'] }
    expect(types.filter((t) => selects(events, t.name)).map((t) => t.name)).toEqual(events.events)
    const entities = { entities: ['return', 'fulfillment_request'], events: [] }
    expect(types.filter((t) => selects(entities, t.name)).every((t) => entities.entities.includes(t.entity))).toBe(true)
  })

  it('is accepted by the schema for everything that the catalog holds', () => {
    const all = { entities: eventCatalog.map((e) => e.name), events: types.map((t) => t.name) }
    expect(selection.safeParse(all).success).toBe(true)
  })
})
