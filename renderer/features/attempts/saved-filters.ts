import { useSyncExternalStore } from 'react'
import { z } from 'zod'
import { type AttemptFilters, attemptSearch, filtersOf } from './attempt-search'

const KEY = 'saved-filters/events'

export interface SavedFilter {
  readonly name: string
  readonly filters: AttemptFilters
}

const stored = z.array(z.object({ name: z.string().min(1).max(60), filters: attemptSearch }))

/** Saved filters as they lie in this computer's storage; what cannot be read counts as none. */
export function parseSaved(text: string | null): readonly SavedFilter[] {
  if (text === null) return []
  try {
    return stored.parse(JSON.parse(text)).map(({ name, filters }) => ({ name, filters: filtersOf(filters) }))
  } catch {
    return []
  }
}

/** The list with a filter added under its name, which it then has alone. */
export function withSaved(list: readonly SavedFilter[], added: SavedFilter): readonly SavedFilter[] {
  return [...list.filter(({ name }) => name !== added.name), added].sort((a, b) => a.name.localeCompare(b.name))
}

/** True when both filter alike. */
export function sameFilters(a: AttemptFilters, b: AttemptFilters): boolean {
  const entries = (filters: AttemptFilters) =>
    JSON.stringify(
      Object.entries(filters)
        .filter(([, value]) => value !== undefined)
        .sort(([x], [y]) => (x < y ? -1 : 1)),
    )
  return entries(a) === entries(b)
}

const listeners = new Set<() => void>()
let text: string | null | undefined
let list: readonly SavedFilter[] = []

function read(): readonly SavedFilter[] {
  const now = localStorage.getItem(KEY)
  if (now !== text) {
    text = now
    list = parseSaved(now)
  }
  return list
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function write(next: readonly SavedFilter[]): void {
  localStorage.setItem(KEY, JSON.stringify(next))
  for (const listener of listeners) listener()
}

/** The saved filters of View Events. They belong to this computer and its user and serve every integration. */
export function useSavedFilters() {
  const saved = useSyncExternalStore(subscribe, read)
  return {
    saved,
    save: (added: SavedFilter) => write(withSaved(saved, added)),
    remove: (name: string) => write(saved.filter((each) => each.name !== name)),
  }
}
