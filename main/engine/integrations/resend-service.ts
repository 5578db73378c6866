import type { Parsed } from '../../../shared/contract'
import type { Resend, ResendFilter } from '../../../shared/domain'
import { AppError } from '../../../shared/errors'
import { type Actor, writeAudit } from '../../store/audit'
import type { BatchStore } from '../../store/batches'
import { transaction, type WritableDb } from '../../store/database'
import type { EventLog } from '../../store/event-log'
import type { IntegrationRecord } from '../../store/integrations'
import { countResendStep, type ResendCount, type ResendPosition, type ResendStore } from '../../store/resends'
import type { RetentionStore } from '../../store/retention'
import { parseUuid } from '../../store/uuid'
import type { Clock } from '../clock'
import type { IntegrationService } from './integration-service'

export interface ResendServicePorts {
  readonly db: WritableDb
  readonly clock: Clock
  readonly log: EventLog
  readonly store: ResendStore
  readonly batches: BatchStore
  readonly retention: RetentionStore
  readonly integrations: IntegrationService
  readonly onChanged: () => void
}

/** What operators send again by hand, and what they take off the list of rejected events. */
export class ResendService {
  readonly #ports: ResendServicePorts

  constructor(ports: ResendServicePorts) {
    this.#ports = ports
  }

  /**
   * Begins a re-send. It works while the integration is active, next to the stream; a paused one is refused, since a pause
   * promises that nothing is sent.
   *
   * @throws AppError `integration_not_running`, `nothing_to_resend`
   */
  async start({ id, filter }: Parsed<'resends.start'>, actor: Actor): Promise<Resend> {
    const { db, store, clock, integrations } = this.#ports
    const bounded = boundedBy(clock.now(), filter)
    const { no } = this.#running(id)
    const total = await this.#count(id, bounded)
    const record = this.#running(id)
    if (record.no !== no) throw new AppError('integration_not_found', `"${id}" was deleted meanwhile.`, { field: 'id' })
    const now = clock.now()
    if (total === 0) throw new AppError('nothing_to_resend', undefined, { field: 'filter' })
    const resendId = transaction(db, () => {
      const begun = store.begin(record.no, bounded, total, actor.name, now)
      writeAudit(
        db,
        actor,
        { action: 'resend.start', subject: id, after: { resend: begun, filter: bounded, total } },
        now,
      )
      return begun
    })
    integrations.lane(record.no)?.addResend(resendId)
    return this.#answer(resendId)
  }

  /** @throws AppError `integration_not_running` */
  #running(id: string): IntegrationRecord {
    const record = this.#ports.integrations.find(id)
    if (record.integration.status === 'running') return record
    throw new AppError('integration_not_running', `"${id}" is paused, so nothing is sent. Start it first.`, {
      field: 'id',
    })
  }

  /** Deliveries get the thread between two steps. */
  async #count(id: string, filter: ResendFilter): Promise<number> {
    const { db, batches, integrations } = this.#ports
    const record = integrations.find(id)
    // An S3 target gets whole objects again: all events of the batches that hold what was asked for.
    if (record.integration.target.kind === 's3') return batches.eventsOf(batches.holding(record.no, filter))
    const types = new Set(integrations.typesOf(record))
    let total = 0
    let after: ResendPosition | null = RESEND_BEGIN
    while (after !== null) {
      const step: ResendCount = countResendStep(db, record.no, filter, types, after, COUNT_STEP)
      total += step.count
      after = step.next
      if (after !== null) await new Promise((resolve) => setImmediate(resolve))
    }
    return total
  }

  /** @throws AppError `resend_not_found`, `resend_ended` */
  pause(resendId: number, actor: Actor): Resend {
    return this.#change(resendId, 'paused', actor)
  }

  /** @throws AppError `resend_not_found`, `resend_ended` */
  resume(resendId: number, actor: Actor): Resend {
    return this.#change(resendId, 'running', actor)
  }

  /** What was sent stays sent; the rest is not. @throws AppError `resend_not_found`, `resend_ended` */
  cancel(resendId: number, actor: Actor): Resend {
    return this.#change(resendId, 'cancelled', actor)
  }

  #change(resendId: number, state: 'paused' | 'running' | 'cancelled', actor: Actor): Resend {
    const { db, store, clock, integrations } = this.#ports
    const resend = store.get(resendId)
    if (resend.state === 'done' || resend.state === 'cancelled')
      throw new AppError('resend_ended', undefined, { field: 'resendId' })
    const now = clock.now()
    transaction(db, () => {
      store.setState(resendId, state, state === 'cancelled' ? now : null)
      writeAudit(
        db,
        actor,
        { action: `resend.${ACTIONS[state]}`, subject: resend.integrationId, after: { resend: resendId } },
        now,
      )
    })
    const lane = integrations.lane(resend.no)
    if (state === 'running') lane?.addResend(resendId)
    else lane?.dropResend(resendId)
    return this.#answer(resendId)
  }

  /** Takes rejected events off the list for good. */
  deleteRejected({ id, eventIds }: Parsed<'rejected.delete'>, actor: Actor): { deleted: number } {
    const { db, log, retention, clock, integrations } = this.#ports
    const { no } = integrations.find(id)
    const seqs = eventIds === 'all' ? 'all' : eventIds.flatMap((eventId) => log.seqOf(parseUuid(eventId)!) ?? [])
    const deleted = transaction(db, () => {
      const count = retention.deleteRejected(no, seqs)
      writeAudit(
        db,
        actor,
        { action: 'rejected.delete', subject: id, after: { events: eventIds, deleted: count } },
        clock.now(),
      )
      return count
    })
    this.#ports.onChanged()
    return { deleted }
  }

  #answer(resendId: number): Resend {
    this.#ports.onChanged()
    const { no: _no, position: _position, ...resend } = this.#ports.store.get(resendId)
    return resend
  }
}

/** Events counted at a time before a re-send begins. */
const COUNT_STEP = 2000

/** Before every event. */
const RESEND_BEGIN: ResendPosition = { at: -1, seq: 0 }

const ACTIONS = { paused: 'pause', running: 'resume', cancelled: 'cancel' } as const

/** What is rejected while a re-send of rejected events runs does not belong to it, or it would never end. */
function boundedBy(now: number, filter: ResendFilter): ResendFilter {
  return filter.kind === 'rejected' ? { ...filter, to: Math.min(filter.to ?? now + 1, now + 1) } : filter
}
