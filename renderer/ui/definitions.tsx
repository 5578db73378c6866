import type { ReactNode } from 'react'
import styles from './definitions.module.css'

interface Props {
  readonly items: readonly (readonly [term: string, value: ReactNode])[]
}

/** Terms and their values in two columns. */
export function Definitions({ items }: Props) {
  return (
    <dl className={styles.list}>
      {items.map(([term, value]) => (
        <div key={term} className={styles.item}>
          <dt className={styles.term}>{term}</dt>
          <dd className={styles.value}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
