import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { Compass } from 'lucide-react'
import { buttonClass } from '../ui/button'
import { EmptyState, ErrorState } from '../ui/state-view'

export function NotFound() {
  return (
    <EmptyState
      icon={Compass}
      title="There is no such screen"
      actions={
        <Link to="/event-stream/$view" params={{ view: 'all' }} className={buttonClass()}>
          All integrations
        </Link>
      }
    >
      The address leads nowhere in this version of the console.
    </EmptyState>
  )
}

export function ScreenError({ error, reset }: ErrorComponentProps) {
  return <ErrorState title="This screen could not be shown" error={error} onRetry={reset} />
}
