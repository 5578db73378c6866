import type { AttemptErrorCode } from '../../shared/attempt-errors'
import type { AttemptFilter, Page } from '../../shared/contract'
import type { Handlers } from '../../shared/contract/handlers'
import type {
  Attempt,
  AttemptDetail,
  EpochMs,
  IntegrationCounts,
  IntegrationSummary,
  LogAction,
  LogEntry,
  LogFigures,
  RejectedEvent,
  RejectReason,
} from '../../shared/domain'
import { AppError } from '../../shared/errors'
import { selects } from '../../shared/event-catalog'
import { listAlerts } from './alerts'
import { listAudit, verifyAudit } from './audit'
import type { ReadableDb, Statement } from './database'
import { findImport, listImportProblems, listImports } from './imports'
import { type IntegrationRow, integrationNo, toIntegration, toOutage } from './integrations'
import { MatchingCounter } from './matching'
import { countResend, listResends } from './resends'
import { formatUuid } from './uuid'

/** The calls that the reader thread answers. */
export type ReaderCall =
  | 'integrations.list'
  | 'integrations.get'
  | 'integrations.logs'
  | 'integrations.rejected'
  | 'attempts.list'
  | 'attempts.get'
  | 'events.figures'
  | 'events.matching'
  | 'resends.preview'
  | 'resends.list'
  | 'alerts.list'
  | 'audit.list'
  | 'audit.verify'
  | 'imports.list'
  | 'imports.problems'

interface PageInput {
  readonly after?: string | null | undefined
  readonly limit: number
}

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

interface AttemptRow {
  readonly id: number
  readonly event_id: Uint8Array
  readonly name: string
  readonly domain_entity_id: string | null
  readonly failed: number
  readonly error_code: AttemptErrorCode | null
  readonly status_code: number | null
  readonly started_at: number
  readonly duration_us: number
  readonly number: number
  readonly manual: number | null
}

const ATTEMPT = `a.id, e.event_id, t.name, e.domain_entity_id, a.failed, a.error_code, a.status_code, a.started_at,
  a.duration_us, a.number, a.manual`
const ATTEMPT_JOINS = 'JOIN events AS e ON e.seq = a.seq JOIN event_types AS t ON t.id = e.type_id'

/** Above this many events of one domain entity the time index is walked instead. */
const ENTITY_EVENTS_MAX = 5000

