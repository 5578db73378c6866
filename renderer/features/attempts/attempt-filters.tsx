import type { Integration } from '@shared/domain'
import { entityOf, eventCatalog, selects } from '@shared/event-catalog'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { figuresQuery } from '../../query/queries'
import { Button } from '../../ui/button'
import { FilterBar } from '../../ui/filter-bar'
import { Segmented } from '../../ui/radio'
import { SearchField } from '../../ui/search-field'
import { Select } from '../../ui/select'
import { ExportButton } from '../exports/export-button'
import styles from './attempt-filters.module.css'
import { type AttemptSearch, type AttemptFilters as Filters, filterAt, hasFilters } from './attempt-search'
import { PeriodFilter } from './period-filter'
import { SavedFiltersMenu } from './saved-filters-menu'

interface Props {
  readonly id: string
  readonly integration: Integration | undefined
  readonly search: AttemptSearch
  /** `typing` marks steps that are not worth a way back. */
  readonly onChange: (change: Partial<AttemptSearch>, typing?: boolean) => void
  readonly onReplace: (filters: Filters) => void
}

const ANY = '*'

export function AttemptFilters({ id, integration, search, onChange, onReplace }: Props) {
  const types = useEventTypes(integration?.selection, search.type)
  return (
    <FilterBar>
      <SearchField
        label="Domain Entity ID"
        className={styles.entity}
        value={search.entityId ?? ''}
        onChange={(text) => onChange({ entityId: text || undefined }, true)}
      />
      <SearchField
        label="Search"
        placeholder="Event ID, entity or type"
        className={styles.entity}
        value={search.text ?? ''}
        onChange={(text) => onChange({ text: text || undefined }, true)}
      />
      <Segmented
        label="Status"
        value={search.status ?? 'all'}
        onChange={(status) => onChange({ status: status === 'all' ? undefined : status })}
        options={[
          { value: 'all', label: 'All' },
          { value: 'success', label: 'Success' },
          { value: 'failure', label: 'Failure' },
        ]}
      />
      <Select
        label="Event type"
        value={search.type ?? ANY}
        options={[{ value: ANY, label: 'All types' }, ...types.map((name) => ({ value: name, label: name }))]}
        onChange={(type) => onChange({ type: type === ANY ? undefined : type })}
      />
      <PeriodFilter search={search} onChange={onChange} />
      {hasFilters(search) && (
        <Button variant="ghost" onClick={() => onReplace({})}>
          Clear filters
        </Button>
      )}
      <span className={styles.end}>
        <SavedFiltersMenu search={search} onApply={onReplace} />
        <ExportButton source={() => ({ kind: 'attempts', id, filter: filterAt(search, Date.now()) })} />
      </span>
    </FilterBar>
  )
}

/** Event types that the integration may have attempted: those of the log and of the catalog that it takes. */
export function useEventTypes(selection: Integration['selection'] | undefined, chosen: string | undefined): string[] {
  const figures = useQuery(figuresQuery).data
  return useMemo(() => {
    const known = [
      ...(figures?.byType.map(({ name }) => name) ?? []),
      ...eventCatalog.flatMap((entity) => entity.eventTypes.map(({ name }) => name)),
    ]
    const taken = known.filter((name) => selection === undefined || selects(selection, name))
    const names = [...new Set(chosen === undefined ? taken : [...taken, chosen])]
    return names.sort((a, b) => entityOf(a).localeCompare(entityOf(b)) || a.localeCompare(b))
  }, [figures, selection, chosen])
}
