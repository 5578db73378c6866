import type { Parsed } from '../../../shared/contract'
import type { EpochMs, Integration, Settings, StopCause } from '../../../shared/domain'
import { AppError } from '../../../shared/errors'
import { selects } from '../../../shared/event-catalog'
import { type Actor, writeAudit } from '../../store/audit'
import { transaction, type WritableDb } from '../../store/database'
import type { DeliveryStore } from '../../store/delivery'
import type { EventLog, LoggedEvent } from '../../store/event-log'
import type { IntegrationRecord, IntegrationStore } from '../../store/integrations'
import type { Clock } from '../clock'
import type { OutageRecord } from '../delivery/circuit'
import type { Lane } from '../delivery/lane'
import type { Vault } from '../vault'
import { byWhom, goneReason, outageReason } from './reasons'
import { patchTarget, type SplitTarget, splitTarget } from './targets'

/** What a lane tells while it works. */
export interface LaneEvents {
  readonly onEnded: () => void
  readonly onFailed: (outage: OutageRecord, final: boolean) => void
  readonly onRecovered: () => void
}

/** A lane with what it holds open. */
export interface OpenLane {
  readonly lane: Lane
  /** Ends its connections. */
  close(): Promise<void>
}

export interface IntegrationServicePorts {
  readonly db: WritableDb
  readonly clock: Clock
  readonly log: EventLog
  readonly store: IntegrationStore
  readonly delivery: DeliveryStore
  readonly vault: Vault
  readonly settings: () => Settings
  readonly openLane: (record: IntegrationRecord, target: SplitTarget, events: LaneEvents) => OpenLane
  /** Stores what the lanes have finished. */
  readonly flush: () => void
  readonly onStopped: (record: IntegrationRecord, reason: string) => void
  readonly onStarted: (record: IntegrationRecord, byItself: boolean) => void
  /** An integration was deleted; until it is purged the deletion can be taken back. */
  readonly onDeleted: () => void
  readonly onPurged: (no: number) => void
  /** A change that the engine makes by itself could not be stored. */
  readonly onError: (error: unknown) => void
  readonly onChanged: () => void
}

/** The life of integrations: creation, changes, start and stop, whoever asks for it. */
export class IntegrationService {
  readonly #ports: IntegrationServicePorts
  readonly #lanes = new Map<number, OpenLane>()
  /** Integrations that are being changed: their lanes must not start meanwhile. */
  readonly #changing = new Map<number, Promise<unknown>>()
  #closing = false

  constructor(ports: IntegrationServicePorts) {
    this.#ports = ports
  }

  /** Goes on with everything that was running or was waiting for its target when the store was last open. */
  resume(): void {
    for (const record of this.#ports.store.all()) {
      const { status, restartPending } = record.integration
      if (status === 'running') this.#run(record, 'resume')
      else if (restartPending) this.#run(record, 'probe')
    }
  }

  /** @throws AppError `integration_not_found` */
  find(id: string): IntegrationRecord {
    const record = this.#ports.store.find(id)
    if (!record) throw new AppError('integration_not_found', `There is no integration "${id}".`, { field: 'id' })
    return record
  }

