import type { LogFigures } from '@shared/domain'
import type { Entity, EventType } from '@shared/event-catalog'
import { ChevronRight, CircleAlert, Search } from 'lucide-react'
import { useId, useState } from 'react'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { cx } from '../../ui/cx'
import { formatFigure, formatNumber } from '../../ui/format'
import styles from './event-picker.module.css'
import { searchEntities } from './event-tree'

interface Props {
  readonly id: string
  readonly entities: readonly Entity[]
  readonly figures: LogFigures | undefined
  readonly chosen: readonly string[]
  readonly error: string | undefined
  readonly onChange: (chosen: readonly string[]) => void
}

/** Entities with their event types to choose from. */
export function EventPicker({ id, entities, figures, chosen, error, onChange }: Props) {
  const [text, setText] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const names = new Set(chosen)
  const searching = text.trim() !== ''
  const found = searchEntities(entities, text)
  const total = entities.reduce((sum, entity) => sum + entity.eventTypes.length, 0)
  const inLog = new Map(figures?.byType.map(({ name, count }) => [name, count]))

  const set = (types: readonly EventType[], on: boolean) => {
    const next = new Set(names)
    for (const { name } of types) on ? next.add(name) : next.delete(name)
    // In the order of the catalog, whatever the order of the clicks.
    onChange(entities.flatMap((entity) => entity.eventTypes.map((type) => type.name)).filter((name) => next.has(name)))
  }
  const toggleOpen = (name: string) => {
    const next = new Set(open)
    if (!next.delete(name)) next.add(name)
    setOpen(next)
  }
  return (
    <div>
      <section className={styles.picker} aria-label="Event types" data-invalid={error === undefined ? undefined : ''}>
        <div className={styles.bar}>
          <Search size={14} aria-hidden="true" />
          <input
            id={id}
            type="text"
            className={styles.search}
            aria-label="Search event types"
            aria-invalid={error !== undefined}
            aria-describedby={error === undefined ? undefined : `${id}-error`}
            placeholder="Search entities and event types"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              // Enter in a search is not meant for the form around it.
              if (event.key === 'Enter') event.preventDefault()
            }}
          />
          <span className={styles.count} role="status">
            {formatNumber(names.size)} of {formatNumber(total)} chosen
          </span>
          {names.size > 0 && (
            <Button small variant="ghost" onClick={() => onChange([])}>
              Clear
            </Button>
          )}
        </div>
        {found.length === 0 ? (
          <p className={styles.nothing}>No entity or event type matches “{text.trim()}”.</p>
        ) : (
          <ul className={styles.list}>
            {found.map((entity) => (
              <EntityItem
                key={entity.name}
                entity={entity}
                names={names}
                inLog={inLog}
                open={searching || open.has(entity.name)}
                fixedOpen={searching}
                onToggleOpen={() => toggleOpen(entity.name)}
                onSet={set}
              />
            ))}
          </ul>
        )}
      </section>
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error}>
          <CircleAlert size={13} aria-hidden="true" />
          {error}
        </p>
      )}
    </div>
  )
}

interface EntityProps {
  readonly entity: Entity
  readonly names: ReadonlySet<string>
  readonly inLog: ReadonlyMap<string, number>
  readonly open: boolean
  readonly fixedOpen: boolean
  readonly onToggleOpen: () => void
  readonly onSet: (types: readonly EventType[], on: boolean) => void
}

function EntityItem({ entity, names, inLog, open, fixedOpen, onToggleOpen, onSet }: EntityProps) {
  const id = useId()
  const { eventTypes } = entity
  const count = eventTypes.filter((type) => names.has(type.name)).length
  const all = count === eventTypes.length
  return (
    <li className={styles.entity}>
      <div className={styles.row}>
        <button
          type="button"
          className={styles.expand}
          aria-expanded={open}
          aria-controls={`${id}-types`}
          aria-label={`Event types of ${entity.name}`}
          disabled={fixedOpen}
          onClick={onToggleOpen}
        >
          <ChevronRight size={14} aria-hidden="true" className={cx(styles.chevron, open && styles.chevronOpen)} />
        </button>
        <div className={styles.choice}>
          <Checkbox
            id={`${id}-box`}
            label={entity.name}
            describedBy={`${id}-text`}
            checked={all}
            mixed={count > 0 && !all}
            onChange={() => onSet(eventTypes, !all)}
          />
          <label htmlFor={`${id}-box`} className={styles.words}>
            <span className={styles.name}>{entity.name}</span>
            <span id={`${id}-text`} className={styles.description}>
              {entity.description}
            </span>
          </label>
        </div>
        <span className={styles.figure}>
          {count > 0
            ? `${count} of ${eventTypes.length}`
            : `${eventTypes.length} ${eventTypes.length === 1 ? 'type' : 'types'}`}
        </span>
      </div>
      {open && (
        <ul id={`${id}-types`} className={styles.types} aria-label={`${entity.name} event types`}>
          {eventTypes.map((type) => (
            <TypeItem
              key={type.name}
              type={type}
              checked={names.has(type.name)}
              count={inLog.get(type.name)}
              onSet={onSet}
            />
          ))}
        </ul>
      )}
    </li>
  )
}

interface TypeProps {
  readonly type: EventType
  readonly checked: boolean
  readonly count: number | undefined
  readonly onSet: (types: readonly EventType[], on: boolean) => void
}

function TypeItem({ type, checked, count, onSet }: TypeProps) {
  const id = useId()
  return (
    <li className={styles.type}>
      <div className={styles.choice}>
        <Checkbox
          id={`${id}-box`}
          label={type.name}
          describedBy={`${id}-text`}
          checked={checked}
          onChange={(on) => onSet([type], on)}
        />
        <label htmlFor={`${id}-box`} className={styles.words}>
          <span className={styles.typeName}>
            {type.name}
            {type.replacedBy !== undefined && <Badge tone="warning">Deprecated, use {type.replacedBy}</Badge>}
          </span>
          <span id={`${id}-text`} className={styles.description}>
            {type.description}
          </span>
        </label>
      </div>
      {count !== undefined && <span className={styles.figure}>{formatFigure(count)} in the log</span>}
    </li>
  )
}
