import type { MinuteCount } from '@shared/domain'
import { memo } from 'react'
import { HEALTH_MINUTES } from '../../query/queries'
import { cx } from '../../ui/cx'
import { formatFigure } from '../../ui/format'
import { barsOf } from './health-bars'
import styles from './health-strip.module.css'
import { healthOf, healthText } from './words'

interface Props {
  readonly minutes: readonly MinuteCount[] | undefined
  /** End of the hour that is shown. */
  readonly to: number
}

const HEIGHT = 18

/** The last hour minute by minute: successes above, failures in front of them, a dot where nothing was attempted. */
export const HealthStrip = memo(function HealthStrip({ minutes, to }: Props) {
  const bars = barsOf(minutes ?? [], to, HEALTH_MINUTES, HEIGHT)
  const { delivered, failed } = healthOf(minutes)
  return (
    <div className={styles.health} title={healthText(minutes)}>
      <svg
        role="img"
        aria-label={healthText(minutes)}
        className={styles.strip}
        viewBox={`0 0 ${HEALTH_MINUTES * 2} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <path className={styles.idle} d={bars.idle} />
        <path className={styles.success} d={bars.delivered} />
        <path className={styles.failure} d={bars.failed} />
      </svg>
      <span className={styles.words}>
        {delivered + failed === 0 ? (
          'Idle'
        ) : (
          <>
            {delivered > 0 && <span className={styles.part}>{formatFigure(delivered)} delivered</span>}
            {failed > 0 && <span className={cx(styles.part, styles.bad)}>{formatFigure(failed)} failed</span>}
          </>
        )}
      </span>
    </div>
  )
})
