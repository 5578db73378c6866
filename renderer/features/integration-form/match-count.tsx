import type { Selection } from '@shared/domain'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call } from '../../bridge/client'
import { keys } from '../../query/keys'
import { countOf, formatNumber } from '../../ui/format'
import styles from './match-count.module.css'

/** Between a click and the question, so that a row of clicks asks once. */
const SETTLE_MS = 150

interface Props {
  readonly selection: Selection
  /** Nothing is chosen, which is not the same as everything. */
  readonly none: boolean
}

/** How many events of the last 24 hours the selection would have taken. */
export function MatchCount({ selection, none }: Props) {
  const key = JSON.stringify(selection)
  const [asked, setAsked] = useState(key)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(key), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [key])
  const { data } = useQuery({
    queryKey: keys.matching(asked),
    queryFn: () => call('events.matching', { selection: JSON.parse(asked) }),
    placeholderData: keepPreviousData,
  })
  if (data === undefined) return <p className={styles.count}>&nbsp;</p>
  const matched = none ? 0 : data.matched
  const share = data.total === 0 ? 0 : matched / data.total
  return (
    <div className={styles.count} role="status">
      {data.total === 0 ? (
        <p>No event was accepted in the last 24 hours, so there is nothing to measure the choice by.</p>
      ) : (
        <>
          <span className={styles.track} aria-hidden="true">
            <span className={styles.bar} style={{ width: `${share * 100}%` }} />
          </span>
          <p>
            Would have matched <strong>{formatNumber(matched)}</strong> of the {countOf(data.total, 'event')} of the
            last 24 h
          </p>
        </>
      )}
    </div>
  )
}
