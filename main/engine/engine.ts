import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CallName, Output, Parsed, Topic } from '../../shared/contract'
import type { Alert, AlertKind } from '../../shared/domain'
import { type ErrorInfo, toErrorInfo } from '../../shared/errors'
import { AlertStore } from '../store/alerts'
import type { Actor } from '../store/audit'
import { BatchStore } from '../store/batches'
import { openWritable, STORE_FILE, type WritableDb } from '../store/database'
import { DeliveryStore } from '../store/delivery'
import { type AppendResult, EventLog, type NewEvent } from '../store/event-log'
import { ImportStore } from '../store/imports'
import { type IntegrationRecord, IntegrationStore } from '../store/integrations'
import { migrate } from '../store/migrate'
import { ResendStore } from '../store/resends'
import { RetentionStore } from '../store/retention'
import { SettingStore } from '../store/settings'
import { asStoreError } from '../store/store-errors'
import { WalSync } from '../store/wal-sync'
import { lockWorkspace, type WorkspaceLock } from '../store/workspace-lock'
import { AlertSender } from './alerts/alert-sender'
import { Monitor } from './alerts/monitor'
import { type Clock, systemClock, type Timer } from './clock'
import { Committer } from './delivery/committer'
import { createLanes } from './delivery/lanes'
import { IntegrationService } from './integrations/integration-service'
import { ResendService } from './integrations/resend-service'
import { testTarget } from './integrations/test-target'
import { WebhookInbox } from './local-targets/webhook-inbox'
import { Retention } from './retention'
import { WorkspaceSettings } from './settings'
import { Importer } from './sources/importer'
import { Vault } from './vault'

/** The calls that the engine thread answers: everything that changes something, and the inbox, which lives in its memory. */
export type EngineCall =
  | 'integrations.create'
  | 'integrations.update'
  | 'integrations.start'
  | 'integrations.stop'
  | 'integrations.delete'
  | 'integrations.restore'
  | 'targets.test'
  | 'resends.start'
  | 'resends.pause'
  | 'resends.resume'
  | 'resends.cancel'
  | 'rejected.delete'
  | 'alerts.seen'
  | 'settings.get'
  | 'settings.update'
  | 'imports.start'
  | 'imports.cancel'
  | 'inbox.status'
  | 'inbox.start'
  | 'inbox.stop'
  | 'inbox.clear'
  | 'inbox.list'
  | 'inbox.get'

export type EngineHandlers = {
  readonly [K in EngineCall]: (input: Parsed<K>, actor: Actor) => Output<K> | Promise<Output<K>>
}

export interface EngineOptions {
  /** Folder of the workspace; created when missing. */
  readonly workspace: string
  /** Unlocks secrets; null when there is no keychain and no consent yet. */
  readonly key: Uint8Array | null
  readonly version: string
  readonly onChanged: (topic: Topic) => void
  readonly onNotice: (error: ErrorInfo) => void
  readonly onAlert?: (alert: Alert) => void
  readonly clock?: Clock
  readonly random?: () => number
}

/** How long a deletion can be taken back. */
export const UNDO_MS = 10_000

/** Pause between two steps of clearing away a deleted integration. */
const PURGE_PAUSE_MS = 20

/** Whoever calls the engine without saying who they are: tests and the benches. */
const NOBODY: Actor = { name: 'nobody', via: 'engine' }

