import type { AttemptErrorCode } from '../../shared/attempt-errors'
import type { AttemptFilter, AttemptPage, Page } from '../../shared/contract'
import type { Attempt, AttemptDetail } from '../../shared/domain'
import { AppError } from '../../shared/errors'
import { placeOf, SELECTED, selectedParams, toContent } from './batches'
import type { Statement } from './database'
import { type PageInput, positionOf, toPage } from './paging'
import { formatUuid } from './uuid'

/** A row of `ATTEMPT`. */
export interface AttemptRow {
  readonly id: number
  readonly seq: number
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

interface DetailRow extends AttemptRow {
  readonly published_at: number
  readonly accepted_at: number
  readonly body: Buffer
  readonly first_byte_us: number | null
  readonly reused: number | null
  readonly batch: number | null
  readonly detail: string | null
  readonly response_body: string | null
  readonly response_headers: string | null
  readonly dns_us: number | null
  readonly connect_us: number | null
  readonly tls_us: number | null
}

interface BatchAttemptRow {
  readonly id: number
  readonly started_at: number
  readonly batch: number
}

/** Columns of a row of View Events, of `attempts AS a`, `events AS e` and `event_types AS t`. */
export const ATTEMPT = `a.id, e.seq, e.event_id, t.name, e.domain_entity_id, a.failed, a.error_code, a.status_code, a.started_at,
  a.duration_us, a.number, a.manual`
const ATTEMPT_JOINS = 'JOIN events AS e ON e.seq = a.seq JOIN event_types AS t ON t.id = e.type_id'

const DETAIL = `${ATTEMPT}, a.first_byte_us, a.reused, a.batch, e.published_at, e.accepted_at, e.body, f.detail, f.response_body,
  f.response_headers, f.dns_us, f.connect_us, f.tls_us`

/** Above this many events of one domain entity the time index is walked instead. */
const ENTITY_EVENTS_MAX = 5000

/** Prepares a statement once. */
export type Sql = (text: string) => Statement

/** With a filter that no index serves, one call looks at this many rows at most, in steps. */
const SEARCHED_MAX = 10_000
const SEARCH_STEP = 2_000

/**
 * Attempts newest first: for a webhook one row each, for S3 one for each event of each batch that was tried. Filters on the type
 * and free text are checked row by row, so a page is cut short after `SEARCHED_MAX` of them, and says how far it got.
 */
export function listAttempts(
  sql: Sql,
  no: number,
  kind: 'webhook' | 's3',
  filter: AttemptFilter,
  page: PageInput,
): AttemptPage {
  const list = kind === 's3' ? listBatchAttempts : listWebhookAttempts
  const { eventName, text, ...indexed } = filter
  if (eventName === undefined && text === undefined) return { ...list(sql, no, indexed, page), searchedTo: null }
  const matches = matcherOf(eventName, text)
  const cursorOf = (a: Attempt) => `${a.attemptedAt}.${a.id}${kind === 's3' ? `.${a.seq}` : ''}`
  const rows: Attempt[] = []
  let after = page.after
  for (let searched = 0; searched < SEARCHED_MAX; searched += SEARCH_STEP) {
    const step = list(sql, no, indexed, { after, limit: SEARCH_STEP })
    for (const row of step.rows) {
      if (!matches(row)) continue
      if (rows.length === page.limit) return { rows, next: cursorOf(rows.at(-1)!), searchedTo: null }
      rows.push(row)
    }
    if (step.next === null) return { rows, next: null, searchedTo: null }
    after = step.next
  }
  return { rows, next: after ?? null, searchedTo: positionOf(after)[0] }
}

function matcherOf(eventName: string | undefined, text: string | undefined): (attempt: Attempt) => boolean {
  const wanted = text?.toLowerCase()
  return (a) =>
    (eventName === undefined || a.eventName === eventName) &&
    (wanted === undefined ||
      a.eventId.includes(wanted) ||
      a.eventName.toLowerCase().includes(wanted) ||
      (a.domainEntityId?.toLowerCase().includes(wanted) ?? false))
}

/** Attempts of webhook integrations: one row for each. */
function listWebhookAttempts(sql: Sql, no: number, filter: AttemptFilter, page: PageInput): Page<Attempt> {
  const rows = webhookRows(sql, no, filter, page)
  return toPage(rows, page.limit, toAttempt, (r) => `${r.started_at}.${r.id}`)
}

/**
 * Attempts newest first. The outcome is the index's second column, so both outcomes are read as two ordered streams that
 * SQLite merges; a domain entity has few events, so its attempts are found through them.
 */
function webhookRows(sql: Sql, no: number, filter: AttemptFilter, page: PageInput): AttemptRow[] {
  const [at, id] = positionOf(page.after)
  const from = filter.from ?? 0
  // One upper bound: of two, SQLite would take the first to enter the index, and walk a deep page from the newest row on.
  const to = Math.min(filter.to ?? Number.MAX_SAFE_INTEGER, at + 1)
  if (filter.domainEntityId !== undefined && filter.domainEntityId !== '') {
    const seqs = entitySeqs(sql, filter.domainEntityId)
    const outcome = outcomeOf(filter)
    const source =
      seqs.length > ENTITY_EVENTS_MAX
        ? 'e.domain_entity_id = ?'
        : 'a.seq IN (SELECT seq FROM events WHERE domain_entity_id = ?)'
    return sql(
      `SELECT ${ATTEMPT} FROM attempts AS a ${ATTEMPT_JOINS}
       WHERE a.integration = ? AND ${source} AND (? IS NULL OR a.failed = ?) AND a.started_at >= ? AND a.started_at < ?
         AND (a.started_at, a.id) < (?, ?)
       ORDER BY a.started_at DESC, a.id DESC LIMIT ?`,
    ).all(no, filter.domainEntityId, outcome, outcome, from, to, at, id, page.limit + 1) as AttemptRow[]
  }
  const { arms, params } = timeArms(no, filter, from, to, at, id, 'id, started_at')
  return sql(
    `SELECT ${ATTEMPT} FROM (${arms} ORDER BY started_at DESC, id DESC LIMIT ?) AS p
     CROSS JOIN attempts AS a ON a.id = p.id ${ATTEMPT_JOINS} ORDER BY a.started_at DESC, a.id DESC`,
  ).all(...params, page.limit + 1) as AttemptRow[]
}

function timeArms(
  no: number,
  filter: AttemptFilter,
  from: number,
  to: number,
  at: number,
  id: number,
  columns: string,
) {
  const arm = `SELECT ${columns} FROM attempts WHERE integration = ? AND failed = ? AND started_at >= ? AND started_at < ?
    AND (started_at, id) < (?, ?)`
  const outcome = outcomeOf(filter)
  const outcomes = outcome === null ? [0, 1] : [outcome]
  return {
    arms: outcomes.map(() => arm).join(' UNION ALL '),
    params: outcomes.flatMap((failed) => [no, failed, from, to, at, id]),
  }
}

function outcomeOf({ outcome }: AttemptFilter): 0 | 1 | null {
  return outcome === undefined ? null : outcome === 'failure' ? 1 : 0
}

function entitySeqs(sql: Sql, domainEntityId: string): number[] {
  return sql('SELECT seq FROM events WHERE domain_entity_id = ? LIMIT ?')
    .pluck()
    .all(domainEntityId, ENTITY_EVENTS_MAX + 1) as number[]
}

/** Attempts of S3 integrations: one row for each event of each batch that was tried. */
function listBatchAttempts(sql: Sql, no: number, filter: AttemptFilter, page: PageInput): Page<Attempt> {
  const [at, id, beforeSeq] = positionOf(page.after)
  const wanted = page.limit + 1
  const rows: AttemptRow[] = []
  // The rows of the attempt at which the last page ended come first, then those of older attempts.
  let position = { at, id: beforeSeq === Number.MAX_SAFE_INTEGER ? id : id + 1 }
  const entity = filter.domainEntityId || null
  while (rows.length < wanted) {
    const attempt = nextBatchAttempt(sql, no, filter, position)
    if (!attempt) break
    const before = attempt.id === id && attempt.started_at === at ? beforeSeq : Number.MAX_SAFE_INTEGER
    rows.push(...eventsOfAttempt(sql, attempt, before, entity, wanted - rows.length))
    position = { at: attempt.started_at, id: attempt.id }
  }
  return toPage(rows, page.limit, toAttempt, (r) => `${r.started_at}.${r.id}.${r.seq}`)
}

function nextBatchAttempt(
  sql: Sql,
  no: number,
  filter: AttemptFilter,
  position: { readonly at: number; readonly id: number },
): BatchAttemptRow | undefined {
  const from = filter.from ?? 0
  const to = Math.min(filter.to ?? Number.MAX_SAFE_INTEGER, position.at + 1)
  if (filter.domainEntityId) {
    const outcome = outcomeOf(filter)
    return sql(
      `SELECT a.id, a.started_at, a.batch FROM attempts AS a
       WHERE a.batch IN (
           SELECT b.id FROM events AS e JOIN batches AS b ON b.last_seq = (
               SELECT min(last_seq) FROM batches WHERE integration = ? AND last_seq >= e.seq) AND b.after_seq < e.seq
           WHERE e.domain_entity_id = ? AND b.integration = ?)
         AND (? IS NULL OR a.failed = ?) AND a.started_at >= ? AND a.started_at < ? AND (a.started_at, a.id) < (?, ?)
       ORDER BY a.started_at DESC, a.id DESC LIMIT 1`,
    ).get(no, filter.domainEntityId, no, outcome, outcome, from, to, position.at, position.id) as
      | BatchAttemptRow
      | undefined
  }
  const { arms, params } = timeArms(no, filter, from, to, position.at, position.id, 'id, started_at, batch')
  return sql(`SELECT id, started_at, batch FROM (${arms}) ORDER BY started_at DESC, id DESC LIMIT 1`).get(...params) as
    | BatchAttemptRow
    | undefined
}

function eventsOfAttempt(
  sql: Sql,
  attempt: BatchAttemptRow,
  beforeSeq: number,
  domainEntityId: string | null,
  limit: number,
): AttemptRow[] {
  const batch = sql('SELECT * FROM batches WHERE id = ?').get(attempt.batch) as
    | Parameters<typeof toContent>[0]
    | undefined
  if (!batch) return []
  const { afterSeq, lastSeq, selection, startsAt, endsAt } = toContent(batch)
  const types = sql(`SELECT t.id FROM event_types AS t WHERE ${SELECTED}`)
    .pluck()
    .all(...selectedParams(selection)) as number[]
  // Places in the log first, by the index alone: bodies are read for the rows of the page only.
  return sql(
    `SELECT ${ATTEMPT} FROM (
       SELECT seq FROM events WHERE type_id IN (SELECT value FROM json_each(?)) AND seq > ? AND seq <= ? AND seq < ?
         AND published_at >= ? AND published_at < ? AND (? IS NULL OR domain_entity_id = ?) ORDER BY seq DESC LIMIT ?) AS s
       CROSS JOIN events AS e ON e.seq = s.seq JOIN event_types AS t ON t.id = e.type_id JOIN attempts AS a ON a.id = ?
     ORDER BY e.seq DESC`,
  ).all(
    JSON.stringify(types),
    afterSeq,
    lastSeq,
    beforeSeq,
    startsAt ?? 0,
    endsAt ?? Number.MAX_SAFE_INTEGER,
    domainEntityId,
    domainEntityId,
    limit,
    attempt.id,
  ) as AttemptRow[]
}

/**
 * One attempt in full.
 *
 * @param seq for an S3 batch the place in the log of the event that is looked at; without it its newest one
 * @throws AppError `attempt_not_found`
 */
export function getAttempt(
  sql: Sql,
  no: number,
  id: string,
  attemptId: number,
  seq: number | undefined,
): AttemptDetail {
  const row = sql(
    `SELECT ${DETAIL} FROM attempts AS a JOIN events AS e ON e.seq = iif(a.batch IS NULL, a.seq, coalesce(?, a.seq))
       JOIN event_types AS t ON t.id = e.type_id LEFT JOIN attempt_details AS f ON f.attempt = a.id
     WHERE a.id = ? AND a.integration = ?`,
  ).get(seq ?? null, attemptId, no) as DetailRow | undefined
  if (!row) throw new AppError('attempt_not_found', undefined, { field: 'attemptId' })
  const history =
    row.batch === null
      ? sql(
          `SELECT ${ATTEMPT} FROM attempts AS a ${ATTEMPT_JOINS} WHERE a.integration = ? AND a.seq = ? ORDER BY a.started_at, a.id`,
        ).all(no, row.seq)
      : sql(
          `SELECT ${ATTEMPT} FROM attempts AS a JOIN events AS e ON e.seq = ? JOIN event_types AS t ON t.id = e.type_id
           WHERE a.batch = ? ORDER BY a.started_at, a.id`,
        ).all(row.seq, row.batch)
  const next =
    row.batch === null
      ? sql('SELECT due_at FROM waiting WHERE integration = ? AND seq = ?').pluck().get(no, row.seq)
      : sql("SELECT due_at FROM batches WHERE id = ? AND state = 'sealed'").pluck().get(row.batch)
  return {
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
    object: row.batch === null ? null : placeOf(sql, row.batch, row.seq),
    errorDetail: row.detail,
    nextTryAt: (next as number | undefined) ?? null,
    publishedAt: row.published_at,
    acceptedAt: row.accepted_at,
    body: row.body.toString('utf8'),
    history: (history as AttemptRow[]).map(toAttempt),
  }
}

/** Microseconds as milliseconds with one decimal. */
function toMs(us: number | null): number | null {
  return us === null ? null : Math.round(us / 100) / 10
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    seq: row.seq,
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
