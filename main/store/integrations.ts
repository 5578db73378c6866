import type {
  DeliveryOptions,
  EpochMs,
  Integration,
  IntegrationType,
  LogAction,
  Outage,
  Selection,
  StopCause,
  Target,
} from '../../shared/domain'
import { deliveryDefaults } from '../../shared/schemas/integration'
import { type ReadableDb, type Statement, transaction, type WritableDb } from './database'

/** A stored integration with its place in the log. */
export interface IntegrationRecord {
  readonly no: number
  readonly integration: Integration
  readonly cursor: number
  /** Sealed JSON of the target's secrets; null when it has none. */
  readonly secrets: Uint8Array | null
  /** Milliseconds in which attempts were possible so far. */
  readonly possibleMs: number
  /** JSON of the outage that lasted when the store was last written; null for none. */
  readonly outage: string | null
}

export interface NewIntegrationRecord {
  readonly id: string
  readonly integrationType: IntegrationType
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
  readonly selection: Selection
  readonly target: Target
  readonly options: Partial<DeliveryOptions>
  readonly secrets: Uint8Array | null
  readonly cursor: number
  readonly matchedBase: number
}

/** What an update stores: the whole new state of what may change. */
export interface ChangedIntegration {
  readonly selection: Selection
  readonly target: Target
  readonly options: DeliveryOptions
  readonly secrets: Uint8Array | null
  /** Added to `matched_base`, so that the backlog is that of the new selection. */
  readonly matchedShift: number
}

export interface IntegrationRow {
  readonly no: number
  readonly id: string
  readonly integration_type: IntegrationType
  readonly status: 'running' | 'stopped'
  readonly stop_cause: StopCause | null
  readonly restart_pending: number
  readonly starts_at: number | null
  readonly ends_at: number | null
  readonly entity_filter: string
  readonly event_filter: string
  readonly target_kind: Target['kind']
  readonly target: string
  readonly secrets: Uint8Array | null
  readonly options: string
  readonly created_at: number
  readonly updated_at: number
  readonly cursor: number
  readonly possible_ms: number
  readonly outage: string | null
}

