import type { ReactNode } from 'react'
import styles from './badge.module.css'
import { cx } from './cx'

interface BadgeProps {
  readonly tone: 'success' | 'danger' | 'warning' | 'neutral' | 'accent'
  readonly children: ReactNode
}

/** A state in one word. The word carries the meaning, the colour repeats it. */
export function Badge({ tone, children }: BadgeProps) {
  return <span className={cx(styles.badge, styles[tone])}>{children}</span>
}

interface ChipProps {
  readonly children: ReactNode
}

/** One of several things, such as an event type. */
export function Chip({ children }: ChipProps) {
  return <span className={styles.chip}>{children}</span>
}
