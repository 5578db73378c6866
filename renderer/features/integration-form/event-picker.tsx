import type { LogFigures } from '@shared/domain'
import type { Entity, EventType } from '@shared/event-catalog'
import { ChevronRight, CircleAlert, Search } from 'lucide-react'
import { useId, useState } from 'react'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Checkbox } from '../../ui/checkbox'
import { cx } from '../../ui/cx'
import { formatFigure, formatNumber } from '../../ui/format'
import { Switch } from '../../ui/switch'
import styles from './event-picker.module.css'
import { type Choice, chosenCount, isChosen, searchEntities, withFuture, withTypes } from './event-selection'

interface Props {
  readonly id: string
  readonly entities: readonly Entity[]
  readonly figures: LogFigures | undefined
  readonly choice: Choice
  readonly error: string | undefined
  readonly onChange: (choice: Choice) => void
}

/** Entities with their event types to choose from. */
export function EventPicker({ id, entities, figures, choice, error, onChange }: Props) {
  const [text, setText] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const searching = text.trim() !== ''
  const found = searchEntities(entities, text)
  const total = entities.reduce((sum, entity) => sum + entity.eventTypes.length, 0)
  const count = chosenCount(choice, entities)
  const sizes = new Map(entities.map(({ name, eventTypes }) => [name, eventTypes.length]))
  const inLog = new Map(figures?.byType.map(({ name, count: events }) => [name, events]))

  const set = (types: readonly EventType[], on: boolean) =>
    onChange(
      withTypes(
        choice,
        entities,
        types.map(({ name }) => name),
        on,
      ),
    )
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
            {formatNumber(count)} of {formatNumber(total)} chosen
          </span>
          {choice.chosen.length + choice.future.length > 0 && (
            <Button small variant="ghost" onClick={() => onChange({ chosen: [], future: [] })}>
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
                choice={choice}
                whole={entity.eventTypes.length === sizes.get(entity.name)}
                inLog={inLog}
                open={searching || open.has(entity.name)}
                fixedOpen={searching}
                onToggleOpen={() => toggleOpen(entity.name)}
                onSet={set}
                onFuture={(on) => onChange(withFuture(choice, entities, entity.name, on))}
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
  readonly choice: Choice
  /** All of its types are shown, not only those that a search found. */
  readonly whole: boolean
  readonly inLog: ReadonlyMap<string, number>
  readonly open: boolean
  readonly fixedOpen: boolean
  readonly onToggleOpen: () => void
  readonly onSet: (types: readonly EventType[], on: boolean) => void
  readonly onFuture: (on: boolean) => void
}

function EntityItem({ entity, choice, whole, inLog, open, fixedOpen, onToggleOpen, onSet, onFuture }: EntityProps) {
  const id = useId()
  const { eventTypes } = entity
  const count = eventTypes.filter((type) => isChosen(choice, type.name)).length
  const future = choice.future.includes(entity.name)
  const all = future || (count === eventTypes.length && count > 0)
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
            onChange={() => (eventTypes.length === 0 ? onFuture(!all) : onSet(eventTypes, !all))}
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
      {all && whole && (
        <div className={styles.future}>
          <Switch
            label={`Future event types of ${entity.name}`}
            describedBy={`${id}-future`}
            checked={future}
            pending={false}
            onChange={onFuture}
          />
          <p id={`${id}-future`} className={styles.description}>
            {future
              ? `Also event types that ${entity.name} gets later are delivered.`
              : `Only the ${eventTypes.length === 1 ? 'type' : `${eventTypes.length} types`} supported today. Switch on to take types that ${entity.name} gets later, too.`}
          </p>
        </div>
      )}
      {open && (
        <ul id={`${id}-types`} className={styles.types} aria-label={`${entity.name} event types`}>
          {eventTypes.map((type) => (
            <TypeItem
              key={type.name}
              type={type}
              checked={isChosen(choice, type.name)}
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