export function toIntegration(row: IntegrationRow): Integration {
  return {
    id: row.id,
    integrationType: row.integration_type,
    status: row.status,
    stopCause: row.stop_cause,
    restartPending: row.restart_pending === 1,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    selection: {
      entities: JSON.parse(row.entity_filter),
      events: JSON.parse(row.event_filter),
    },
    target: { kind: row.target_kind, ...JSON.parse(row.target) } as Target,
    options: { ...deliveryDefaults, ...JSON.parse(row.options) },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** The outage as viewers see it. */
export function toOutage(text: string | null): Outage | null {
  if (text === null) return null
  const { since, lastAt, count, lastCode, lastStatus, nextProbeAt = null } = JSON.parse(text) as Outage
  return { since, lastAt, count, lastCode, lastStatus, nextProbeAt }
}

/** A target as it is stored: its kind has a column of its own. */
function targetJson({ kind: _kind, ...rest }: Target): string {
  return JSON.stringify(rest)
}

/** The number that stands for an integration in every other table; undefined when there is none with this id. */
export function integrationNo(db: ReadableDb, id: string): number | undefined {
  const no = db.prepare('SELECT no FROM integrations WHERE id = ? AND deleted_at IS NULL').pluck().get(id)
  return no as number | undefined
}

/** Rows that a deleted integration leaves behind are removed in steps of this size, so that no delivery waits for long. */
const PURGE_STEP = 2000

const OWNED = [
  [
    'attempt_minutes',
    'DELETE FROM attempt_minutes WHERE (integration, minute) IN (SELECT integration, minute FROM attempt_minutes WHERE integration = ? LIMIT ?)',
  ],
  [
    'waiting',
    'DELETE FROM waiting WHERE (integration, seq) IN (SELECT integration, seq FROM waiting WHERE integration = ? LIMIT ?)',
  ],
  [
    'rejected_events',
    'DELETE FROM rejected_events WHERE (integration, seq) IN (SELECT integration, seq FROM rejected_events WHERE integration = ? LIMIT ?)',
  ],
  ['log_entries', 'DELETE FROM log_entries WHERE id IN (SELECT id FROM log_entries WHERE integration = ? LIMIT ?)'],
  ['resends', 'DELETE FROM resends WHERE id IN (SELECT id FROM resends WHERE integration = ? LIMIT ?)'],
  [
    'batch_objects',
    `DELETE FROM batch_objects WHERE (batch, tenant) IN (SELECT o.batch, o.tenant FROM batches AS b JOIN batch_objects AS o ON o.batch = b.id
       WHERE b.integration = ? LIMIT ?)`,
  ],
  ['batches', 'DELETE FROM batches WHERE id IN (SELECT id FROM batches WHERE integration = ? LIMIT ?)'],
] as const

/** All writing SQL of integrations, their log entries, and their removal. */
export class IntegrationStore {
  readonly #db: WritableDb
  readonly #insert: Statement
  readonly #byId: Statement
  readonly #setStatus: Statement
  readonly #addLog: Statement
  readonly #change: Statement

  constructor(db: WritableDb) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO integrations (id, integration_type, status, starts_at, ends_at, entity_filter, event_filter, target_kind,
         target, secrets, options, created_at, updated_at, cursor, matched_base)
       VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#byId = db.prepare('SELECT * FROM integrations WHERE id = ? AND deleted_at IS NULL')
    this.#setStatus = db.prepare(
      'UPDATE integrations SET status = ?, stop_cause = ?, restart_pending = ?, updated_at = ? WHERE no = ?',
    )
    this.#change = db.prepare(
      `UPDATE integrations SET entity_filter = ?, event_filter = ?, target = ?, options = ?, secrets = ?,
         matched_base = matched_base + ?, updated_at = ? WHERE no = ?`,
    )
    this.#addLog = db.prepare('INSERT INTO log_entries (integration, action, reason, created_at) VALUES (?, ?, ?, ?)')
  }

  find(id: string): IntegrationRecord | undefined {
    const row = this.#byId.get(id) as IntegrationRow | undefined
    return row && toRecord(row)
  }

  all(): IntegrationRecord[] {
    const rows = this.#db.prepare('SELECT * FROM integrations WHERE deleted_at IS NULL ORDER BY no').all()
    return (rows as IntegrationRow[]).map(toRecord)
  }

  count(): number {
    return this.#db.prepare('SELECT count(*) FROM integrations WHERE deleted_at IS NULL').pluck().get() as number
  }

  /** Stores a running integration together with the log entry of its start. */
  create(input: NewIntegrationRecord, reason: string, now: EpochMs): IntegrationRecord {
    const { lastInsertRowid } = this.#insert.run(
      input.id,
      input.integrationType,
      input.startsAt,
      input.endsAt,
      JSON.stringify(input.selection.entities),
      JSON.stringify(input.selection.events),
      input.target.kind,
      targetJson(input.target),
      input.secrets,
      JSON.stringify(input.options),
      now,
      now,
      input.cursor,
      input.matchedBase,
    )
    this.#addLog.run(Number(lastInsertRowid), 'integration_started', reason, now)
    return this.find(input.id)!
  }

  /**
   * Stores a start (`cause` null) or stop together with its log entry.
   *
   * @param restartPending after a stop by failure: start again when the target answers
   */
  setStatus(no: number, cause: StopCause | null, reason: string, now: EpochMs, restartPending = false): void {
    const action: LogAction = cause === null ? 'integration_started' : 'integration_stopped'
    this.#setStatus.run(cause === null ? 'running' : 'stopped', cause, restartPending ? 1 : 0, now, no)
    this.#addLog.run(no, action, reason, now)
  }

  /** Stores new events, target details and options; everything else of an integration is fixed. */
  change(no: number, to: ChangedIntegration, now: EpochMs): void {
    this.#change.run(
      JSON.stringify(to.selection.entities),
      JSON.stringify(to.selection.events),
      targetJson(to.target),
      JSON.stringify(to.options),
      to.secrets,
      to.matchedShift,
      now,
      no,
    )
  }

  /** Events that expired since the last start; they count as told from now on. */
  takeExpired(no: number): number {
    const count = this.#db
      .prepare('SELECT expired - expired_told FROM integrations WHERE no = ?')
      .pluck()
      .get(no) as number
    if (count > 0) this.#db.prepare('UPDATE integrations SET expired_told = expired WHERE no = ?').run(no)
    return count
  }

  /** Notes a burst of retries. @returns number of the entry, for `updateLog` */
  addRetryLog(no: number, reason: string, now: EpochMs): number {
    return Number(this.#addLog.run(no, 'retry_triggered' satisfies LogAction, reason, now).lastInsertRowid)
  }

  /** Says more of a burst of retries that goes on. */
  updateLog(entry: number, reason: string): void {
    this.#db.prepare('UPDATE log_entries SET reason = ? WHERE id = ?').run(reason, entry)
  }

  /** Hides the integration at once. Everything of it stays as it is until `beginPurges` takes it, so that `restore` can bring it back. */
  markDeleted(no: number, now: EpochMs): void {
    this.#db.prepare('UPDATE integrations SET deleted_at = ? WHERE no = ?').run(now, no)
  }

  /** The integration of this id that was deleted last and can still be brought back. */
  findDeleted(id: string): IntegrationRecord | undefined {
    const row = this.#db
      .prepare(
        'SELECT * FROM integrations WHERE id = ? AND deleted_at IS NOT NULL AND purging = 0 ORDER BY deleted_at DESC, no DESC LIMIT 1',
      )
      .get(id) as IntegrationRow | undefined
    return row && toRecord(row)
  }

  /** Brings a deleted integration back as it was. */
  restore(no: number): void {
    this.#db.prepare('UPDATE integrations SET deleted_at = NULL WHERE no = ? AND purging = 0').run(no)
  }

  /** When the oldest deletion was made that can still be taken back; null when there is none. */
  oldestDeletion(): EpochMs | null {
    return this.#db
      .prepare('SELECT min(deleted_at) FROM integrations WHERE deleted_at IS NOT NULL AND purging = 0')
      .pluck()
      .get() as EpochMs | null
  }

  /**
   * Makes deletions up to `upTo` final: secrets go in this step, the rows in other tables follow through `purgeStep`.
   *
   * @returns numbers of the integrations concerned
   */
  beginPurges(upTo: EpochMs): number[] {
    return transaction(this.#db, () => {
      const nos = this.#db
        .prepare('SELECT no FROM integrations WHERE deleted_at <= ? AND purging = 0')
        .pluck()
        .all(upTo) as number[]
      const take = this.#db.prepare(
        "UPDATE integrations SET purging = 1, status = 'stopped', stop_cause = 'operator', restart_pending = 0, secrets = NULL WHERE no = ?",
      )
      for (const no of nos) take.run(no)
      return nos
    })
  }

  /** Removes a bounded number of rows of integrations whose purge began. @returns false when nothing is left to remove */
  purgeStep(): boolean {
    const no = this.#db.prepare('SELECT no FROM integrations WHERE purging = 1 LIMIT 1').pluck().get()
    if (no === undefined) return false
    transaction(this.#db, () => {
      const attempts = this.#db
        .prepare('SELECT id FROM attempts WHERE integration = ? LIMIT ?')
        .pluck()
        .all(no, PURGE_STEP) as number[]
      if (attempts.length > 0) {
        const ids = JSON.stringify(attempts)
        this.#db.prepare('DELETE FROM attempt_details WHERE attempt IN (SELECT value FROM json_each(?))').run(ids)
        this.#db.prepare('DELETE FROM attempts WHERE id IN (SELECT value FROM json_each(?))').run(ids)
        return
      }
      for (const [, sql] of OWNED) if (this.#db.prepare(sql).run(no, PURGE_STEP).changes > 0) return
      this.#db.prepare('DELETE FROM integrations WHERE no = ?').run(no)
    })
    return true
  }
}

function toRecord(row: IntegrationRow): IntegrationRecord {
  return {
    no: row.no,
    integration: toIntegration(row),
    cursor: row.cursor,
    secrets: row.secrets,
    possibleMs: row.possible_ms,
    outage: row.outage,
  }
}
