import type { ReactNode } from 'react'
import styles from './page.module.css'

interface HeaderProps {
  readonly title: ReactNode
  readonly count?: ReactNode
  readonly children?: ReactNode
}

/** The bar on top of a screen: its heading on the left, its actions on the right. */
export function PageHeader({ title, count, children }: HeaderProps) {
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>{title}</h1>
      {count !== undefined && <span className={styles.count}>{count}</span>}
      <div className={styles.actions}>{children}</div>
    </header>
  )
}
