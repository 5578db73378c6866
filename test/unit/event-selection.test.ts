import { describe, expect, it } from 'vitest'
import {
  type Choice,
  chosenCount,
  entitiesWith,
  isChosen,
  searchEntities,
  selectionOf,
  subjectsOf,
  withFuture,
  withTypes,
} from '../../renderer/features/integration-form/event-selection'
import { eventCatalog, selects } from '../../shared/event-catalog'

const NOTHING: Choice = { chosen: [], future: [] }
const entities = entitiesWith(undefined)
const typesOf = (name: string) => eventCatalog.find((entity) => entity.name === name)!.eventTypes.map((t) => t.name)
const orders = typesOf('order')

describe('choosing event types', () => {
  it('takes an entity as its types of today, unless its future ones are wanted', () => {
    const today = withTypes(NOTHING, entities, orders, true)
    expect(selectionOf(today)).toEqual({ entities: [], events: orders })
    expect(selects(selectionOf(today), 'order.invented')).toBe(false)
    const future = withFuture(today, entities, 'order', true)
    expect(selectionOf(future)).toEqual({ entities: ['order'], events: [] })
    expect(selects(selectionOf(future), 'order.invented')).toBe(true)
    expect(selectionOf(withFuture(future, entities, 'order', false))).toEqual({ entities: [], events: orders })
  })

  it('leaves the whole when one of its types is taken out', () => {
    const future = withFuture(withTypes(NOTHING, entities, ['return.processed'], true), entities, 'order', true)
    const less = withTypes(future, entities, ['order.shipped'], false)
    expect(less.future).toEqual([])
    expect(selectionOf(less).events).toEqual([...orders.filter((n) => n !== 'order.shipped'), 'return.processed'])
  })

  it('keeps the order of the catalog, whatever the order of the clicks', () => {
    const once = withTypes(NOTHING, entities, ['return.processed'], true)
    expect(withTypes(once, entities, ['order.created'], true).chosen).toEqual(['order.created', 'return.processed'])
  })

  it('counts the types that an entity stands for', () => {
    const choice: Choice = { chosen: ['return.processed'], future: ['order'] }
    expect(chosenCount(choice, entities)).toBe(orders.length + 1)
    expect(isChosen(choice, 'order.opened')).toBe(true)
    expect(isChosen(choice, 'refund_request.issued')).toBe(false)
  })
})

describe('what there is to choose from', () => {
  const figures = {
    events: 3,
    firstPublishedAt: 0,
    lastPublishedAt: 0,
    byType: [
      { name: 'order.created', count: 1 },
      { name: 'order.teleported', count: 1 },
      { name: 'cart.abandoned', count: 1 },
    ],
  }

  it('holds types of the log that the catalog lacks', () => {
    const all = entitiesWith(figures)
    expect(all.find(({ name }) => name === 'order')?.eventTypes.at(-1)?.name).toBe('order.teleported')
    expect(all.at(-1)).toMatchObject({ name: 'cart', eventTypes: [{ name: 'cart.abandoned' }] })
  })

  it('holds what a selection names although nobody else knows it', () => {
    const selection = { entities: ['drawer'], events: ['cart.opened', 'cart.abandoned', 'order.created'] }
    const all = entitiesWith(figures, selection)
    const cart = all.find(({ name }) => name === 'cart')!
    expect(cart.eventTypes.map(({ name }) => name)).toEqual(['cart.abandoned', 'cart.opened'])
    expect(cart.eventTypes[1]?.description).toMatch(/Neither/)
    expect(all.find(({ name }) => name === 'drawer')).toMatchObject({ eventTypes: [] })
    const kept = withTypes({ chosen: selection.events, future: ['drawer'] }, all, ['return.processed'], true)
    expect(selectionOf(kept)).toEqual({
      entities: ['drawer'],
      events: ['order.created', 'return.processed', 'cart.abandoned', 'cart.opened'],
    })
  })

  it('is searched by name, label and description', () => {
    const found = (text: string) => searchEntities(entities, text).flatMap((e) => e.eventTypes.map((t) => t.name))
    expect(found('  ORDER.created ')).toEqual(['order.created', 'order.cancelled'])
    expect(found('handover')).toEqual(['fulfillment_request.items_ready_for_handover'])
    expect(found('Return')).toContain('return.processed')
    expect(found('nothing like it')).toEqual([])
  })
})

describe('the recommendation to keep to related events', () => {
  it.each([
    [['order.created', 'return.processed'], 1],
    [['order.created', 'fulfillment_request.assigned'], 2],
    [['inventory_transaction.asn_created', 'cart.opened', 'cart.closed'], 2],
    [[], 0],
  ])('sees in %j the number of subjects', (chosen, subjects) => {
    expect(subjectsOf({ chosen, future: [] })).toHaveLength(subjects)
  })

  it('counts an entity that is taken as a whole', () => {
    expect(subjectsOf({ chosen: ['order.created'], future: ['fulfillment_request', 'return'] })).toEqual([
      ['order', 'return'],
      ['fulfillment_request'],
    ])
  })
})
