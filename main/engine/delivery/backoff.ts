/** First delay, growth and longest delay of the retries of one event. */
export const RETRY = { baseMs: 1000, factor: 2, capMs: 60_000 } as const

/**
 * Milliseconds until the next try after `attempts` failed ones: exponential with full jitter, so that events that failed
 * together do not come back together.
 *
 * @param random uniform in [0, 1)
 */
export function retryDelay(attempts: number, random: () => number): number {
  const ceiling = Math.min(RETRY.capMs, RETRY.baseMs * RETRY.factor ** Math.min(attempts - 1, 30))
  return Math.max(1, Math.round(random() * ceiling))
}
