import type { AttemptPhases } from '@shared/domain'
import { formatDuration } from '../../ui/format'
import styles from './phase-bar.module.css'
import { phasesOf } from './phases'

interface Props {
  readonly phases: AttemptPhases
  readonly durationMs: number
}

/** Where the time of an attempt went, as a bar and in words. */
export function PhaseBar({ phases, durationMs }: Props) {
  const parts = phasesOf(phases, durationMs)
  const whole = Math.max(
    0.1,
    parts.reduce((sum, { ms }) => sum + ms, 0),
  )
  return (
    <div className={styles.phases}>
      {parts.length > 0 && (
        <div className={styles.bar} aria-hidden="true">
          {parts.map(({ name, ms }) => (
            <span key={name} className={styles.part} data-phase={name} style={{ width: `${(ms / whole) * 100}%` }} />
          ))}
        </div>
      )}
      <ul className={styles.words}>
        {parts.map(({ name, label, ms }) => (
          <li key={name} className={styles.word} data-phase={name}>
            {label} <span className={styles.ms}>{formatDuration(ms)}</span>
          </li>
        ))}
        <li className={styles.total}>
          Total <span className={styles.ms}>{formatDuration(durationMs)}</span>
        </li>
      </ul>
      {phases.reused === true && <p className={styles.hint}>An open connection was used again.</p>}
    </div>
  )
}
