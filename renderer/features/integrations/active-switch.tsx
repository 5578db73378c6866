import type { IntegrationSummary } from '@shared/domain'
import { Switch } from '../../ui/switch'
import styles from './active-switch.module.css'
import { useActivation } from './use-actions'
import { pausedBecause } from './words'

interface Props {
  readonly integration: IntegrationSummary
}

/** The state of an integration and the toggle that changes it. */
export function ActiveSwitch({ integration }: Props) {
  const activation = useActivation(integration)
  const running = integration.status === 'running'
  const checked = activation.isPending ? activation.variables : running
  const why = pausedBecause(integration)
  return (
    <div className={styles.state}>
      <Switch
        label={`${integration.id} active`}
        checked={checked}
        pending={activation.isPending}
        disabled={integration.stopCause === 'ended'}
        onChange={(active) => activation.mutate(active)}
      />
      <div className={styles.words}>
        {activation.isPending ? (
          <span className={styles.pending}>{checked ? 'Activating…' : 'Pausing…'}</span>
        ) : (
          <span>{running ? 'Active' : 'Paused'}</span>
        )}
        {why !== null && !activation.isPending && (
          <span className={styles.why} data-cause={integration.stopCause} title={`Paused ${why}`}>
            {why}
          </span>
        )}
      </div>
    </div>
  )
}
