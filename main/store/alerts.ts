import type { Alert, AlertKind, EpochMs } from '../../shared/domain'
import type { ReadableDb, WritableDb } from './database'

const COLUMNS = `id, integration_id AS integrationId, kind, message, raised_at AS raisedAt, resolved_at AS resolvedAt, seen_at AS seenAt`

/** Alerts older than `beforeId`, newest first. */
export function listAlerts(db: ReadableDb, beforeId: number, limit: number): Alert[] {
  return db
    .prepare(`SELECT ${COLUMNS} FROM alerts WHERE id < ? ORDER BY id DESC LIMIT ?`)
    .all(beforeId, limit) as Alert[]
}

/** Alerts that nobody has looked at yet. */
export function countUnseenAlerts(db: ReadableDb): number {
  return db.prepare('SELECT count(*) FROM alerts WHERE seen_at IS NULL').pluck().get() as number
}

/** Writing SQL of alerts. */
export class AlertStore {
  readonly #db: WritableDb

  constructor(db: WritableDb) {
    this.#db = db
  }

  /**
   * Raises an alert, unless one of this kind already lasts for the integration.
   *
   * @param lasting false for one that is over when it is raised
   * @returns the new alert, or null when one lasts
   */
  raise(
    integration: { readonly no: number; readonly id: string },
    kind: AlertKind,
    message: string,
    lasting: boolean,
    now: EpochMs,
  ): Alert | null {
    const open = this.#db
      .prepare('SELECT 1 FROM alerts WHERE integration = ? AND kind = ? AND resolved_at IS NULL')
      .get(integration.no, kind)
    if (open !== undefined) return null
    const { lastInsertRowid } = this.#db
      .prepare(
        'INSERT INTO alerts (integration, integration_id, kind, message, raised_at, resolved_at) VALUES (?, ?, ?, ?, ?, ?)',
      )
      .run(integration.no, integration.id, kind, message, now, lasting ? null : now)
    return this.#db.prepare(`SELECT ${COLUMNS} FROM alerts WHERE id = ?`).get(lastInsertRowid) as Alert
  }

  /** Ends the lasting alert of a kind. @returns false when there is none */
  resolve(integration: number, kind: AlertKind, now: EpochMs): boolean {
    const sql = 'UPDATE alerts SET resolved_at = ? WHERE integration = ? AND kind = ? AND resolved_at IS NULL'
    return this.#db.prepare(sql).run(now, integration, kind).changes > 0
  }

  /** Ends every lasting alert of an integration that is deleted. */
  resolveAll(integration: number, now: EpochMs): void {
    this.#db
      .prepare('UPDATE alerts SET resolved_at = ? WHERE integration = ? AND resolved_at IS NULL')
      .run(now, integration)
  }

  /** Marks alerts up to and including `upTo` as seen. */
  markSeen(upTo: number, now: EpochMs): void {
    this.#db.prepare('UPDATE alerts SET seen_at = ? WHERE id <= ? AND seen_at IS NULL').run(now, upTo)
  }
}
