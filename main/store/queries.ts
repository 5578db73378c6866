import type { AttemptErrorCode } from '../../shared/attempt-errors'
import type { Handlers } from '../../shared/contract/handlers'
import type {
  EpochMs,
  IntegrationCounts,
  IntegrationSummary,
  LogAction,
  LogEntry,
  LogFigures,
  MinuteCount,
  RejectedEvent,
  RejectReason,
} from '../../shared/domain'
import { AppError } from '../../shared/errors'
import { selects } from '../../shared/event-catalog'
import { countUnseenAlerts, listAlerts } from './alerts'
import { getAttempt, listAttempts } from './attempts'
import { listAudit, verifyAudit } from './audit'
import type { ReadableDb, Statement } from './database'
import { MINUTE_MS } from './delivery'
import { getEntityStory } from './entity-story'
import { findImport, listImportProblems, listImports } from './imports'
import { type IntegrationRow, integrationNo, toIntegration, toOutage } from './integrations'
import { MatchingCounter } from './matching'
import { positionOf, toPage } from './paging'
import { countResend, listResends } from './resends'
import { formatUuid } from './uuid'

/** The calls that the reader thread answers. */
export type ReaderCall =
  | 'integrations.list'
  | 'integrations.get'
  | 'integrations.minutes'
  | 'integrations.logs'
  | 'integrations.rejected'
  | 'attempts.list'
  | 'attempts.get'
  | 'entities.story'
  | 'events.figures'
  | 'events.matching'
  | 'resends.preview'
  | 'resends.list'
  | 'alerts.list'
  | 'alerts.unseen'
  | 'audit.list'
  | 'audit.verify'
  | 'imports.list'
  | 'imports.problems'

interface SummaryRow extends IntegrationRow {
  readonly matched_base: number
  readonly delivered: number
  readonly rejected: number
  readonly rejected_deleted: number
  readonly passed_over: number
  readonly expired: number
  readonly last_attempt_at: number | null
  readonly last_attempt_failed: number
}

/**
 * Everything that the viewers ask. Holds a read-only connection, so nothing here can change the store.
 *
 * @param now what "the last 24 hours" end at
 */
