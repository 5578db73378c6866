import type { EpochMs, Integration, IntegrationType, LogAction, Selection, StopCause } from '../../shared/domain'
import { type ReadableDb, type Statement, transaction, type WritableDb } from './database'

/** A stored integration with its place in the log. */
export interface IntegrationRecord {
  readonly no: number
  readonly integration: Integration
  readonly cursor: number
  /** Sealed JSON of the target's secrets; null when it has none. */
  readonly secrets: Uint8Array | null
}

export interface NewIntegrationRecord {
  readonly id: string
  readonly integrationType: IntegrationType
  readonly startsAt: EpochMs | null
  readonly endsAt: EpochMs | null
  readonly selection: Selection
  readonly callbackUrl: string
  readonly hasApiKey: boolean
  readonly secrets: Uint8Array | null
  readonly cursor: number
  readonly matchedBase: number
}

export interface IntegrationRow {
  readonly no: number
  readonly id: string
  readonly integration_type: IntegrationType
  readonly status: 'running' | 'stopped'
  readonly stop_cause: StopCause | null
  readonly starts_at: number | null
  readonly ends_at: number | null
  readonly entity_filter: string
  readonly event_filter: string
  readonly target: string
  readonly secrets: Uint8Array | null
  readonly created_at: number
  readonly updated_at: number
  readonly cursor: number
}

export function toIntegration(row: IntegrationRow): Integration {
  const target = JSON.parse(row.target) as {
    callbackUrl: string
    hasApiKey: boolean
  }
  return {
    id: row.id,
    integrationType: row.integration_type,
    status: row.status,
    stopCause: row.stop_cause,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    selection: {
      entities: JSON.parse(row.entity_filter),
      events: JSON.parse(row.event_filter),
    },
    target: {
      kind: 'webhook',
      callbackUrl: target.callbackUrl,
      hasApiKey: target.hasApiKey,
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
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
    'waiting',
    'DELETE FROM waiting WHERE (integration, seq) IN (SELECT integration, seq FROM waiting WHERE integration = ? LIMIT ?)',
  ],
  [
    'rejected_events',
    'DELETE FROM rejected_events WHERE (integration, seq) IN (SELECT integration, seq FROM rejected_events WHERE integration = ? LIMIT ?)',
  ],
  ['log_entries', 'DELETE FROM log_entries WHERE id IN (SELECT id FROM log_entries WHERE integration = ? LIMIT ?)'],
] as const

/** All writing SQL of integrations, their log entries, and their removal. */
export class IntegrationStore {
  readonly #db: WritableDb
  readonly #insert: Statement
  readonly #byId: Statement
  readonly #setStatus: Statement
  readonly #addLog: Statement

  constructor(db: WritableDb) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO integrations (id, integration_type, status, starts_at, ends_at, entity_filter, event_filter, target_kind,
         target, secrets, created_at, updated_at, cursor, matched_base)
       VALUES (?, ?, 'running', ?, ?, ?, ?, 'webhook', ?, ?, ?, ?, ?, ?)`,
    )
    this.#byId = db.prepare('SELECT * FROM integrations WHERE id = ? AND deleted_at IS NULL')
    this.#setStatus = db.prepare('UPDATE integrations SET status = ?, stop_cause = ?, updated_at = ? WHERE no = ?')
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
    transaction(this.#db, () => {
      const { lastInsertRowid } = this.#insert.run(
        input.id,
        input.integrationType,
        input.startsAt,
        input.endsAt,
        JSON.stringify(input.selection.entities),
        JSON.stringify(input.selection.events),
        JSON.stringify({
          callbackUrl: input.callbackUrl,
          hasApiKey: input.hasApiKey,
        }),
        input.secrets,
        now,
        now,
        input.cursor,
        input.matchedBase,
      )
      this.#addLog.run(Number(lastInsertRowid), 'integration_started', reason, now)
    })
    return this.find(input.id)!
  }

  /** Stores a start (`cause` null) or stop together with its log entry. */
  setStatus(no: number, cause: StopCause | null, reason: string, now: EpochMs): void {
    const action: LogAction = cause === null ? 'integration_started' : 'integration_stopped'
    transaction(this.#db, () => {
      this.#setStatus.run(cause === null ? 'running' : 'stopped', cause, now, no)
      this.#addLog.run(no, action, reason, now)
    })
  }

  /** Takes the integration and its secrets away at once; its rows in other tables follow through `purgeStep`. */
  markDeleted(no: number, now: EpochMs): void {
    this.#db
      .prepare(
        "UPDATE integrations SET deleted_at = ?, status = 'stopped', stop_cause = 'operator', secrets = NULL WHERE no = ?",
      )
      .run(now, no)
  }

  /** Removes a bounded number of rows of deleted integrations. @returns false when nothing is left to remove */
  purgeStep(): boolean {
    const no = this.#db.prepare('SELECT no FROM integrations WHERE deleted_at IS NOT NULL LIMIT 1').pluck().get()
    if (no === undefined) return false
    transaction(this.#db, () => {
      const attempts = this.#db
        .prepare('SELECT id FROM attempts WHERE integration = ? LIMIT ?')
        .pluck()
        .all(no, PURGE_STEP) as number[]
      if (attempts.length > 0) {
        const ids = JSON.stringify(attempts)
        this.#db.prepare('DELETE FROM attempt_failures WHERE attempt IN (SELECT value FROM json_each(?))').run(ids)
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
  }
}
