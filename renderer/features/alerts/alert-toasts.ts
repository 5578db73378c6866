import type { Alert } from '@shared/domain'
import { subscribe } from '../../bridge/client'
import { toastOffer } from '../../ui/toast'
import { kindOf } from './alert-words'

const SHOWN_MS = 15_000

/** Shows each alert that is raised while the window is open. @returns the function that ends it */
export function showAlerts(open: (alert: Alert) => void): () => void {
  return subscribe('alert', (alert) => {
    const { label, tone } = kindOf(alert.kind)
    toastOffer({
      title: alert.integrationId === null ? label : `${alert.integrationId} ${label}`,
      description: alert.message,
      action: 'Show',
      timeoutMs: SHOWN_MS,
      tone: tone === 'success' ? 'success' : 'warning',
      onAction: () => open(alert),
    })
  })
}
