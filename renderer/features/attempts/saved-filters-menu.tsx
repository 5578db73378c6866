import { Popover } from '@base-ui/react/popover'
import { Bookmark, ChevronDown, Trash2 } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Button, buttonClass, IconButton } from '../../ui/button'
import { cx } from '../../ui/cx'
import { TextField } from '../../ui/text-field'
import { type AttemptFilters, type AttemptSearch, filtersOf, hasFilters } from './attempt-search'
import { sameFilters, useSavedFilters } from './saved-filters'
import styles from './saved-filters-menu.module.css'

interface Props {
  readonly search: AttemptSearch
  readonly onApply: (filters: AttemptFilters) => void
}

/** Filters kept under a name: apply one, keep the present one, forget one. */
export function SavedFiltersMenu({ search, onApply }: Props) {
  const { saved, save, remove } = useSavedFilters()
  const [open, setOpen] = useState(false)
  const [name, setName] = useState('')
  const filters = filtersOf(search)
  const current = saved.find((each) => sameFilters(each.filters, filters))
  const onSave = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() === '') return
    save({ name: name.trim(), filters })
    setName('')
    setOpen(false)
  }
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className={cx(buttonClass('secondary'), styles.trigger)} aria-label="Saved filters">
        <Bookmark size={14} aria-hidden="true" />
        <span className={styles.name}>{current?.name ?? 'Saved'}</span>
        <ChevronDown size={14} aria-hidden="true" />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className={styles.positioner} sideOffset={4} align="end" collisionPadding={8}>
          <Popover.Popup className={styles.popup} aria-label="Saved filters">
            {saved.length === 0 ? (
              <p className={styles.none}>No filter is saved yet.</p>
            ) : (
              <ul className={styles.list}>
                {saved.map((each) => (
                  <li key={each.name} className={styles.item}>
                    <button
                      type="button"
                      className={styles.apply}
                      aria-current={each.name === current?.name ? 'true' : undefined}
                      onClick={() => {
                        onApply(each.filters)
                        setOpen(false)
                      }}
                    >
                      {each.name}
                    </button>
                    <IconButton label={`Forget ${each.name}`} danger onClick={() => remove(each.name)}>
                      <Trash2 size={14} aria-hidden="true" />
                    </IconButton>
                  </li>
                ))}
              </ul>
            )}
            {hasFilters(search) && current === undefined && (
              <form className={styles.form} onSubmit={onSave}>
                <TextField
                  label="Save the present filters as"
                  value={name}
                  maxLength={60}
                  onChange={(event) => setName(event.target.value)}
                />
                <Button type="submit" variant="primary" disabled={name.trim() === ''}>
                  Save
                </Button>
              </form>
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
