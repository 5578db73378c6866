/**
 * The event types that the specified system is known to emit. Source: the public event list of the system, the examples of
 * its OpenAPI text, and receivers seen in use. The list is not complete: unknown names are accepted and shown as unknown.
 */
export interface EventType {
  /** `entity.moment` */
  readonly name: string
  readonly entity: string
  readonly description: string
  /** The event type to use instead. */
  readonly replacedBy?: string
}

export interface Entity {
  readonly name: string
  readonly label: string
  readonly description: string
  /** What `payload.id`, the domain entity ID, identifies. */
  readonly domainEntityId: string
  readonly eventTypes: readonly EventType[]
}

function entity(
  name: string,
  label: string,
  description: string,
  domainEntityId: string,
  moments: Readonly<Record<string, string | { readonly description: string; readonly replacedBy: string }>>,
): Entity {
  const eventTypes = Object.entries(moments).map(([moment, about]) => ({
    name: `${name}.${moment}`,
    entity: name,
    ...(typeof about === 'string' ? { description: about } : about),
  }))
  return { name, label, description, domainEntityId, eventTypes }
}

export const eventCatalog: readonly Entity[] = [
  entity('order', 'Order', 'Web and store orders, from creation to completion or cancellation.', 'Order ID', {
    created: 'The order was accepted by the platform. An exchange creates a new order with is_exchange set.',
    opened: 'The order passed its checks and its items can be fulfilled.',
    completed: 'Every item of the order has been fulfilled.',
    cancelled: 'The whole order was cancelled. May arrive before order.created.',
    items_cancelled: 'Some items of the order were cancelled, with a reason.',
    items_swapped: 'Items of the order were replaced by others.',
    shipped: {
      description: 'The order was shipped.',
      replacedBy: 'order.completed',
    },
  }),
  entity(
    'fulfillment_request',
    'Fulfillment request',
    'The work that a store or warehouse is asked to do for an order.',
    'Fulfillment request ID',
    {
      assigned: 'A location was asked to fulfill items of an order.',
      items_completed: 'The location fulfilled items.',
      items_failed: 'The location could not fulfill items.',
      items_ready_for_handover: 'Items are packed and wait for the customer or the carrier.',
    },
  ),
  entity('return', 'Return', 'Goods that customers bring or send back.', 'Return ID', {
    processed: 'A return was taken in and its refund was worked out.',
  }),
  entity('refund_request', 'Refund request', 'Refunds without a return, such as appeasements.', 'Refund request ID', {
    issued: 'A refund was requested for an order.',
  }),
  entity('payment_account', 'Payment account', 'Money moved for an order.', 'Payment account ID', {
    amount_refunded: 'Money was paid back through the instruments of the order.',
  }),
  entity(
    'inventory_transaction',
    'Inventory transaction',
    'Stock that moves. Long ones are cut into chunks that share one ID.',
    'Inventory transaction ID',
    {
      asn_created: 'A shipment to a location was announced.',
      items_received: 'A location received announced items.',
      adjustment_created: 'Stock was corrected, for example for damage.',
    },
  ),
]

const byName = new Map(eventCatalog.flatMap((e) => e.eventTypes.map((t) => [t.name, t] as const)))
const entities = new Map(eventCatalog.map((e) => [e.name, e] as const))

/** The catalog's entry of an event type; undefined for an unknown name. */
export function findEventType(name: string): EventType | undefined {
  return byName.get(name)
}

/** The catalog's entry of an entity; undefined for an unknown name. */
export function findEntity(name: string): Entity | undefined {
  return entities.get(name)
}

/** The entity part of `entity.moment`. */
export function entityOf(eventName: string): string {
  const dot = eventName.indexOf('.')
  return dot < 0 ? eventName : eventName.slice(0, dot)
}

/** True when a selection takes events of this type; an empty selection takes all. */
export function selects(
  selection: {
    readonly entities: readonly string[]
    readonly events: readonly string[]
  },
  eventName: string,
): boolean {
  if (selection.entities.length === 0 && selection.events.length === 0) return true
  return selection.events.includes(eventName) || selection.entities.includes(entityOf(eventName))
}
