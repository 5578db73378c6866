import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ALERT_RETRY_AFTER_MS } from '../../main/engine/alerts/alert-sender'
import { WATCH_EVERY_MS } from '../../main/engine/alerts/monitor'
import { RETRY } from '../../main/engine/delivery/backoff'
import { CIRCUIT, PROBE } from '../../main/engine/delivery/circuit'
import { COMMIT_INTERVAL_MAX_MS, COMMIT_INTERVAL_MS } from '../../main/engine/delivery/committer'
import { RATE_LIMIT } from '../../main/engine/delivery/rate-limit'
import { RESPONSE_HEADERS_KEPT } from '../../main/engine/delivery/response-headers'
import { RETRY_AFTER } from '../../main/engine/delivery/retry-after'
import { LONGEST_STEP_MS } from '../../main/engine/delivery/stopwatch'
import { RESPONSE_BODY_KEPT } from '../../main/engine/delivery/webhook'
import { AHEAD_MAX, RESTART_PROBE_MS } from '../../main/engine/delivery/webhook-lane'
import { BURST_GAP_MS } from '../../main/engine/integrations/retry-bursts'
import { RETENTION_EVERY_MS, STEP_MS } from '../../main/engine/retention'
import { CALL_WAIT_MS, CALM_MS, RESTART_PAUSES_MS } from '../../main/host/supervised-thread'
import { LATE_COUNTED_MAX } from '../../main/store/monitor'
import { deliveryDefaults } from '../../shared/schemas/integration'
import { settingsDefaults } from '../../shared/schemas/settings'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What each name stands for: a number, or ms. */
const figures: Readonly<Record<string, number>> = {
  COMMIT_INTERVAL_MS,
  COMMIT_INTERVAL_MAX_MS,
  AHEAD_MAX,
  'deliveryDefaults.connectTimeoutMs': deliveryDefaults.connectTimeoutMs,
  'deliveryDefaults.totalTimeoutMs': deliveryDefaults.totalTimeoutMs,
  'deliveryDefaults.concurrency': deliveryDefaults.concurrency,
  'deliveryDefaults.deliveryWindowHours': deliveryDefaults.deliveryWindowHours * HOUR,
  'deliveryDefaults.stopAfterMinutes': deliveryDefaults.stopAfterMinutes * 60_000,
  'RETRY_AFTER.minMs': RETRY_AFTER.minMs,
  'RETRY_AFTER.maxMs': RETRY_AFTER.maxMs,
  RESPONSE_BODY_KEPT,
  'RESPONSE_HEADERS_KEPT.count': RESPONSE_HEADERS_KEPT.count,
  'RATE_LIMIT.max': RATE_LIMIT.max,
  'RETRY.baseMs': RETRY.baseMs,
  'RETRY.factor': RETRY.factor,
  'RETRY.capMs': RETRY.capMs,
  LONGEST_STEP_MS,
  BURST_GAP_MS,
  'CIRCUIT.failures': CIRCUIT.failures,
  'CIRCUIT.fewFailures': CIRCUIT.fewFailures,
  'CIRCUIT.spanMs': CIRCUIT.spanMs,
  'PROBE.firstMs': PROBE.firstMs,
  'PROBE.capMs': PROBE.capMs,
  RESTART_PROBE_MS,
  'settingsDefaults.integrationLimit': settingsDefaults.integrationLimit,
  'settingsDefaults.keepEventsDays': settingsDefaults.keepEventsDays * DAY,
  'settingsDefaults.keepAttemptsDays': settingsDefaults.keepAttemptsDays * DAY,
  'settingsDefaults.keepRejectedDays': settingsDefaults.keepRejectedDays * DAY,
  'settingsDefaults.lateAfterMinutes': settingsDefaults.lateAfterMinutes * 60_000,
  RETENTION_EVERY_MS,
  STEP_MS,
  WATCH_EVERY_MS,
  LATE_COUNTED_MAX,
  // The first try, and one after each pause.
  ALERT_RETRY_AFTER_MS: ALERT_RETRY_AFTER_MS.length + 1,
  RESTART_PAUSES_MS: RESTART_PAUSES_MS.length,
  CALM_MS,
  CALL_WAIT_MS,
}

const units: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, min: 60_000, h: HOUR, days: DAY, KiB: 1024 }

const text = readFileSync(join(import.meta.dirname, '../../docs/delivery.md'), 'utf8')
const rows = [...text.matchAll(/^\|[^|]+\| +([\d,.]+) ?(\w*) +\| +`([\w.]+)` +\|$/gm)].map(
  ([, number, unit, name]) => ({
    value: Number(number!.replaceAll(',', '')) * units[unit!]!,
    name: name!,
  }),
)

describe('docs/delivery.md', () => {
  it.each(rows)('says of $name what the code says', ({ name, value }) => {
    expect(value).toBe(figures[name])
  })

  it('has every figure of the rules, each once', () => {
    expect(rows.map((row) => row.name).toSorted()).toEqual(Object.keys(figures).toSorted())
  })

  it('has no figure outside of these rows but status codes', () => {
    const prose = text.split('\n').filter((line) => !/^\|.*`[\w.]+` +\|$/.test(line))
    expect(prose.join('\n').match(/\d[\dx]*(?:[,.]\d+)*/g)).toEqual(['2xx', '400', '410', '429', '503', '3xx', '400'])
  })

  it('is what operators read: "restart when back" is on', () => {
    expect(deliveryDefaults.restartWhenBack).toBe(true)
  })
})
