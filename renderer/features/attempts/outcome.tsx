import type { Outcome as OutcomeWord } from '@shared/domain'
import styles from './outcome.module.css'

interface Props {
  readonly outcome: OutcomeWord
}

export function Outcome({ outcome }: Props) {
  return (
    <span className={styles.outcome} data-outcome={outcome}>
      {outcome === 'success' ? 'Success' : 'Failure'}
    </span>
  )
}
