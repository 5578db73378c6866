import type { ReactNode } from 'react'
import styles from './filter-bar.module.css'

/** What narrows the list below it; wraps where it is narrow. */
export function FilterBar({ children }: { readonly children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label="Filters">
      {children}
    </search>
  )
}
