import type { Page, Topic } from '@shared/contract'
import {
  type InfiniteData,
  keepPreviousData,
  type QueryKey,
  useInfiniteQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { subscribe } from '../bridge/client'

const REFRESH_EVERY_MS = 700

interface FeedOptions<T> {
  readonly queryKey: QueryKey
  readonly topics: readonly Topic[]
  readonly load: (after: string | null) => Promise<Page<T>>
  readonly idOf: (row: T) => string | number
}

export interface Feed<T> {
  readonly rows: readonly T[]
  /** The page that was read last, for what its call says besides rows. */
  readonly lastPage: Page<T> | undefined
  readonly loading: boolean
  /** The rows belong to the filter before; those of the present one are on their way. */
  readonly outdated: boolean
  readonly error: Error | null
  readonly hasMore: boolean
  readonly loadingMore: boolean
  /** New rows held back because the operator has scrolled away from the top. */
  readonly held: number
  readonly retry: () => void
  readonly loadMore: () => void
  /** Tells the feed whether the top of the list is in view; new rows are only shown there. */
  readonly setAtTop: (atTop: boolean) => void
  readonly showHeld: () => void
}

/**
 * A list, newest first, that is read in keyset pages and grows at its head while one looks at it. At the top the first page is
 * replaced by a fresh one (older pages are read again when scrolled to, so a slow attempt that is recorded late is not missed);
 * further down the rows stay as they are and the new ones are counted.
 */
export function useFeed<T>({ queryKey, topics, load, idOf }: FeedOptions<T>): Feed<T> {
  const client = useQueryClient()
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => load(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })
  const [held, setHeld] = useState<{ readonly page: Page<T>; readonly count: number } | null>(null)
  const atTop = useRef(true)
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.rows) ?? [], [query.data])

  const latest = useRef({ queryKey, topics, load, idOf, query, rows })
  latest.current = { queryKey, topics, load, idOf, query, rows }

  const keyText = JSON.stringify(queryKey)
  // biome-ignore lint/correctness/useExhaustiveDependencies: held rows and the place in the list belong to one key
  useEffect(() => {
    atTop.current = true
    setHeld(null)
  }, [keyText])

  const show = useCallback(
    (page: Page<T>) => {
      client.setQueryData<InfiniteData<Page<T>, string | null>>(latest.current.queryKey, {
        pages: [page],
        pageParams: [null],
      })
      setHeld(null)
    },
    [client],
  )

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let busy = false
    let again = false
    let ended = false

    const refresh = async () => {
      if (busy) {
        again = true
        return
      }
      busy = true
      again = false
      const asked = latest.current
      try {
        if (asked.query.isSuccess && !asked.query.isPlaceholderData) {
          const page = await asked.load(null)
          const now = latest.current
          const samePlace = JSON.stringify(now.queryKey) === JSON.stringify(asked.queryKey)
          if (!ended && samePlace && !now.query.isFetching) apply(page)
          else again = true
        } else if (asked.query.isError) {
          void asked.query.refetch()
        }
      } catch {
        // The rows on screen stay; the next change or the operator's retry asks again.
      }
      timer = setTimeout(() => {
        busy = false
        if (again && !ended) void refresh()
      }, REFRESH_EVERY_MS)
    }

    const apply = (page: Page<T>) => {
      const { rows: shown, idOf: id } = latest.current
      // Nothing was there and nothing came: a search that goes on further down must not begin again.
      if (page.rows.length === 0 && shown.length === 0) return
      const known = new Set(shown.map(id))
      const count = page.rows.filter((row) => !known.has(id(row))).length
      const sameHead =
        count === 0 && page.rows.length <= shown.length && page.rows.every((r, i) => id(r) === id(shown[i]!))
      if (sameHead && shown.length > 0) return setHeld(null)
      if (atTop.current || shown.length === 0 || page.rows.length === 0) show(page)
      else if (count > 0) setHeld({ page, count })
    }

    const stop = subscribe('changed', (changed) => {
      if (changed.some((topic) => latest.current.topics.includes(topic))) void refresh()
    })
    return () => {
      ended = true
      clearTimeout(timer)
      stop()
    }
  }, [show])

  const loadMore = useCallback(() => {
    const { query: now } = latest.current
    if (now.hasNextPage && !now.isFetching) void now.fetchNextPage()
  }, [])

  const showHeld = useCallback(() => held && show(held.page), [held, show])
  const setAtTop = useCallback(
    (value: boolean) => {
      atTop.current = value
      if (value) showHeld()
    },
    [showHeld],
  )

  return {
    rows,
    lastPage: query.data?.pages.at(-1),
    loading: query.isPending,
    outdated: query.isPlaceholderData,
    error: query.isError ? query.error : null,
    hasMore: query.hasNextPage,
    loadingMore: query.isFetchingNextPage,
    held: held?.count ?? 0,
    retry: () => void query.refetch(),
    loadMore,
    setAtTop,
    showHeld: () => void showHeld(),
  }
}
