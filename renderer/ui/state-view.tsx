import { AppError } from '@shared/errors'
import type { LucideIcon } from 'lucide-react'
import { CircleAlert, Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { sentenceOf } from '../bridge/client'
import { Button } from './button'
import styles from './state-view.module.css'

interface EmptyProps {
  readonly icon: LucideIcon
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

/** Stands where a list would be: says what belongs here and what to do next. */
export function EmptyState({ icon: Icon, title, children, actions }: EmptyProps) {
  return (
    <div className={styles.state}>
      <span className={styles.icon}>
        <Icon size={20} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <h2 className={styles.title}>{title}</h2>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}

interface ErrorProps {
  readonly title: string
  readonly error: unknown
  readonly onRetry?: () => void
}

/** Says what failed and why. A missing permission is no failure: it says which one is needed and who gives it. */
export function ErrorState({ title, error, onRetry }: ErrorProps) {
  if (error instanceof AppError && error.code === 'permission_denied') {
    return (
      <EmptyState
        icon={Lock}
        title="You may not see this"
        actions={onRetry && <Button onClick={onRetry}>Check again</Button>}
      >
        <p>{error.message}</p>
        <p>Who administers this computer grants it in the policy of the console.</p>
      </EmptyState>
    )
  }
  return (
    <div className={styles.state} role="alert">
      <span className={styles.icon} data-danger="">
        <CircleAlert size={20} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.text}>{sentenceOf(error)}</p>
      {onRetry !== undefined && (
        <div className={styles.actions}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </div>
  )
}