  lanes(): Lane[] {
    return [...this.#lanes.values()].map((entry) => entry.lane)
  }

  /** The lane of an integration that has one at this moment. */
  lane(no: number): Lane | undefined {
    return this.#lanes.get(no)?.lane
  }

  running(): IntegrationRecord[] {
    return this.#ports.store.all().filter((record) => record.integration.status === 'running')
  }

  /** Numbers of the event types that an integration takes. */
  typesOf(record: IntegrationRecord): number[] {
    return typesOf(this.#ports.log, record.integration.selection)
  }

  onAppended(events: readonly LoggedEvent[], headBefore: number): void {
    for (const { lane } of this.#lanes.values()) lane.onAppended(events, headBefore)
  }

  /**
   * Stores a new integration and starts it.
   *
   * @throws AppError `integration_id_taken`, `integration_limit_reached`, `secret_consent_required`
   */
  create(input: Parsed<'integrations.create'>, actor: Actor): Integration {
    const { store, log, clock, db, settings } = this.#ports
    if (store.find(input.id)) {
      throw new AppError('integration_id_taken', `Another integration has the ID "${input.id}".`, { field: 'id' })
    }
    const limit = settings().integrationLimit
    if (store.count() >= limit) {
      throw new AppError(
        'integration_limit_reached',
        `There are ${limit} integrations already, the maximum. Delete one first.`,
      )
    }
    const split = splitTarget(input.target)
    const cursor = input.startsAt === null ? log.head : log.positionBefore(input.startsAt)
    const now = clock.now()
    const record = transaction(db, () => {
      const created = store.create(
        {
          id: input.id,
          integrationType: input.integrationType,
          startsAt: input.startsAt,
          endsAt: input.endsAt,
          selection: input.selection,
          target: split.target,
          options: definedOf(input.options ?? {}),
          secrets: this.#seal(input.id, split),
          cursor,
          matchedBase: log.countUpTo(typesOf(log, input.selection), cursor),
        },
        `Created and started ${byWhom(actor)}.`,
        now,
      )
      writeAudit(
        db,
        actor,
        { action: 'integration.create', subject: input.id, after: auditOf(created.integration) },
        now,
      )
      return created
    })
    this.#run(record, 'start')
    this.#ports.onChanged()
    return this.find(input.id).integration
  }

  /**
   * Changes events, target details or options in one step: attempts in flight finish, the change is stored, delivery goes on at
   * the cursor. A changed selection applies from the cursor on.
   *
   * @throws AppError `integration_not_editable` for a temporary one, `invalid_input` for a target that is not complete
   */
  async update(input: Parsed<'integrations.update'>, actor: Actor): Promise<Integration> {
    const { no, integration } = this.find(input.id)
    if (integration.integrationType === 'temporary') {
      throw new AppError(
        'integration_not_editable',
        `"${integration.id}" is temporary, and a temporary integration cannot be changed. Create a new one.`,
        { field: 'id' },
      )
    }
    // One change after the other; each sees what the one before it stored.
    const before = this.#changing.get(no) ?? Promise.resolve()
    const change = before.catch(() => {}).then(() => this.#update(no, input, actor))
    this.#changing.set(no, change)
    try {
      return await change
    } finally {
      if (this.#changing.get(no) === change) {
        this.#changing.delete(no)
        // Deleted meanwhile, its ID may be another one's by now.
        const record = this.#ports.store.find(input.id)
        if (record?.no === no && !this.#closing) this.#revive(record)
        this.#ports.onChanged()
      }
    }
  }

  async #update(no: number, input: Parsed<'integrations.update'>, actor: Actor): Promise<Integration> {
    const { store, db, clock, log, delivery, flush } = this.#ports
    const saved = this.#findSame(no, input.id)
    const savedTarget: SplitTarget = { target: saved.integration.target, secrets: this.#open(saved) }
    const split = input.target === undefined ? savedTarget : splitTarget(patchTarget(savedTarget, input.target))
    const secrets = input.target === undefined ? saved.secrets : this.#seal(input.id, split)
    const entry = this.#lanes.get(no)
    if (entry) {
      entry.lane.stop()
      await entry.lane.settled()
      flush()
      if (this.#lanes.get(no) === entry) this.#lanes.delete(no)
      await entry.close()
    }
    const { integration, cursor } = this.#findSame(no, input.id)
    const selection = input.selection ?? integration.selection
    const options = { ...integration.options, ...definedOf(input.options ?? {}) }
    const now = clock.now()
    transaction(db, () => {
      const settled = delivery.settledAfter(no, cursor)
      const open = (types: readonly number[]) =>
        types.reduce((sum, type) => sum + log.countAfter(type, cursor), 0) - log.countOf(settled, types)
      const total = (types: readonly number[]) => types.reduce((sum, type) => sum + log.total(type), 0)
      const oldTypes = typesOf(log, integration.selection)
      const newTypes = typesOf(log, selection)
      const matchedShift = total(newTypes) - total(oldTypes) - (open(newTypes) - open(oldTypes))
      store.change(no, { selection, target: split.target, options, secrets, matchedShift }, now)
      writeAudit(
        db,
        actor,
        {
          action: 'integration.update',
          subject: input.id,
          before: auditOf(integration),
          after: { ...auditOf(store.find(input.id)!.integration), secretsChanged: secretsOf(input) },
        },
        now,
      )
    })
    return this.find(input.id).integration
  }

  /** The integration with this number, which may have been deleted while something waited. @throws AppError `integration_not_found` */
  #findSame(no: number, id: string): IntegrationRecord {
    const record = this.find(id)
    if (record.no !== no) throw new AppError('integration_not_found', `"${id}" was deleted meanwhile.`, { field: 'id' })
    return record
  }

  /**
   * Starts an integration at its cursor; one that runs stays as it is.
   *
   * @throws AppError `integration_ended`
   */
  start(id: string, actor: Actor): Integration {
    const record = this.find(id)
    const { integration } = record
    if (integration.status === 'running') return integration
    if (integration.stopCause === 'ended') {
      throw new AppError(
        'integration_ended',
        `"${integration.id}" has ended and delivered all its events. Create a new one to replay them.`,
      )
    }
    this.#setRunning(record, `Started ${byWhom(actor)}.`, actor)
    this.#run(this.find(id), 'start')
    this.#ports.onStarted(record, false)
    this.#ports.onChanged()
    return this.find(id).integration
  }

  /** Pauses an integration: when this returns no new attempt starts. */
  stop(id: string, actor: Actor): Integration {
    const record = this.find(id)
    const { integration } = record
    if (integration.status === 'stopped' && !integration.restartPending) return integration
    const reason =
      integration.status === 'running'
        ? `Paused ${byWhom(actor)}.`
        : `Paused ${byWhom(actor)}: it does not start again by itself.`
    this.#setStopped(record, 'operator', reason, false, actor)
    return this.find(id).integration
  }

  /**
   * Takes an integration away with its logs and rejected events. Attempts in flight finish and are recorded, since `restore` can
   * bring it back until `purge` takes it for good.
   */
  delete(id: string, actor: Actor): void {
    const { store, db, clock } = this.#ports
    const record = this.find(id)
    this.#lanes.get(record.no)?.lane.stop()
    const now = clock.now()
    try {
      transaction(db, () => {
        store.markDeleted(record.no, now)
        writeAudit(db, actor, { action: 'integration.delete', subject: id, before: auditOf(record.integration) }, now)
      })
    } catch (error) {
      this.#goOn(record)
      throw error
    }
    void this.#retire(record.no)
    this.#ports.onDeleted()
    this.#ports.onChanged()
  }

  /**
   * Takes back a deletion whose purge has not begun: the integration goes on exactly where it was.
   *
   * @throws AppError `deletion_final`, `integration_id_taken`, `integration_limit_reached`
   */
  restore(id: string, actor: Actor): Integration {
    const { store, db, clock, settings } = this.#ports
    const record = store.findDeleted(id)
    if (!record) {
      throw new AppError('deletion_final', `"${id}" was deleted for good, or never was.`, { field: 'id' })
    }
    if (store.find(id)) {
      throw new AppError('integration_id_taken', `Another integration has the ID "${id}" by now.`, { field: 'id' })
    }
    if (store.count() >= settings().integrationLimit) {
      throw new AppError('integration_limit_reached', 'The maximum number of integrations exists by now.')
    }
    transaction(db, () => {
      store.restore(record.no)
      writeAudit(db, actor, { action: 'integration.restore', subject: id }, clock.now())
    })
    this.#revive(record)
    this.#ports.onChanged()
    return this.find(id).integration
  }

  /** Makes deletions up to `upTo` final. What still is in flight then is forgotten. */
  purge(upTo: EpochMs): void {
    for (const no of this.#ports.store.beginPurges(upTo)) {
      const entry = this.#lanes.get(no)
      entry?.lane.abandon()
      this.#lanes.delete(no)
      if (entry) void entry.close()
      this.#ports.onPurged(no)
    }
  }

  /** The secrets of a saved integration; null when it has none. @throws AppError `secret_unreadable` */
  secretsOf(record: IntegrationRecord): SplitTarget {
    return { target: record.integration.target, secrets: this.#open(record) }
  }

  /** Lets attempts in flight finish for up to `graceMs`, and records them. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true
    const entries = [...this.#lanes.values()]
    for (const { lane } of entries) lane.stop()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([Promise.all(entries.map(({ lane }) => lane.settled())), grace])
    clearTimeout(timer)
    this.#ports.flush()
    for (const { lane } of entries) lane.abandon()
    await Promise.all(entries.map((entry) => entry.close()))
  }

  #seal(id: string, { secrets }: SplitTarget): Uint8Array | null {
    return secrets === null ? null : this.#ports.vault.seal(id, secrets)
  }

  #open(record: IntegrationRecord): SplitTarget['secrets'] {
    return record.secrets === null ? null : this.#ports.vault.open(record.integration.id, record.secrets)
  }

  #setRunning(record: IntegrationRecord, reason: string, actor: Actor): void {
    const { store, db, clock, delivery, settings } = this.#ports
    const { no, integration } = record
    const now = clock.now()
    transaction(db, () => {
      const expired = store.takeExpired(no)
      const skipped =
        expired === 0
          ? ''
          : ` ${expired.toLocaleString('en-US')} ${expired === 1 ? 'event was' : 'events were'} skipped, because the log keeps events for ${settings().keepEventsDays} days and the integration did not run in that time.`
      store.setStatus(no, null, `${reason}${skipped}`, now)
      delivery.makeAllDue(no, now)
      writeAudit(db, actor, { action: 'integration.start', subject: integration.id }, now)
    })
  }

  #setStopped(record: IntegrationRecord, cause: StopCause, reason: string, restart: boolean, actor: Actor): void {
    const { store, db, clock } = this.#ports
    const { no, integration } = record
    const now = clock.now()
    this.#lanes.get(no)?.lane.stop()
    try {
      transaction(db, () => {
        store.setStatus(no, cause, reason, now, restart)
        writeAudit(db, actor, { action: 'integration.stop', subject: integration.id, after: { cause } }, now)
      })
    } catch (error) {
      this.#goOn(record)
      throw error
    }
    if (!restart) void this.#retire(no)
    this.#ports.onChanged()
  }

  /** A stop that could not be stored did not happen. */
  #goOn({ no, integration }: IntegrationRecord): void {
    if (this.#changing.has(no)) return
    const lane = this.#lanes.get(no)?.lane
    if (integration.status === 'running') lane?.start(false)
    else if (integration.restartPending) lane?.probe()
  }

  /** Opens the lane of an integration, or wakes the one that still has attempts in flight from before a pause. */
  #run(record: IntegrationRecord, how: 'start' | 'resume' | 'probe'): void {
    const { no, integration } = record
    if (this.#changing.has(no)) return
    let entry = this.#lanes.get(no)
    if (!entry) {
      let target: SplitTarget
      try {
        target = this.secretsOf(record)
      } catch {
        const reason =
          'Stopped because its stored secrets cannot be decrypted on this machine. Nothing is lost; delivery goes on from here.'
        if (integration.status === 'running') this.#bySelf(() => this.#fail(integration.id, reason, false))
        return
      }
      entry = this.#ports.openLane(record, target, {
        onEnded: () => this.#bySelf(() => this.#isThere(record) && this.#end(integration.id)),
        onFailed: (outage, final) =>
          this.#bySelf(() => {
            if (!this.#isThere(record)) return
            const restarts = !final && integration.options.restartWhenBack
            this.#fail(integration.id, final ? goneReason(outage) : outageReason(outage, restarts), restarts)
          }),
        onRecovered: () => this.#bySelf(() => this.#isThere(record) && this.#recover(integration.id)),
      })
      this.#lanes.set(no, entry)
    }
    if (how === 'probe') entry.lane.probe()
    else entry.lane.start(how === 'start')
  }

  /** False once it is deleted, also when another one has its ID by now. */
  #isThere({ no, integration }: IntegrationRecord): boolean {
    return this.#ports.store.find(integration.id)?.no === no
  }

  /** After a change: back to what its status says. */
  #revive(record: IntegrationRecord): void {
    const { status, restartPending } = record.integration
    if (status === 'running') this.#run(record, 'start')
    // What is known of the outage may be about another target: the first probe goes at once.
    else if (restartPending) this.#run({ ...record, outage: null }, 'probe')
    else void this.#retire(record.no)
  }

  /**
   * Retention took events from paused integrations: what their lanes still hold of these must not be recorded any more, and
   * the lanes begin anew behind them.
   */
  onExpired(numbers: readonly number[]): void {
    for (const no of numbers) {
      const entry = this.#lanes.get(no)
      if (!entry || entry.lane.running) continue
      entry.lane.abandon()
      this.#lanes.delete(no)
      void entry.close()
    }
    for (const record of this.#ports.store.all()) {
      if (numbers.includes(record.no) && record.integration.restartPending) this.#run(record, 'probe')
    }
  }

  /** Something that no call asked for: a refusal of the store is told to the operator, and the next occasion tries again. */
  #bySelf(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#ports.onError(error)
    }
  }

  #fail(id: string, reason: string, restart: boolean): void {
    const record = this.find(id)
    const { status, restartPending } = record.integration
    // One that has stopped and tries its target is stopped again only to end that.
    if (status !== 'running' && !(restartPending && !restart)) return
    this.#setStopped(record, 'failure', reason, restart, ENGINE)
    if (restart && !this.#changing.has(record.no)) this.#lanes.get(record.no)?.lane.probe()
    this.#ports.onStopped(record, reason)
  }

  #recover(id: string): void {
    const record = this.find(id)
    if (record.integration.status === 'running' || !record.integration.restartPending) return
    this.#setRunning(record, 'Started by itself because the target answers again.', ENGINE)
    this.#run(this.find(id), 'start')
    this.#ports.onStarted(record, true)
    this.#ports.onChanged()
  }

  #end(id: string): void {
    const record = this.#ports.store.find(id)
    if (record?.integration.status !== 'running' || record.integration.endsAt === null) return
    const end = new Date(record.integration.endsAt).toISOString()
    const reason = `Ended: the end date ${end} has passed and every event before it is settled.`
    this.#setStopped(record, 'ended', reason, false, ENGINE)
  }

  /** Lets attempts in flight finish, then closes the connections, unless the integration was started again meanwhile. */
  async #retire(no: number): Promise<void> {
    const entry = this.#lanes.get(no)
    if (!entry || this.#changing.has(no)) return
    await entry.lane.settled()
    if (this.#closing || this.#lanes.get(no) !== entry || entry.lane.running || this.#changing.has(no)) return
    this.#ports.flush()
    this.#lanes.delete(no)
    await entry.close()
  }
}

/** What the engine does by itself. */
const ENGINE: Actor = { name: 'event-stream-console', via: 'engine' }

function typesOf(log: EventLog, selection: Integration['selection']): number[] {
  return [...log.types()].filter((type) => selects(selection, type.name)).map((type) => type.id)
}

/** What the audit log keeps of an integration; a shown integration holds no secret. */
function auditOf({ selection, target, options, integrationType, startsAt, endsAt }: Integration) {
  return { integrationType, startsAt, endsAt, selection, target, options }
}

/** Names of the secrets that a change gave anew. */
function secretsOf({ target }: Parsed<'integrations.update'>): string[] {
  const names = ['apiKey', 'signingSecrets', 'accessKeyId', 'secretAccessKey', 'sessionToken']
  return target === undefined ? [] : names.filter((name) => name in target)
}

function definedOf<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
