import type { LogFigures } from '@shared/domain'
import { type Entity, entityOf, eventCatalog, findEventType } from '@shared/event-catalog'

/** The catalog with the event types that the log holds beyond it: the catalog is known not to be complete. */
export function entitiesWith(figures: LogFigures | undefined): readonly Entity[] {
  const unknown = figures?.byType.map(({ name }) => name).filter((name) => findEventType(name) === undefined) ?? []
  const extra = new Map<string, string[]>()
  for (const name of unknown.toSorted()) extra.set(entityOf(name), [...(extra.get(entityOf(name)) ?? []), name])
  const typesOf = (entity: string) =>
    (extra.get(entity) ?? []).map((name) => ({
      name,
      entity,
      description: 'Seen in the event log; not in the catalog.',
    }))
  const known = eventCatalog.map((entity) => ({
    ...entity,
    eventTypes: [...entity.eventTypes, ...typesOf(entity.name)],
  }))
  const others = [...extra.keys()]
    .filter((name) => eventCatalog.every((entity) => entity.name !== name))
    .map((name) => ({
      name,
      label: name,
      description: 'Seen in the event log; not in the catalog.',
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
