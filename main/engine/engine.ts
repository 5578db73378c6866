import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Output, Parsed, Topic } from '../../shared/contract'
import type { Handlers } from '../../shared/contract/handlers'
import type { EpochMs, Integration, StopCause } from '../../shared/domain'
import { AppError, type ErrorInfo, toErrorInfo } from '../../shared/errors'
import { selects } from '../../shared/event-catalog'
import { DEFAULT_INTEGRATION_LIMIT } from '../../shared/schemas/integration'
import { openWritable, STORE_FILE, type WritableDb } from '../store/database'
import { DeliveryStore } from '../store/delivery'
import { type AppendResult, EventLog, type NewEvent } from '../store/event-log'
import { ImportStore } from '../store/imports'
import { type IntegrationRecord, IntegrationStore } from '../store/integrations'
import { migrate } from '../store/migrate'
import { SettingStore } from '../store/settings'
import { asStoreError } from '../store/store-errors'
import { lockWorkspace, type WorkspaceLock } from '../store/workspace-lock'
import { type Clock, systemClock } from './clock'
import { Committer } from './delivery/committer'
import { Lane } from './delivery/lane'
import { WebhookClient } from './delivery/webhook'
import { WebhookInbox } from './local-targets/webhook-inbox'
import { Importer } from './sources/importer'
import { Vault } from './vault'

/** The calls that the engine thread answers: everything that changes something, and the inbox, which lives in its memory. */
export type EngineCall =
  | 'integrations.create'
  | 'integrations.start'
  | 'integrations.stop'
  | 'integrations.delete'
  | 'imports.start'
  | 'imports.cancel'
  | 'inbox.status'
  | 'inbox.start'
  | 'inbox.stop'
  | 'inbox.clear'
  | 'inbox.list'
  | 'inbox.get'

export interface EngineOptions {
  /** Folder of the workspace; created when missing. */
  readonly workspace: string
  /** Unlocks secrets; null when there is no keychain and no consent yet. */
  readonly key: Uint8Array | null
  readonly version: string
  readonly onChanged: (topic: Topic) => void
  readonly onNotice: (error: ErrorInfo) => void
  readonly clock?: Clock
  readonly random?: () => number
  readonly integrationLimit?: number
}

/** Requests in flight per integration. */
const CONCURRENCY = 16
const CONNECT_TIMEOUT_MS = 5_000
const RESPONSE_TIMEOUT_MS = 30_000

/** Pause between two steps of clearing away a deleted integration. */
const PURGE_PAUSE_MS = 20

/** Who asked, as it reads in a log entry. */
const BY_OPERATOR = 'by the operator in the console'

