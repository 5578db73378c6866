import { createHash } from 'node:crypto'
import type { AuditCheck, AuditEntry, EpochMs, Via } from '../../shared/domain'
import type { ReadableDb, WritableDb } from './database'

/** Who does something, and through which door. */
export interface Actor {
  readonly name: string
  readonly via: Via | 'engine'
}

type AuditRow = AuditEntry & { readonly hash: Uint8Array }

const COLUMNS = 'id, at, actor, via, action, subject, before, after, hash'
/** Setting that holds how many entries there are: the chain alone would not show that the newest are missing. */
const COUNT_KEY = 'audit.entries'
const GENESIS = Buffer.alloc(32)

/** Rows read at a time by the check. */
const CHECK_STEP = 1000

/**
 * Writes one entry of the audit log. Belongs into the transaction of the change itself.
 *
 * @param before what it was, after what it is; as JSON, so never give secrets
 */
export function writeAudit(
  db: WritableDb,
  actor: Actor,
  entry: {
    readonly action: string
    readonly subject: string | null
    readonly before?: unknown
    readonly after?: unknown
  },
  now: EpochMs,
): void {
  const last = db.prepare('SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1').get() as
    | { id: number; hash: Uint8Array }
    | undefined
  const row: AuditEntry = {
    id: (last?.id ?? 0) + 1,
    at: now,
    actor: actor.name,
    via: actor.via,
    action: entry.action,
    subject: entry.subject,
    before: entry.before === undefined ? null : JSON.stringify(entry.before),
    after: entry.after === undefined ? null : JSON.stringify(entry.after),
  }
  db.prepare(`INSERT INTO audit (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
    row.id,
    row.at,
    row.actor,
    row.via,
    row.action,
    row.subject,
    row.before,
    row.after,
    hashOf(row, last?.hash ?? GENESIS),
  )
  db.prepare(
    'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  ).run(COUNT_KEY, String(row.id))
}

function hashOf(row: AuditEntry, previous: Uint8Array): Buffer {
  const { id, at, actor, via, action, subject, before, after } = row
  const text = JSON.stringify([id, at, actor, via, action, subject, before, after])
  return createHash('sha256').update(previous).update(text).digest()
}

/** Entries older than `beforeId`, newest first. */
export function listAudit(db: ReadableDb, beforeId: number, limit: number): AuditEntry[] {
  const rows = db.prepare(`SELECT ${COLUMNS} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?`).all(beforeId, limit)
  return (rows as AuditRow[]).map(({ hash: _hash, ...entry }) => entry)
}

/** Recomputes every hash: an entry that was changed, taken out or put in after the fact shows. */
export function verifyAudit(db: ReadableDb): AuditCheck {
  const next = db.prepare(`SELECT ${COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT ?`)
  let previous: Uint8Array = GENESIS
  let entries = 0
  for (let rows: AuditRow[]; (rows = next.all(entries, CHECK_STEP) as AuditRow[]).length > 0; ) {
    for (const row of rows) {
      entries++
      if (row.id !== entries || !hashOf(row, previous).equals(row.hash)) return { entries, brokenAt: row.id }
      previous = row.hash
    }
  }
  const written = db.prepare('SELECT value FROM settings WHERE key = ?').pluck().get(COUNT_KEY) as string | undefined
  return { entries, brokenAt: Number(written ?? 0) === entries ? null : entries + 1 }
}