/**
 * The store's only writer and the deliverer of events. Pure Node: runs in a worker thread of the app, and as it is in tests,
 * benchmarks and the command line.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #clock: Clock
  readonly #lock: WorkspaceLock
  readonly #db: WritableDb
  readonly #wal: WalSync
  readonly #log: EventLog
  readonly #store: IntegrationStore
  readonly #alerts: AlertStore
  readonly #integrations: IntegrationService
  readonly #committer: Committer
  readonly #importer: Importer
  readonly #inbox: WebhookInbox
  readonly #vault: Vault
  readonly #retention: Retention
  readonly #monitor: Monitor
  readonly #alertSender: AlertSender
  #purging: NodeJS.Timeout | null = null
  #undoTimer: Timer | null = null
  #closing = false

  /** The code behind the calls. */
  readonly calls: EngineHandlers

  /**
   * Opens the workspace: lock, migration, then every running integration goes on where it was.
   *
   * @throws AppError `workspace_in_use`, `workspace_not_writable`, `store_…`
   */
  constructor(options: EngineOptions) {
    this.#options = options
    const clock = (this.#clock = options.clock ?? systemClock)
    const { lock, db, wal } = openWorkspace(options.workspace)
    this.#lock = lock
    this.#db = db
    this.#wal = wal
    const log = (this.#log = new EventLog(db))
    const store = (this.#store = new IntegrationStore(db))
    const delivery = new DeliveryStore(db)
    const resendStore = new ResendStore(db)
    const batches = new BatchStore(db)
    const retentionStore = new RetentionStore(db)
    const settingStore = new SettingStore(db)
    const settings = new WorkspaceSettings(db, settingStore, clock)
    const imports = new ImportStore(db)
    imports.markInterrupted(clock.now())
    this.#alerts = new AlertStore(db)
    this.#vault = new Vault(options.key)
    const userAgent = `event-stream-console/${options.version}`
    const onError = (error: unknown) => this.#tell(error)
    this.#alertSender = new AlertSender({
      clock,
      userAgent,
      url: () => settings.values.alertUrl,
      onLost: (alert, why) =>
        options.onNotice({
          code: 'alert_not_sent',
          message: `The alert "${alert.message}" could not be posted: ${why}.`,
        }),
    })
    this.#committer = new Committer({
      store: delivery,
      wal,
      lanes: () => this.#integrations.lanes(),
      onBlocked: onError,
      onCommitted: () => this.#changed('attempts', 'rejected', 'integrations', 'resends'),
    })
    this.#integrations = new IntegrationService({
      db,
      clock,
      log,
      store,
      delivery,
      vault: this.#vault,
      settings: () => settings.values,
      openLane: createLanes({
        workspace: options.workspace,
        db,
        log,
        store,
        delivery,
        batches,
        resends: resendStore,
        clock,
        random: options.random ?? Math.random,
        userAgent,
        committer: this.#committer,
        onLogChanged: () => this.#changed('logs'),
        onError,
      }),
      flush: () => void this.#committer.flush(),
      onStopped: (record, reason) => this.#raise(record, 'stopped', reason),
      onStarted: (record, byItself) => {
        this.#resolve(record, 'stopped')
        if (byItself) this.#raise(record, 'restarted', `"${record.integration.id}" runs again: its target answers.`)
      },
      onDeleted: () => this.#awaitUndo(),
      onPurged: (no) => {
        this.#alerts.resolveAll(no, clock.now())
        this.#changed('alerts')
      },
      onError,
      onChanged: () => this.#changed('integrations', 'logs'),
    })
    this.#monitor = new Monitor({
      db,
      log,
      clock,
      settings: () => settings.values,
      running: () => this.#integrations.running(),
      typesOf: (record) => this.#integrations.typesOf(record),
      raise: (record, kind, message) => this.#raise(record, kind, message),
      resolve: (record, kind) => this.#resolve(record, kind),
      onError,
    })
    this.#retention = new Retention({
      store: retentionStore,
      log,
      clock,
      settings: () => settings.values,
      flush: () => void this.#committer.flush(),
      onExpired: (numbers) => this.#integrations.onExpired(numbers),
      onRemoved: () => this.#changed('events', 'attempts', 'rejected', 'integrations'),
      onError,
    })
    this.#importer = new Importer({
      clock,
      store: imports,
      append: (events) => this.publish(events),
      onChange: () => this.#changed('imports'),
    })
    this.#inbox = new WebhookInbox(settingStore, clock, () => this.#changed('inbox'))
    const resends = new ResendService({
      db,
      clock,
      log,
      store: resendStore,
      batches,
      retention: retentionStore,
      integrations: this.#integrations,
      onChanged: () => this.#changed('resends', 'rejected', 'integrations'),
    })
    this.calls = {
      'integrations.create': (input, actor) => this.#integrations.create(input, actor),
      'integrations.update': (input, actor) => this.#integrations.update(input, actor),
      'integrations.start': ({ id }, actor) => this.#integrations.start(id, actor),
      'integrations.stop': ({ id }, actor) => this.#integrations.stop(id, actor),
      'integrations.delete': ({ id }, actor) => {
        this.#integrations.delete(id, actor)
        return {}
      },
      'integrations.restore': ({ id }, actor) => {
        const restored = this.#integrations.restore(id, actor)
        this.#changed('attempts', 'rejected', 'resends')
        return restored
      },
      'targets.test': (input) => testTarget(input, { integrations: this.#integrations, userAgent, clock }),
      'resends.start': (input, actor) => resends.start(input, actor),
      'resends.pause': ({ resendId }, actor) => resends.pause(resendId, actor),
      'resends.resume': ({ resendId }, actor) => resends.resume(resendId, actor),
      'resends.cancel': ({ resendId }, actor) => resends.cancel(resendId, actor),
      'rejected.delete': (input, actor) => resends.deleteRejected(input, actor),
      'alerts.seen': ({ upTo }) => {
        this.#alerts.markSeen(upTo, clock.now())
        this.#changed('alerts')
        return {}
      },
      'settings.get': () => settings.values,
      'settings.update': (change, actor) => {
        const values = settings.update(change, actor)
        this.#changed('settings')
        return values
      },
      'imports.start': ({ path }) => this.#importer.start(path),
      'imports.cancel': ({ importId }) => this.#importer.cancel(importId),
      'inbox.status': () => this.#inbox.status(),
      'inbox.start': () => this.#inbox.start(),
      'inbox.stop': () => this.#inbox.stop(),
      'inbox.clear': () => this.#inbox.clear(),
      'inbox.list': () => this.#inbox.list(),
      'inbox.get': ({ no }) => this.#inbox.get(no),
    }
    this.#integrations.resume()
    this.#schedulePurge()
    this.#awaitUndo()
    this.#monitor.start()
    this.#retention.start()
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
      this.#integrations.onAppended(result.accepted, before)
      this.#changed('events', 'integrations')
    }
    return result
  }

  /** Gives the engine the key for secrets; integrations that need one can be created from now on. */
  unlock(key: Uint8Array): void {
    this.#vault.unlock(key)
    this.#changed('secrets')
  }

  /** Answers one call; store errors come out as AppErrors. */
  async call<N extends EngineCall>(name: N, input: Parsed<N>, actor: Actor = NOBODY): Promise<Output<N>> {
    const handler = this.calls[name] as (input: Parsed<N>, actor: Actor) => Output<N> | Promise<Output<N>>
    try {
      return await handler(input, actor)
    } catch (error) {
      throw asStoreError(error)
    }
  }

  /** True for a name that `call` takes. */
  answers(name: string): name is EngineCall & CallName {
    return Object.hasOwn(this.calls, name)
  }

  /** Resolves when the import has ended. */
  importEnded(id: number): Promise<void> {
    return this.#importer.ended(id)
  }

  /** Clears away what is too old now instead of at the next round. */
  runRetention(): Promise<void> {
    return this.#retention.run()
  }

  /** Looks for late events now instead of at the next round. */
  checkLateness(): void {
    this.#monitor.check()
  }

  /**
   * Stops intake, waits for attempts in flight up to `graceMs`, records them and closes the store. What was still in flight
   * is tried again at the next start.
   */
  async close(graceMs = 5_000): Promise<void> {
    this.#closing = true
    if (this.#purging) clearTimeout(this.#purging)
    this.#undoTimer?.cancel()
    this.#monitor.stop()
    this.#alertSender.stop()
    await this.#retention.stop()
    await this.#importer.close()
    await this.#integrations.close(graceMs)
    this.#committer.stop()
    await this.#inbox.stop()
    this.#wal.close()
    this.#db.close()
    this.#lock.release()
  }

  #raise(record: IntegrationRecord, kind: AlertKind, message: string): void {
    const { no, integration } = record
    const alert = this.#alerts.raise({ no, id: integration.id }, kind, message, kind !== 'restarted', this.#clock.now())
    if (alert === null) return
    this.#options.onAlert?.(alert)
    this.#alertSender.send(alert)
    this.#changed('alerts')
  }

  #resolve(record: IntegrationRecord, kind: AlertKind): void {
    if (this.#alerts.resolve(record.no, kind, this.#clock.now())) this.#changed('alerts')
  }

  #tell(error: unknown): void {
    this.#options.onNotice(toErrorInfo(asStoreError(error)))
  }

  #changed(...topics: readonly Topic[]): void {
    for (const topic of topics) this.#options.onChanged(topic)
  }

  /** Waits until the oldest deletion cannot be taken back any more, then makes it final; the store says which that is, after a restart too. */
  #awaitUndo(): void {
    this.#undoTimer?.cancel()
    const since = this.#store.oldestDeletion()
    if (since === null || this.#closing) return
    this.#undoTimer = this.#clock.setTimer(since + UNDO_MS, () => {
      try {
        this.#integrations.purge(this.#clock.now() - UNDO_MS)
        this.#schedulePurge()
        this.#awaitUndo()
      } catch (error) {
        this.#tell(error)
        this.#undoTimer = this.#clock.setTimer(this.#clock.now() + UNDO_MS, () => this.#awaitUndo())
      }
    })
  }

  #schedulePurge(): void {
    if (this.#purging || this.#closing) return
    const step = () => {
      this.#purging = null
      try {
        if (!this.#store.purgeStep()) return
      } catch (error) {
        return this.#tell(error)
      }
      this.#purging = setTimeout(step, PURGE_PAUSE_MS)
    }
    this.#purging = setTimeout(step, PURGE_PAUSE_MS)
  }
}

/** Takes the workspace and brings its store to this version's format, or leaves both as they were. */
function openWorkspace(workspace: string): {
  lock: WorkspaceLock
  db: WritableDb
  wal: WalSync
} {
  let lock: WorkspaceLock
  try {
    mkdirSync(workspace, { recursive: true, mode: 0o700 })
    lock = lockWorkspace(workspace)
  } catch (error) {
    throw asStoreError(error)
  }
  const path = join(workspace, STORE_FILE)
  let db: WritableDb | undefined
  try {
    db = openWritable(path)
    chmodSync(path, 0o600)
    migrate(db, path)
    return { lock, db, wal: new WalSync(db, path) }
  } catch (error) {
    db?.close()
    lock.release()
    throw asStoreError(error)
  }
}
