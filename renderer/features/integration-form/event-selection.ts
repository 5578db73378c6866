import type { LogFigures, Selection } from '@shared/domain'
import { type Entity, entityOf, eventCatalog, findEntity, findEventType } from '@shared/event-catalog'

/** What is chosen in the picker. An entity in `future` is taken as a whole, with the types that it gets later. */
export interface Choice {
  readonly chosen: readonly string[]
  readonly future: readonly string[]
}

const NOTHING: Selection = { entities: [], events: [] }

/**
 * The catalog with the event types beyond it: those that the log holds, and those of a selection. The catalog is known not to be
 * complete.
 */
export function entitiesWith(figures: LogFigures | undefined, selection: Selection = NOTHING): readonly Entity[] {
  const inLog = new Set(figures?.byType.map(({ name }) => name))
  const names = [...new Set([...inLog, ...selection.events])].filter((name) => findEventType(name) === undefined)
  const aboutUnknown = (seen: boolean) =>
    seen ? 'Seen in the event log; not in the catalog.' : 'Neither in the catalog nor in the event log.'
  const extra = new Map<string, string[]>()
  for (const name of names.toSorted()) extra.set(entityOf(name), [...(extra.get(entityOf(name)) ?? []), name])
  const typesOf = (entity: string) =>
    (extra.get(entity) ?? []).map((name) => ({ name, entity, description: aboutUnknown(inLog.has(name)) }))
  const known = eventCatalog.map((entity) => ({
    ...entity,
    eventTypes: [...entity.eventTypes, ...typesOf(entity.name)],
  }))
  const others = [...new Set([...extra.keys(), ...selection.entities])]
    .filter((name) => findEntity(name) === undefined)
    .map((name) => ({
      name,
      label: name,
      description: aboutUnknown((extra.get(name) ?? []).some((type) => inLog.has(type))),
      domainEntityId: 'ID',
      eventTypes: typesOf(name),
    }))
  return [...known, ...others]
}

/** The entities and event types that a search text finds; an entity that is found itself comes with all of its types. */
export function searchEntities(entities: readonly Entity[], text: string): readonly Entity[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return entities
  const has = (...texts: readonly string[]) => texts.some((each) => each.toLowerCase().includes(wanted))
  return entities.flatMap((entity) => {
    const types = entity.eventTypes.filter((type) => has(type.name, type.description))
    if (has(entity.name, entity.label)) return [entity]
    return types.length === 0 ? [] : [{ ...entity, eventTypes: types }]
  })
}

/** True for a type that is chosen itself or with its entity. */
export function isChosen({ chosen, future }: Choice, type: string): boolean {
  return future.includes(entityOf(type)) || chosen.includes(type)
}

/** How many of the known types are chosen. */
export function chosenCount(choice: Choice, entities: readonly Entity[]): number {
  return entities.reduce((sum, { eventTypes }) => sum + eventTypes.filter((t) => isChosen(choice, t.name)).length, 0)
}

/**
 * The choice after types were ticked or unticked, in the order of the catalog whatever the order of the clicks. An entity that loses a
 * type is no longer taken as a whole, since nothing can leave a type out of the whole.
 */
export function withTypes(choice: Choice, entities: readonly Entity[], types: readonly string[], on: boolean): Choice {
  const future = on ? choice.future : choice.future.filter((name) => !types.some((type) => entityOf(type) === name))
  const changed = new Set(types)
  const chosen = entities
    .flatMap((entity) => entity.eventTypes.map(({ name }) => name))
    .filter((name) => (changed.has(name) ? on : isChosen(choice, name)))
  return { chosen, future }
}

/** The choice after an entity was taken as a whole, or after its future types were left out again. */
export function withFuture(choice: Choice, entities: readonly Entity[], entity: string, on: boolean): Choice {
  const types = entities.find(({ name }) => name === entity)?.eventTypes.map(({ name }) => name) ?? []
  const all = withTypes(choice, entities, types, true)
  const others = choice.future.filter((name) => name !== entity)
  return { chosen: all.chosen, future: on ? [...others, entity] : others }
}

/** What the contract takes for a choice. */
export function selectionOf({ chosen, future }: Choice): { entities: string[]; events: string[] } {
  return { entities: [...future], events: chosen.filter((name) => !future.includes(entityOf(name))) }
}

/** Entities that belong together when they are audited. Source: the specification's example of two integrations. */
const RELATED: readonly (readonly string[])[] = [
  ['order', 'return', 'refund_request', 'payment_account'],
  ['fulfillment_request'],
  ['inventory_transaction'],
]

/** The chosen entities, those that belong together in one list each; more than one list is worth a recommendation. */
export function subjectsOf(choice: Choice): readonly (readonly string[])[] {
  const names = [...new Set([...choice.future, ...choice.chosen.map(entityOf)])]
  const known = RELATED.map((group) => group.filter((name) => names.includes(name))).filter(({ length }) => length > 0)
  const others = names.filter((name) => !RELATED.some((group) => group.includes(name)))
  return [...known, ...others.map((name) => [name])]
}
