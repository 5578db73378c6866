import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './callout.module.css'
import { cx } from './cx'

interface Props {
  readonly tone: 'info' | 'warning' | 'danger'
  readonly title?: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

const icons = { info: Info, warning: TriangleAlert, danger: CircleAlert }

/** A remark in the place it is about. A danger is announced when it appears. */
export function Callout({ tone, title, children, action }: Props) {
  const Icon = icons[tone]
  return (
    <div className={cx(styles.callout, styles[tone])} role={tone === 'danger' ? 'alert' : undefined}>
      <Icon size={15} aria-hidden="true" className={styles.icon} />
      <div className={styles.text}>
        {title !== undefined && <p className={styles.title}>{title}</p>}
        {children}
        {action !== undefined && <div className={styles.action}>{action}</div>}
      </div>
    </div>
  )
}
