import type { MinuteCount } from '@shared/domain'

const MINUTE = 60_000

/** Paths of a health strip: one bar every two units, in a box `minutes * 2` wide. */
export interface HealthBars {
  readonly delivered: string
  readonly failed: string
  readonly idle: string
}

/**
 * A bar per minute up to `to`. Heights are logarithmic, since a burst of thousands would flatten every other minute; a failure is at
 * least two units high, so that a single one among thousands shows. Failures stand at the bottom, in front.
 */
export function barsOf(counts: readonly MinuteCount[], to: number, minutes: number, height: number): HealthBars {
  const from = to - minutes * MINUTE
  const most = Math.max(1, ...counts.map(({ delivered, failed }) => delivered + failed))
  const scale = (count: number) => (Math.log1p(count) / Math.log1p(most)) * height
  const byPlace = new Map(counts.map((each) => [Math.round((each.at - from) / MINUTE), each]))
  let delivered = ''
  let failed = ''
  let idle = ''
  const bar = (x: number, bottom: number, top: number) => `M${x * 2} ${bottom}h1.6V${top}h-1.6z`
  for (let x = 0; x < minutes; x++) {
    const count = byPlace.get(x)
    if (count === undefined || count.delivered + count.failed === 0) {
      idle += bar(x, height, height - 1)
      continue
    }
    const whole = round(Math.max(2, scale(count.delivered + count.failed)))
    const part = count.failed / (count.delivered + count.failed)
    const bad = count.failed === 0 ? 0 : round(Math.max(2, whole * part))
    if (count.delivered > 0 && whole > bad) delivered += bar(x, height - bad, round(height - whole))
    if (bad > 0) failed += bar(x, height, round(height - bad))
  }
  return { delivered, failed, idle }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
