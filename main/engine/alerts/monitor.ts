import type { EpochMs, Settings } from '../../../shared/domain'
import type { ReadableDb } from '../../store/database'
import type { EventLog } from '../../store/event-log'
import type { IntegrationRecord } from '../../store/integrations'
import { LATE_COUNTED_MAX, lastStartedAt, type Pending, pendingUpTo } from '../../store/monitor'
import type { Clock, Timer } from '../clock'

/** How often running integrations are looked at. */
export const WATCH_EVERY_MS = 30_000

const MINUTE_MS = 60_000

export interface MonitorPorts {
  readonly db: ReadableDb
  readonly log: EventLog
  readonly clock: Clock
  readonly settings: () => Settings
  /** Running integrations. */
  readonly running: () => Iterable<IntegrationRecord>
  readonly typesOf: (record: IntegrationRecord) => readonly number[]
  readonly raise: (record: IntegrationRecord, kind: 'late' | 'lag', message: string) => void
  readonly resolve: (record: IntegrationRecord, kind: 'late' | 'lag') => void
  readonly onError: (error: unknown) => void
}

/**
 * Watches the promise of 15 minutes: raises an alert when an integration has events that are not settled that long after they
 * were published, and another one when its oldest event is older than the operator's own limit.
 *
 * The time counts from the event's acceptance or the integration's last start, whichever is later: events that were missed
 * during a pause are not late when they begin to flow. Those that were in the log before the integration existed are replayed
 * and never late, however long that takes; they count for the lag. For an S3 target the time of a batch comes on top.
 */
export class Monitor {
  readonly #ports: MonitorPorts
  #timer: Timer | null = null

  constructor(ports: MonitorPorts) {
    this.#ports = ports
  }

  start(): void {
    const { clock } = this.#ports
    this.#timer = clock.setTimer(clock.now() + WATCH_EVERY_MS, () => {
      this.check()
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  /** Looks at every running integration now. */
  check(): void {
    try {
      for (const record of this.#ports.running()) this.#watch(record)
    } catch (error) {
      this.#ports.onError(error)
    }
  }

  #watch(record: IntegrationRecord): void {
    const { settings, resolve, raise } = this.#ports
    const { lateAfterMinutes, lagAlertMinutes } = settings()
    const { id, target, options } = record.integration
    const lateAfter = lateAfterMinutes * MINUTE_MS + (target.kind === 's3' ? options.batchSeconds * 1000 : 0)
    const late = this.#pending(record, lateAfter, false)
    if (late.count === 0) resolve(record, 'late')
    else raise(record, 'late', lateSentence(id, late.count, lateAfterMinutes))
    const lag = lagAlertMinutes === null ? null : this.#pending(record, lagAlertMinutes * MINUTE_MS, true)
    if (lag === null || lag.oldestAt === null) resolve(record, 'lag')
    else
      raise(record, 'lag', `The oldest event that "${id}" has not delivered is older than ${lagAlertMinutes} minutes.`)
  }

  #pending(record: IntegrationRecord, olderThanMs: number, replayed: boolean): Pending {
    const { db, log, clock, typesOf } = this.#ports
    const { no, cursor, integration } = record
    const before: EpochMs = clock.now() - olderThanMs
    const startedAt = lastStartedAt(db, no)
    if (startedAt !== null && startedAt > before) return { count: 0, oldestAt: null }
    const dates = { from: integration.startsAt, to: integration.endsAt }
    const after = replayed ? 0 : log.acceptedUpTo(integration.createdAt - 1)
    return pendingUpTo(db, no, { cursor, after, upTo: log.acceptedUpTo(before) }, typesOf(record), dates)
  }
}

function lateSentence(id: string, count: number, minutes: number): string {
  const number =
    count >= LATE_COUNTED_MAX ? `At least ${LATE_COUNTED_MAX.toLocaleString('en-US')}` : count.toLocaleString('en-US')
  const what = count === 1 ? 'event is' : 'events are'
  return `${number} ${what} not delivered by "${id}" ${minutes} minutes after publishing.`
}