export function createQueries(db: ReadableDb, now: () => EpochMs = Date.now): Handlers<ReaderCall> {
  const matching = new MatchingCounter(db)
  const statements = new Map<string, Statement>()
  const sql = (text: string): Statement => {
    let statement = statements.get(text)
    if (!statement) statements.set(text, (statement = db.prepare(text)))
    return statement
  }

  function noOf(id: string): number {
    const no = integrationNo(db, id)
    if (no === undefined)
      throw new AppError('integration_not_found', `There is no integration "${id}".`, { field: 'id' })
    return no
  }

  function types(): { id: number; name: string; events: number }[] {
    return sql('SELECT id, name, events FROM event_types').all() as {
      id: number
      name: string
      events: number
    }[]
  }

  function summary(row: SummaryRow, allTypes: ReturnType<typeof types>): IntegrationSummary {
    const integration = toIntegration(row)
    const mine = allTypes.filter((t) => selects(integration.selection, t.name))
    const matched = mine.reduce((sum, t) => sum + t.events, 0) - row.matched_base
    const backlog = Math.max(0, matched - row.delivered - row.rejected - row.passed_over - row.expired)
    return {
      ...integration,
      delivered: row.delivered,
      rejected: row.rejected,
      rejectedDeleted: row.rejected_deleted,
      expired: row.expired,
      outage: toOutage(row.outage),
      backlog,
      waiting: sql('SELECT count(*) FROM waiting WHERE integration = ?').pluck().get(row.no) as number,
      oldestPendingAt: backlog === 0 ? null : oldestPending(row, mine),
      lastAttemptAt: row.last_attempt_at,
      lastAttemptFailed: row.last_attempt_failed === 1,
    }
  }

  function oldestPending(row: SummaryRow, mine: readonly { id: number }[]): number | null {
    const seqs = [sql('SELECT min(seq) FROM waiting WHERE integration = ?').pluck().get(row.no) as number | null]
    for (const { id } of mine) {
      seqs.push(
        sql('SELECT min(seq) FROM events WHERE type_id = ? AND seq > ?').pluck().get(id, row.cursor) as number | null,
      )
    }
    const known = seqs.filter((s) => s !== null)
    if (known.length === 0) return null
    const acceptedAt = sql('SELECT accepted_at FROM events WHERE seq = ?')
      .pluck()
      .get(Math.min(...known)) as number | undefined
    return acceptedAt === undefined ? null : Math.max(acceptedAt, row.created_at)
  }

  return {
    'integrations.list': () => {
      const all = types()
      const rows = sql('SELECT * FROM integrations WHERE deleted_at IS NULL ORDER BY id').all() as SummaryRow[]
      const active = rows.filter((r) => r.status === 'running').length
      const counts: IntegrationCounts = {
        all: rows.length,
        active,
        paused: rows.length - active,
      }
      return { rows: rows.map((row) => summary(row, all)), counts }
    },

    'integrations.get': ({ id }) => {
      const row = sql('SELECT * FROM integrations WHERE no = ?').get(noOf(id)) as SummaryRow
      return summary(row, types())
    },

    'integrations.minutes': ({ id, from, to }) => {
      const no = id === undefined ? null : noOf(id)
      const rows = sql(
        `SELECT i.id, m.minute, m.delivered, m.failed FROM integrations AS i
           JOIN attempt_minutes AS m ON m.integration = i.no AND m.minute >= ? AND m.minute < ?
         WHERE i.deleted_at IS NULL AND (? IS NULL OR i.no = ?) ORDER BY i.id, m.minute`,
      ).all(Math.floor(from / MINUTE_MS), Math.ceil(to / MINUTE_MS), no, no) as {
        id: string
        minute: number
        delivered: number
        failed: number
      }[]
      const byId = new Map<string, MinuteCount[]>()
      for (const { id: of, minute, delivered, failed } of rows) {
        const minutes = byId.get(of) ?? []
        minutes.push({ at: minute * MINUTE_MS, delivered, failed })
        byId.set(of, minutes)
      }
      return { rows: [...byId].map(([of, minutes]) => ({ id: of, minutes })) }
    },

    'integrations.logs': ({ id, filter = {}, ...page }) => {
      const [at, entry] = positionOf(page.after)
      const text = filter.text?.toLowerCase() ?? null
      const rows = sql(
        `SELECT id, action, reason, created_at FROM log_entries
         WHERE integration = ? AND (created_at, id) < (?, ?) AND created_at >= ? AND created_at < ?
           AND (? IS NULL OR action IN (SELECT value FROM json_each(?))) AND (? IS NULL OR instr(lower(reason), ?) > 0)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(
        noOf(id),
        at,
        entry,
        filter.from ?? 0,
        filter.to ?? Number.MAX_SAFE_INTEGER,
        filter.actions ? 1 : null,
        JSON.stringify(filter.actions ?? []),
        text,
        text,
        page.limit + 1,
      ) as {
        id: number
        action: LogAction
        reason: string
        created_at: number
      }[]
      const toEntry = (r: (typeof rows)[number]): LogEntry => ({
        id: r.id,
        action: r.action,
        reason: r.reason,
        createdAt: r.created_at,
      })
      return toPage(rows, page.limit, toEntry, (r) => `${r.created_at}.${r.id}`)
    },

    'integrations.rejected': ({ id, filter = {}, ...page }) => {
      const [at, seq] = positionOf(page.after)
      const name = filter.eventName ?? null
      const entity = filter.domainEntityId ?? null
      const rows = sql(
        `SELECT r.seq, r.attempt, r.rejected_at, r.reason, e.event_id, t.name, e.domain_entity_id, a.status_code, a.error_code, f.response_body
         FROM rejected_events AS r JOIN events AS e ON e.seq = r.seq JOIN event_types AS t ON t.id = e.type_id
           JOIN attempts AS a ON a.id = r.attempt LEFT JOIN attempt_details AS f ON f.attempt = r.attempt
         WHERE r.integration = ? AND (r.rejected_at, r.seq) < (?, ?) AND r.rejected_at >= ? AND r.rejected_at < ?
           AND (? IS NULL OR t.name = ?) AND (? IS NULL OR e.domain_entity_id = ?)
         ORDER BY r.rejected_at DESC, r.seq DESC LIMIT ?`,
      ).all(
        noOf(id),
        at,
        seq,
        filter.from ?? 0,
        filter.to ?? Number.MAX_SAFE_INTEGER,
        name,
        name,
        entity,
        entity,
        page.limit + 1,
      ) as {
        seq: number
        attempt: number
        rejected_at: number
        reason: RejectReason
        event_id: Uint8Array
        name: string
        domain_entity_id: string | null
        status_code: number | null
        error_code: AttemptErrorCode
        response_body: string | null
      }[]
      const toRejected = (r: (typeof rows)[number]): RejectedEvent => ({
        reason: r.reason,
        eventId: formatUuid(r.event_id),
        eventName: r.name,
        domainEntityId: r.domain_entity_id,
        rejectedAt: r.rejected_at,
        attemptId: r.attempt,
        statusCode: r.status_code,
        errorCode: r.error_code,
        responseBody: r.response_body,
      })
      return toPage(rows, page.limit, toRejected, (r) => `${r.rejected_at}.${r.seq}`)
    },

    'attempts.list': ({ id, filter, ...page }) => {
      const no = noOf(id)
      const kind = sql('SELECT target_kind FROM integrations WHERE no = ?').pluck().get(no)
      return listAttempts(sql, no, kind === 's3' ? 's3' : 'webhook', filter, page)
    },

    'attempts.get': ({ id, attemptId, seq }) => getAttempt(sql, noOf(id), id, attemptId, seq),

    'entities.story': ({ domainEntityId }) => getEntityStory(sql, domainEntityId),

    'events.figures': () => {
      const byName = new Map<string, number>()
      for (const { name, events } of types()) byName.set(name, (byName.get(name) ?? 0) + events)
      const byType = [...byName].map(([name, count]) => ({ name, count }))
      const span = sql(
        'SELECT (SELECT min(published_at) FROM events) AS first, (SELECT max(published_at) FROM events) AS last',
      )
      const { first, last } = span.get() as {
        first: number | null
        last: number | null
      }
      const figures: LogFigures = {
        events: byType.reduce((sum, t) => sum + t.count, 0),
        firstPublishedAt: first,
        lastPublishedAt: last,
        byType: byType.filter((t) => t.count > 0).sort((a, b) => b.count - a.count),
      }
      return figures
    },

    'events.matching': ({ selection }) => matching.count(selection, now()),

    'resends.preview': ({ id, filter }) => {
      const row = sql('SELECT * FROM integrations WHERE no = ?').get(noOf(id)) as SummaryRow
      const { selection } = toIntegration(row)
      const mine = types().filter((t) => selects(selection, t.name))
      const ids = mine.map((t) => t.id)
      return { count: countResend(db, row.no, filter, ids) }
    },

    'resends.list': ({ id }) => ({ rows: listResends(db, noOf(id)) }),

    'alerts.list': ({ after, limit }) => {
      const rows = listAlerts(db, positionOf(after)[1], limit + 1)
      return toPage(
        rows,
        limit,
        (r) => r,
        (r) => `0.${r.id}`,
      )
    },

    'alerts.unseen': () => ({ count: countUnseenAlerts(db) }),

    'audit.list': ({ after, limit }) => {
      const rows = listAudit(db, positionOf(after)[1], limit + 1)
      return toPage(
        rows,
        limit,
        (r) => r,
        (r) => `0.${r.id}`,
      )
    },

    'audit.verify': () => verifyAudit(db),

    'imports.list': () => ({ rows: listImports(db) }),

    'imports.problems': ({ importId }) => {
      if (!findImport(db, importId))
        throw new AppError('import_not_found', undefined, {
          field: 'importId',
        })
      return { rows: listImportProblems(db, importId) }
    },
  }
}