const FIRST_PAGE: readonly [number, number] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]

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

  /**
   * Attempts newest first. The outcome is the index's second column, so both outcomes are read as two ordered streams that
   * SQLite merges; a domain entity has few events, so its attempts are found through them.
   */
  function listAttempts(integration: number, filter: AttemptFilter, page: PageInput): AttemptRow[] {
    const [at, id] = page.after ? positionOf(page.after) : FIRST_PAGE
    const from = filter.from ?? 0
    // One upper bound: of two, SQLite would take the first to enter the index, and walk a deep page from the newest row on.
    const to = Math.min(filter.to ?? Number.MAX_SAFE_INTEGER, at + 1)
    if (filter.domainEntityId !== undefined && filter.domainEntityId !== '') {
      const seqs = sql('SELECT seq FROM events WHERE domain_entity_id = ? LIMIT ?')
        .pluck()
        .all(filter.domainEntityId, ENTITY_EVENTS_MAX + 1) as number[]
      const outcome = filter.outcome === undefined ? null : filter.outcome === 'failure' ? 1 : 0
      const source =
        seqs.length > ENTITY_EVENTS_MAX
          ? 'e.domain_entity_id = ?'
          : 'a.seq IN (SELECT seq FROM events WHERE domain_entity_id = ?)'
      return sql(
        `SELECT ${ATTEMPT} FROM attempts AS a ${ATTEMPT_JOINS}
         WHERE a.integration = ? AND ${source} AND (? IS NULL OR a.failed = ?) AND a.started_at >= ? AND a.started_at < ?
           AND (a.started_at, a.id) < (?, ?)
         ORDER BY a.started_at DESC, a.id DESC LIMIT ?`,
      ).all(integration, filter.domainEntityId, outcome, outcome, from, to, at, id, page.limit + 1) as AttemptRow[]
    }
    const arm = `SELECT id, started_at FROM attempts WHERE integration = ? AND failed = ? AND started_at >= ? AND started_at < ?
      AND (started_at, id) < (?, ?)`
    const outcomes = filter.outcome === undefined ? [0, 1] : [filter.outcome === 'failure' ? 1 : 0]
    const arms = outcomes.map(() => arm).join(' UNION ALL ')
    return sql(
      `SELECT ${ATTEMPT} FROM (${arms} ORDER BY started_at DESC, id DESC LIMIT ?) AS p
       CROSS JOIN attempts AS a ON a.id = p.id ${ATTEMPT_JOINS} ORDER BY a.started_at DESC, a.id DESC`,
    ).all(...outcomes.flatMap((f) => [integration, f, from, to, at, id]), page.limit + 1) as AttemptRow[]
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

    'integrations.logs': ({ id, ...page }) => {
      const rows = sql(
        `SELECT id, action, reason, created_at FROM log_entries WHERE integration = ? AND (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(noOf(id), ...(page.after ? positionOf(page.after) : FIRST_PAGE), page.limit + 1) as {
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

    'integrations.rejected': ({ id, ...page }) => {
      const rows = sql(
        `SELECT r.seq, r.attempt, r.rejected_at, r.reason, e.event_id, t.name, e.domain_entity_id, a.status_code, a.error_code, f.response_body
         FROM rejected_events AS r JOIN events AS e ON e.seq = r.seq JOIN event_types AS t ON t.id = e.type_id
           JOIN attempts AS a ON a.id = r.attempt LEFT JOIN attempt_details AS f ON f.attempt = r.attempt
         WHERE r.integration = ? AND (r.rejected_at, r.seq) < (?, ?)
         ORDER BY r.rejected_at DESC, r.seq DESC LIMIT ?`,
      ).all(noOf(id), ...(page.after ? positionOf(page.after) : FIRST_PAGE), page.limit + 1) as {
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
      const rows = listAttempts(noOf(id), filter, page)
      return toPage(rows, page.limit, toAttempt, (r) => `${r.started_at}.${r.id}`)
    },

    'attempts.get': ({ id, attemptId }) => {
      const no = noOf(id)
      const row = sql(
        `SELECT ${ATTEMPT}, a.seq, a.first_byte_us, a.reused, e.published_at, e.accepted_at, e.body, f.detail, f.response_body,
           f.response_headers, f.dns_us, f.connect_us, f.tls_us, w.due_at
         FROM attempts AS a ${ATTEMPT_JOINS} LEFT JOIN attempt_details AS f ON f.attempt = a.id
           LEFT JOIN waiting AS w ON w.integration = a.integration AND w.seq = a.seq
         WHERE a.id = ? AND a.integration = ?`,
      ).get(attemptId, no) as
        | (AttemptRow & {
            seq: number
            published_at: number
            accepted_at: number
            body: Buffer
            first_byte_us: number | null
            reused: number | null
            detail: string | null
            response_body: string | null
            response_headers: string | null
            dns_us: number | null
            connect_us: number | null
            tls_us: number | null
            due_at: number | null
          })
        | undefined
      if (!row)
        throw new AppError('attempt_not_found', undefined, {
          field: 'attemptId',
        })
      const history = sql(
        `SELECT ${ATTEMPT} FROM attempts AS a ${ATTEMPT_JOINS} WHERE a.integration = ? AND a.seq = ? ORDER BY a.started_at, a.id`,
      ).all(no, row.seq) as AttemptRow[]
      const detail: AttemptDetail = {
        ...toAttempt(row),
        integrationId: id,
        responseBody: row.response_body,
        responseHeaders: row.response_headers === null ? null : JSON.parse(row.response_headers),
        phases: {
          dnsMs: toMs(row.dns_us),
          connectMs: toMs(row.connect_us),
          tlsMs: toMs(row.tls_us),
          firstByteMs: toMs(row.first_byte_us),
          reused: row.reused === null ? null : row.reused === 1,
        },
        object: null,
        errorDetail: row.detail,
        nextTryAt: row.due_at,
        publishedAt: row.published_at,
        acceptedAt: row.accepted_at,
        body: row.body.toString('utf8'),
        history: history.map(toAttempt),
      }
      return detail
    },

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
      const rows = listAlerts(db, after ? positionOf(after)[1] : Number.MAX_SAFE_INTEGER, limit + 1)
      return toPage(
        rows,
        limit,
        (r) => r,
        (r) => `0.${r.id}`,
      )
    },

    'audit.list': ({ after, limit }) => {
      const rows = listAudit(db, after ? positionOf(after)[1] : Number.MAX_SAFE_INTEGER, limit + 1)
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

function positionOf(cursor: string): [number, number] {
  const [at, id] = cursor.split('.')
  return [Number(at), Number(id)]
}

function toPage<R, T>(rows: readonly R[], limit: number, map: (row: R) => T, cursorOf: (row: R) => string): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    rows: shown.map(map),
    next: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  }
}

/** Microseconds as milliseconds with one decimal. */
function toMs(us: number | null): number | null {
  return us === null ? null : Math.round(us / 100) / 10
}

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    eventId: formatUuid(row.event_id),
    eventName: row.name,
    domainEntityId: row.domain_entity_id,
    outcome: row.failed === 1 ? 'failure' : 'success',
    errorCode: row.error_code,
    statusCode: row.status_code,
    attemptedAt: row.started_at,
    durationMs: toMs(row.duration_us)!,
    number: row.number,
    manual: row.manual === 1,
  }
}
