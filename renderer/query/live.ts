import type { Topic } from '@shared/contract'
import { QueryClient, type QueryKey } from '@tanstack/react-query'
import { subscribe } from '../bridge/client'
import { keys } from './keys'

/** What is out of date when a topic changed. Feeds are absent on purpose: they refresh themselves without moving the list. */
const staleAfter: Readonly<Record<Topic, readonly QueryKey[]>> = {
  integrations: [keys.integrations],
  attempts: [keys.integrations, keys.attemptDetails, keys.minutes],
  rejected: [keys.integrations],
  logs: [],
  events: [keys.integrations, keys.figures, keys.matchings],
  imports: [keys.imports],
  inbox: [keys.inbox],
  secrets: [keys.info],
  resends: [keys.resends],
  alerts: [keys.alerts],
  settings: [keys.settings, keys.info],
  exports: [keys.exports],
}

/** Under load, changes come ten times a second; nobody reads that fast, and each refresh costs the reader thread a query. */
const REFRESH_EVERY_MS = 500

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { networkMode: 'always', retry: false, refetchOnWindowFocus: false },
      mutations: { networkMode: 'always' },
    },
  })
}

/** Keeps cached data up to date with the main process: the first change is applied at once, a stream of them in steps. */
export function followChanges(client: QueryClient): () => void {
  const waiting = new Set<Topic>()
  let pausing = false

  const apply = () => {
    if (waiting.size === 0) {
      pausing = false
      return
    }
    pausing = true
    const stale = [...waiting].flatMap((topic) => staleAfter[topic])
    waiting.clear()
    // A running fetch is left alone: cancelling it on every change would starve a slow query for ever.
    for (const queryKey of new Set(stale)) void client.invalidateQueries({ queryKey }, { cancelRefetch: false })
    setTimeout(apply, REFRESH_EVERY_MS)
  }

  return subscribe('changed', (topics) => {
    for (const topic of topics) waiting.add(topic)
    if (!pausing) apply()
  })
}