/**
 * The store's only writer and the deliverer of events. Pure Node: runs in a worker thread of the app, and as it is in tests,
 * benchmarks and the command line.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #clock: Clock
  readonly #lock: WorkspaceLock
  readonly #db: WritableDb
  readonly #log: EventLog
  readonly #integrations: IntegrationStore
  readonly #delivery: DeliveryStore
  readonly #committer: Committer
  readonly #importer: Importer
  readonly #inbox: WebhookInbox
  readonly #vault: Vault
  readonly #lanes = new Map<number, { lane: Lane; client: WebhookClient; id: string }>()
  #purging: NodeJS.Timeout | null = null
  #closing = false

  /**
   * Opens the workspace: lock, migration, then every running integration goes on where it was.
   *
   * @throws AppError `workspace_in_use`, `workspace_not_writable`, `store_…`
   */
  constructor(options: EngineOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const path = join(options.workspace, STORE_FILE)
    try {
      mkdirSync(options.workspace, { recursive: true, mode: 0o700 })
      this.#lock = lockWorkspace(options.workspace)
    } catch (error) {
      throw asStoreError(error)
    }
    let db: WritableDb | undefined
    try {
      db = openWritable(path)
      chmodSync(path, 0o600)
      migrate(db, path)
      this.#db = db
    } catch (error) {
      db?.close()
      this.#lock.release()
      throw asStoreError(error)
    }
    this.#log = new EventLog(this.#db)
    this.#integrations = new IntegrationStore(this.#db)
    this.#delivery = new DeliveryStore(this.#db)
    const imports = new ImportStore(this.#db)
    imports.markInterrupted(this.#clock.now())
    this.#vault = new Vault(options.key)
    this.#committer = new Committer({
      store: this.#delivery,
      lanes: () => [...this.#lanes.values()].map((l) => l.lane),
      onBlocked: (error) => options.onNotice(toErrorInfo(asStoreError(error))),
      onCommitted: () => {
        options.onChanged('attempts')
        options.onChanged('rejected')
        options.onChanged('integrations')
      },
    })
    this.#importer = new Importer({
      clock: this.#clock,
      store: imports,
      append: (events) => this.publish(events),
      onChange: () => options.onChanged('imports'),
    })
    this.#inbox = new WebhookInbox(new SettingStore(this.#db), this.#clock, () => options.onChanged('inbox'))
    for (const record of this.#integrations.all()) {
      if (record.integration.status === 'running') this.#run(record)
    }
    this.#schedulePurge()
  }

  /** Stores events; durable when this returns. Lanes that wait for such events start at once. */
  publish(events: readonly NewEvent[]): AppendResult {
    const before = this.#log.head
    let result: AppendResult
    try {
      result = this.#log.append(events, this.#clock.now())
    } catch (error) {
      throw asStoreError(error)
    }
    if (result.accepted.length > 0) {
      for (const { lane } of this.#lanes.values()) lane.onAppended(result.accepted, before)
      this.#options.onChanged('events')
      this.#options.onChanged('integrations')
    }
    return result
  }

  /** Gives the engine the key for secrets; integrations that need one can be created from now on. */
  unlock(key: Uint8Array): void {
    this.#vault.unlock(key)
    this.#options.onChanged('secrets')
  }

  /** The code behind the calls. */
  readonly calls: Handlers<EngineCall> = {
    'integrations.create': (input) => this.#create(input),
    'integrations.start': ({ id }) => this.#start(this.#find(id)),
    'integrations.stop': ({ id }) => this.#stop(this.#find(id), 'operator', `Paused ${BY_OPERATOR}.`),
    'integrations.delete': ({ id }) => this.#delete(this.#find(id)),
    'imports.start': ({ path }) => this.#importer.start(path),
    'imports.cancel': ({ importId }) => this.#importer.cancel(importId),
    'inbox.status': () => this.#inbox.status(),
    'inbox.start': () => this.#inbox.start(),
    'inbox.stop': () => this.#inbox.stop(),
    'inbox.clear': () => this.#inbox.clear(),
    'inbox.list': () => this.#inbox.list(),
    'inbox.get': ({ no }) => this.#inbox.get(no),
  }

  /** Answers one call; store errors come out as AppErrors. */
  async call<N extends EngineCall>(name: N, input: Parsed<N>): Promise<Output<N>> {
    const handler = this.calls[name] as (input: Parsed<N>) => Output<N> | Promise<Output<N>>
    try {
      return await handler(input)
    } catch (error) {
      throw asStoreError(error)
    }
  }

  /** Resolves when the import has ended. */
  importEnded(id: number): Promise<void> {
    return this.#importer.ended(id)
  }

  /**
   * Stops intake, waits for attempts in flight up to `graceMs`, records them and closes the store. What was still in flight
   * is tried again at the next start.
   */
  async close(graceMs = 5_000): Promise<void> {
    this.#closing = true
    if (this.#purging) clearTimeout(this.#purging)
    await this.#importer.close()
    const lanes = [...this.#lanes.values()]
    for (const { lane } of lanes) lane.stop()
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([Promise.all(lanes.map(({ lane }) => lane.settled())), grace])
    clearTimeout(timer)
    this.#committer.flush()
    for (const { lane } of lanes) lane.abandon()
    await Promise.all(lanes.map(({ client }) => client.destroy()))
    this.#committer.stop()
    await this.#inbox.stop()
    this.#db.close()
    this.#lock.release()
  }

  #find(id: string): IntegrationRecord {
    const record = this.#integrations.find(id)
    if (!record) throw new AppError('integration_not_found', `There is no integration "${id}".`, { field: 'id' })
    return record
  }

  #create(input: Parsed<'integrations.create'>): Integration {
    if (this.#integrations.find(input.id)) {
      throw new AppError('integration_id_taken', `Another integration has the ID "${input.id}".`, { field: 'id' })
    }
    const limit = this.#options.integrationLimit ?? DEFAULT_INTEGRATION_LIMIT
    if (this.#integrations.count() >= limit) {
      throw new AppError(
        'integration_limit_reached',
        `There are ${limit} integrations already, the maximum. Delete one first.`,
      )
    }
    const { apiKey } = input.target
    const hasApiKey = apiKey !== undefined && apiKey !== ''
    const secrets = hasApiKey ? this.#vault.seal(input.id, { apiKey }) : null
    const cursor = input.startsAt === null ? this.#log.head : this.#log.positionBefore(input.startsAt)
    const types = [...this.#log.typeIds()].filter((t) => selects(input.selection, this.#log.typeName(t)))
    const now = this.#clock.now()
    const record = this.#integrations.create(
      {
        id: input.id,
        integrationType: input.integrationType,
        startsAt: input.startsAt,
        endsAt: input.endsAt,
        selection: input.selection,
        callbackUrl: input.target.callbackUrl,
        hasApiKey,
        secrets,
        cursor,
        matchedBase: this.#log.countUpTo(types, cursor),
      },
      `Created and started ${BY_OPERATOR}.`,
      now,
    )
    this.#run(record)
    this.#changed()
    return record.integration
  }

  #start(record: IntegrationRecord): Integration {
    const { integration, no } = record
    if (integration.status === 'running') return integration
    if (integration.stopCause === 'ended') {
      throw new AppError(
        'integration_ended',
        `"${integration.id}" has ended and delivered all its events. Create a new one to replay them.`,
      )
    }
    const now = this.#clock.now()
    this.#integrations.setStatus(no, null, `Started ${BY_OPERATOR}.`, now)
    this.#delivery.makeAllDue(no, now)
    this.#run(this.#find(integration.id))
    this.#changed()
    return this.#find(integration.id).integration
  }

  #stop(record: IntegrationRecord, cause: StopCause, reason: string): Integration {
    const { integration, no } = record
    if (integration.status === 'stopped') return integration
    this.#lanes.get(no)?.lane.stop()
    this.#integrations.setStatus(no, cause, reason, this.#clock.now())
    void this.#retire(no)
    this.#changed()
    return this.#find(integration.id).integration
  }

  async #delete(record: IntegrationRecord): Promise<Record<string, never>> {
    const entry = this.#lanes.get(record.no)
    entry?.lane.stop()
    this.#integrations.markDeleted(record.no, this.#clock.now())
    if (entry) {
      this.#committer.flush()
      this.#lanes.delete(record.no)
      void entry.client.destroy()
    }
    this.#schedulePurge()
    this.#changed()
    return {}
  }

  /** Makes the lane of a running integration, or wakes the one that still has attempts in flight from before a pause. */
  #run(record: IntegrationRecord): void {
    const { integration, no } = record
    const existing = this.#lanes.get(no)
    if (existing) return existing.lane.start()
    let apiKey: string | undefined
    try {
      apiKey = record.secrets === null ? undefined : this.#vault.open(integration.id, record.secrets).apiKey
    } catch {
      const reason =
        'Stopped because the stored API key cannot be decrypted on this machine. Nothing is lost; delivery goes on from here.'
      this.#integrations.setStatus(no, 'failure', reason, this.#clock.now())
      return this.#changed()
    }
    const client = new WebhookClient({
      callbackUrl: integration.target.callbackUrl,
      apiKey,
      connections: CONCURRENCY,
      userAgent: `event-stream-console/${this.#options.version}`,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      totalTimeoutMs: RESPONSE_TIMEOUT_MS,
      signingSecrets: [],
      keepBodies: 'failures',
      clock: this.#clock,
    })
    const { selection } = integration
    const taken = new Map<number, boolean>()
    const lane = new Lane(
      {
        no,
        cursor: record.cursor,
        startsAt: integration.startsAt,
        endsAt: integration.endsAt,
        concurrency: CONCURRENCY,
        takesAll: selection.entities.length === 0 && selection.events.length === 0,
        takes: (typeId) => {
          let takes = taken.get(typeId)
          if (takes === undefined) taken.set(typeId, (takes = selects(selection, this.#log.typeName(typeId))))
          return takes
        },
        send: (eventId, body, done) => client.post(eventId, body, done),
      },
      {
        log: this.#log,
        store: this.#delivery,
        clock: this.#clock,
        random: this.#options.random ?? Math.random,
        requestCommit: () => this.#committer.request(),
        blocked: () => this.#committer.blocked,
        onEnded: () => this.#end(integration.id, integration.endsAt),
      },
    )
    this.#lanes.set(no, { lane, client, id: integration.id })
    lane.start()
  }

  #end(id: string, endsAt: EpochMs | null): void {
    const record = this.#integrations.find(id)
    if (!record || endsAt === null) return
    const end = new Date(endsAt).toISOString()
    this.#stop(record, 'ended', `Ended: the end date ${end} has passed and every event before it is settled.`)
  }

  /** Lets attempts in flight finish, then closes the connections, unless the integration was started again meanwhile. */
  async #retire(no: number): Promise<void> {
    const entry = this.#lanes.get(no)
    if (!entry) return
    await entry.lane.settled()
    if (this.#closing || this.#lanes.get(no) !== entry || entry.lane.running) return
    this.#committer.flush()
    this.#lanes.delete(no)
    await entry.client.destroy()
  }

  #schedulePurge(): void {
    if (this.#purging || this.#closing) return
    const step = () => {
      this.#purging = null
      try {
        if (!this.#integrations.purgeStep()) return
      } catch (error) {
        return this.#options.onNotice(toErrorInfo(asStoreError(error)))
      }
      this.#purging = setTimeout(step, PURGE_PAUSE_MS)
    }
    this.#purging = setTimeout(step, PURGE_PAUSE_MS)
  }

  #changed(): void {
    this.#options.onChanged('integrations')
    this.#options.onChanged('logs')
  }
}
