import { describe, expect, it } from 'vitest'
import { barsOf } from '../../renderer/features/integrations/health-bars'
import {
  healthText,
  listMatches,
  notesOf,
  pausedBecause,
  pausedSentence,
  targetText,
  timeLeft,
} from '../../renderer/features/integrations/words'
import type { IntegrationSummary } from '../../shared/domain'
import { deliveryDefaults } from '../../shared/schemas/integration'

const NOW = 1_800_000_000_000
const MINUTE = 60_000

const running: IntegrationSummary = {
  id: 'erp-orders',
  integrationType: 'permanent',
  status: 'running',
  stopCause: null,
  restartPending: false,
  startsAt: null,
  endsAt: null,
  selection: { entities: ['order'], events: ['return.processed'] },
  target: { kind: 'webhook', callbackUrl: 'https://erp.example.com/hook', hasApiKey: true, signingSecrets: 0 },
  options: deliveryDefaults,
  createdAt: 0,
  updatedAt: 0,
  delivered: 0,
  rejected: 0,
  rejectedDeleted: 0,
  expired: 0,
  outage: null,
  backlog: 0,
  waiting: 0,
  oldestPendingAt: null,
  lastAttemptAt: null,
  lastAttemptFailed: false,
}
const outage = {
  since: NOW - 5 * MINUTE,
  lastAt: NOW - 1000,
  count: 30,
  lastCode: 'server_error',
  lastStatus: 503,
  nextProbeAt: NOW + 20_000,
} as const

describe('the words of the list', () => {
  it('say nothing of an integration that is well', () => {
    expect(notesOf(running, NOW)).toEqual([])
    expect(pausedBecause(running)).toBeNull()
    expect(pausedSentence(running)).toBeNull()
  })

  it('tell an outage: since when, the next probe, and why', () => {
    const [note] = notesOf({ ...running, outage }, NOW)
    expect(note?.tone).toBe('danger')
    expect(note?.text).toMatch(/^Nothing gets through since .*, next probe in 20 s\. 503: The receiver failed/)
    expect(notesOf({ ...running, outage: { ...outage, nextProbeAt: NOW - 1 } }, NOW)[0]?.text).toContain(
      ', probing now.',
    )
    expect(notesOf({ ...running, outage: { ...outage, nextProbeAt: null } }, NOW)[0]?.text).not.toContain('prob')
  })

  it('do not speak of an outage that a pause ended', () => {
    expect(notesOf({ ...running, status: 'stopped', stopCause: 'operator', outage }, NOW)).toEqual([])
  })

  it('tell the three reasons of a pause apart, and whether it ends by itself', () => {
    const stopped = { ...running, status: 'stopped' } as const
    const words = [
      { ...stopped, stopCause: 'operator' },
      { ...stopped, stopCause: 'failure' },
      { ...stopped, stopCause: 'failure', restartPending: true },
      { ...stopped, stopCause: 'ended', endsAt: NOW },
    ] as const
    expect(words.map(pausedBecause)).toEqual(['by operator', 'after failures', 'after failures, restarts', 'ended'])
    expect(new Set(words.map(pausedSentence)).size).toBe(4)
    expect(pausedSentence(words[2])).toContain('starts again by itself')
    expect(notesOf(words[1], NOW)).toMatchObject([{ tone: 'danger' }])
  })

  it('count expired events', () => {
    expect(notesOf({ ...running, expired: 1 }, NOW)[0]?.text).toContain('1 event was too old')
    expect(notesOf({ ...running, expired: 1200 }, NOW)[0]?.text).toContain('1,200 events were too old')
  })

  it('tell how long a temporary integration has left', () => {
    const temporary = { ...running, integrationType: 'temporary', endsAt: NOW + 3 * 3_600_000 } as const
    expect(timeLeft(temporary, NOW)).toBe('3 h left')
    expect(timeLeft(temporary, NOW + 4 * 3_600_000)).toBe('end date passed')
    expect(timeLeft({ ...temporary, stopCause: 'ended' }, NOW)).toBe('ended')
    expect(timeLeft(running, NOW)).toBeNull()
  })

  it('name a target by host or bucket', () => {
    expect(targetText(running.target)).toMatchObject({ kind: 'Webhook', place: 'erp.example.com' })
    const s3 = {
      kind: 's3',
      region: 'eu-central-1',
      bucket: 'lake',
      keyPrefix: 'in',
      endpoint: null,
      pathStyle: false,
      accessKeyHint: 'MPLE',
      hasSessionToken: false,
    } as const
    expect(targetText(s3)).toEqual({ kind: 'S3', place: 'lake', address: 's3://lake/in (eu-central-1)' })
  })

  it('find an integration by every word of a search, in its ID, target or events', () => {
    for (const text of ['ERP', 'webhook example', 'return.proc order']) expect(listMatches(running, text)).toBe(true)
    for (const text of ['erp lake', 's3', 'refund']) expect(listMatches(running, text)).toBe(false)
  })
})

describe('the health strip', () => {
  const to = 100 * MINUTE
  const at = (place: number, delivered: number, failed: number) => ({ at: (place + 40) * MINUTE, delivered, failed })
  const bars = (path: string) => path.split('M').slice(1)

  it('has a bar for each of the sixty minutes, and tells idle ones', () => {
    const { delivered, failed, idle } = barsOf([at(0, 5, 0), at(59, 0, 2)], to, 60, 18)
    expect(bars(delivered)).toHaveLength(1)
    expect(bars(failed)).toHaveLength(1)
    expect(bars(idle)).toHaveLength(58)
    expect(delivered).toMatch(/^M0 18/)
    expect(failed).toMatch(/^M118 18/)
  })

  it('shows a single failure among thousands', () => {
    const { delivered, failed } = barsOf([at(3, 100_000, 1)], to, 60, 18)
    expect(failed).toMatch(/V16h/)
    expect(delivered).toMatch(/^M6 16h1.6V0h/)
  })

  it('is told in words', () => {
    expect(healthText(undefined)).toBe('Idle for the last 60 minutes')
    expect(healthText([at(0, 1200, 0)])).toBe('Last 60 minutes: 1,200 delivered, no failure')
    expect(healthText([at(0, 1, 1), at(1, 0, 2)])).toBe('Last 60 minutes: 1 delivered, 3 failures')
  })
})
