import { createQueries } from '../../main/store/queries'
import { DELETED, type Fate, type ModelEvent, type ModelIntegration, type ModelStatus } from './model'
import { Broken, type Rig } from './rig'

export interface Circumstances {
  /** Events that were accepted before this may have been given up, since the retention has just run. */
  readonly expiredBefore?: number
}

interface Row {
  readonly no: number
  readonly status: 'running' | 'stopped'
  readonly stop_cause: 'operator' | 'failure' | 'ended' | null
  readonly restart_pending: number
  readonly cursor: number
  readonly delivered: number
  readonly rejected: number
  readonly rejected_deleted: number
  readonly passed_over: number
  readonly expired: number
}

interface Evidence {
  readonly row: Row
  /** Events with a successful attempt on record. */
  readonly succeeded: ReadonlySet<number>
  readonly attempted: ReadonlySet<number>
  /** Events of which an attempt was asked for by an operator, who may ask for what the stream passed by. */
  readonly asked: ReadonlySet<number>
  readonly rejected: ReadonlySet<number>
  readonly waiting: ReadonlySet<number>
}

/** Fates that a fate may turn into, itself always included. */
const NEXT: Readonly<Record<Fate, readonly Fate[]>> = {
  open: ['waiting', 'delivered', 'rejected', 'expired'],
  waiting: ['delivered', 'rejected', 'expired'],
  rejected: ['delivered'],
  delivered: [],
  expired: [],
}

/**
 * Promise 2 by brute force: holds the tables of the store against the model, event by event and counter by counter, and takes over
 * what has become of each event. True of every committed state, whatever is under way.
 *
 * @throws Broken with what does not hold
 */
export async function checkStore(rig: Rig, circumstances: Circumstances = {}): Promise<void> {
  rig.complain()
  const { model } = rig
  const removed = checkLog(rig, circumstances)
  for (const integration of model.integrations.values()) {
    const evidence = gather(rig, integration)
    observe(rig, integration, evidence, circumstances)
    for (const seq of removed) {
      const fate = integration.fates.get(seq)
      if (fate === 'open' || fate === 'waiting')
        broken(integration, `event ${seq} was removed from the log while it was ${fate}`)
    }
    checkStatus(rig, integration, evidence.row)
    checkCounters(integration, evidence.row)
    await checkSummary(rig, integration)
  }
}

/** Takes over what became of the events of one integration, before its selection changes. */
export function observeNow(rig: Rig, integration: ModelIntegration): number {
  const evidence = gather(rig, integration)
  observe(rig, integration, evidence, {})
  return evidence.row.cursor
}

/**
 * What must hold besides when nothing is under way: every answer of the receiver has had its effect.
 *
 * @throws Broken with what does not hold
 */
export function checkAnswers(rig: Rig): void {
  for (const { integration, event, lost, status, state, asked } of rig.sent) {
    if (asked || lost || state !== 'answered' || integration.silentSince === DELETED) continue
    const fate = integration.fates.get(event.seq)
    const { seq } = event
    if (status >= 200 && status < 300 && fate !== 'delivered' && !integration.tombstones.has(seq)) {
      broken(integration, `the receiver has accepted event ${seq}, but it is ${fate}`)
    }
    if (status === 400 && fate !== 'rejected' && fate !== 'delivered') {
      broken(integration, `the receiver has rejected event ${seq}, but it is ${fate}`)
    }
    if (fate === 'open') broken(integration, `event ${seq} was tried without success, but it does not wait`)
  }
}

/** True when the receiver has ever given such an answer. */
function answeredWith(rig: Rig, integration: ModelIntegration, seq: number | null, fits: (status: number) => boolean) {
  return rig.sent.some(
    (s) =>
      s.integration === integration &&
      (seq === null || s.event.seq === seq) &&
      s.state === 'answered' &&
      fits(s.status),
  )
}

/** The log holds what was accepted, byte for byte. @returns what the retention has just removed */
function checkLog(rig: Rig, { expiredBefore }: Circumstances): number[] {
  const { model, reader } = rig
  const rows = reader
    .prepare(
      `SELECT e.seq, lower(hex(e.event_id)) AS eventId, t.tenant, t.name, e.published_at AS publishedAt, e.accepted_at AS acceptedAt,
         CAST(e.body AS TEXT) AS body FROM events AS e JOIN event_types AS t ON t.id = e.type_id`,
    )
    .all() as { seq: number; body: string }[]
  const bySeq = new Map(rows.map((row) => [row.seq, row]))
  const removed: number[] = []
  for (const event of model.present()) {
    const row = bySeq.get(event.seq)
    bySeq.delete(event.seq)
    if (row) {
      const { removed: _, ...kept } = event
      if (JSON.stringify(row, Object.keys(kept).sort()) !== JSON.stringify(kept, Object.keys(kept).sort())) {
        throw new Broken(`event ${event.seq} is not what was accepted: ${JSON.stringify(row)}`)
      }
    } else if (isOld(rig, event, expiredBefore)) {
      event.removed = true
      removed.push(event.seq)
    } else throw new Broken(`event ${event.seq}, which was accepted, is gone`)
  }
  const extra = [...bySeq.keys()]
  if (extra.length > 0) throw new Broken(`the log holds events ${extra.join(', ')}, which were not accepted`)
  const totals = reader.prepare('SELECT tenant, name, events FROM event_types WHERE events > 0 ORDER BY 1, 2').all()
  const counted = new Map<string, { tenant: string; name: string; events: number }>()
  for (const { tenant, name } of model.events) {
    const total = counted.get(`${tenant} ${name}`) ?? { tenant, name, events: 0 }
    total.events++
    counted.set(`${tenant} ${name}`, total)
  }
  const expected = [...counted.values()].sort((a, b) => (a.tenant + a.name < b.tenant + b.name ? -1 : 1))
  if (JSON.stringify(totals) !== JSON.stringify(expected)) {
    throw new Broken(`the counts of the event types are ${JSON.stringify(totals)}, not ${JSON.stringify(expected)}`)
  }
  return removed
}

/** What the tables say of one integration's events; the evidence of a webhook is its attempts. */
function gather({ reader }: Rig, { no }: ModelIntegration): Evidence {
  const seqs = (sql: string) => new Set(reader.prepare(sql).pluck().all(no) as number[])
  const twice = reader
    .prepare(
      'SELECT seq FROM attempts WHERE integration = ? AND failed = 0 AND manual IS NULL GROUP BY seq HAVING count(*) > 1',
    )
    .pluck()
    .get(no)
  if (twice !== undefined) throw new Broken(`event ${twice} was delivered twice on record`)
  return {
    row: reader.prepare('SELECT * FROM integrations WHERE no = ?').get(no) as Row,
    succeeded: seqs('SELECT seq FROM attempts WHERE integration = ? AND failed = 0'),
    attempted: seqs('SELECT seq FROM attempts WHERE integration = ?'),
    asked: seqs('SELECT seq FROM attempts WHERE integration = ? AND manual = 1'),
    rejected: seqs('SELECT seq FROM rejected_events WHERE integration = ?'),
    waiting: seqs('SELECT seq FROM waiting WHERE integration = ?'),
  }
}

function observe(rig: Rig, integration: ModelIntegration, evidence: Evidence, circumstances: Circumstances): void {
  const { fates } = integration
  for (const kind of ['attempted', 'rejected', 'waiting'] as const) {
    for (const seq of evidence[kind]) {
      if (!fates.has(seq) && !(kind === 'attempted' && evidence.asked.has(seq)))
        broken(integration, `event ${seq} does not match, but it is ${kind}`)
    }
  }
  for (const [seq, before] of fates) {
    const after = fateOf(rig, integration, seq, before, evidence, circumstances)
    if (after === before) continue
    if (!NEXT[before].includes(after)) broken(integration, `event ${seq} was ${before} and is ${after}`)
    if (after === 'delivered' && !answeredWith(rig, integration, seq, (status) => status >= 200 && status < 300)) {
      broken(integration, `event ${seq} is recorded as delivered, but the receiver has not accepted it`)
    }
    if (after === 'rejected') checkReason(rig, integration, seq)
    if (after === 'expired') rig.saw('expired')
    if (before === 'rejected') rig.saw('re-sent')
    fates.set(seq, after)
  }
  const { cursor } = evidence.row
  if (cursor < integration.cursor) broken(integration, `the cursor went back from ${integration.cursor} to ${cursor}`)
  if (cursor > rig.model.head) broken(integration, `the cursor is ${cursor}, beyond the end of the log`)
  integration.cursor = cursor
}

/** Exactly one of the fates, from the rows alone where they are left. */
function fateOf(
  rig: Rig,
  integration: ModelIntegration,
  seq: number,
  before: Fate,
  { row, succeeded, asked, rejected, waiting }: Evidence,
  { expiredBefore }: Circumstances,
): Fate {
  const tombstone = integration.tombstones.has(seq)
  const claims: Fate[] = []
  if (rejected.has(seq) || tombstone) claims.push('rejected')
  // Rows of attempts go with time; what was delivered once stays delivered. A re-send may deliver an event whose row was deleted meanwhile.
  // What expired and was asked for afterwards stays expired, as the counters have it.
  const accepted = succeeded.has(seq) && !tombstone && !(before === 'expired' && asked.has(seq))
  if (accepted || before === 'delivered') claims.push('delivered')
  if (before === 'expired') claims.push('expired')
  if (waiting.has(seq)) claims.push('waiting')
  if (claims.length > 1) broken(integration, `event ${seq} is ${claims.join(' and ')}`)
  if (claims.length === 1) return claims[0]!
  if (seq > row.cursor) return 'open'
  const event = rig.model.event(seq)!
  const mayExpire = row.status === 'stopped' && isOld(rig, event, expiredBefore)
  if (mayExpire && (before === 'open' || before === 'waiting')) return 'expired'
  return broken(integration, `event ${seq} was ${before} and is lost: the cursor has passed it at ${row.cursor}`)
}

function checkReason(rig: Rig, integration: ModelIntegration, seq: number): void {
  const reason = rig.reader
    .prepare('SELECT reason FROM rejected_events WHERE integration = ? AND seq = ?')
    .pluck()
    .get(integration.no, seq)
  const by400 = answeredWith(rig, integration, seq, (status) => status === 400)
  if (reason === 'delivery_window_exceeded') {
    if (!answeredWith(rig, integration, seq, (status) => status === 0 || status >= 300)) {
      broken(integration, `event ${seq} is rejected for its window, but it never failed`)
    }
  } else if (!by400) broken(integration, `event ${seq} is rejected, but the receiver has not rejected it`)
}

function statusOf({ stop_cause, restart_pending }: Row): ModelStatus {
  switch (stop_cause) {
    case null:
      return 'running'
    case 'operator':
      return 'paused'
    case 'ended':
      return 'ended'
    case 'failure':
      return restart_pending === 1 ? 'restarts' : 'failed'
  }
}

/** What the engine may do by itself: stop what fails or has ended, and start what was to start again. */
function checkStatus(rig: Rig, integration: ModelIntegration, row: Row): void {
  const is = statusOf(row)
  const was = integration.status
  if (is === was) return
  const { endsAt } = integration
  const allowed =
    (was === 'running' || was === 'restarts'
      ? (is === 'failed' || is === 'restarts') &&
        answeredWith(rig, integration, null, (status) => status === 0 || (status >= 300 && status !== 400))
      : false) ||
    (was === 'restarts' && is === 'running' && answeredWith(rig, integration, null, (s) => s === 200 || s === 400)) ||
    ((was === 'running' || was === 'restarts') &&
      is === 'ended' &&
      endsAt !== null &&
      rig.latest >= endsAt &&
      integration.settled)
  if (!allowed) broken(integration, `it was ${was} and is ${is} by itself`)
  if (is === 'failed' || is === 'restarts') rig.saw('stopped by failure')
  if (is === 'running') rig.saw('started by itself')
  if (is === 'ended') rig.saw('ended')
  integration.status = is
}

function checkCounters(integration: ModelIntegration, row: Row): void {
  let passedOver = 0
  for (const seq of integration.outside) if (seq <= row.cursor) passedOver++
  const expected = {
    delivered: integration.count('delivered'),
    rejected: integration.count('rejected'),
    rejected_deleted: integration.tombstones.size,
    passed_over: passedOver,
    expired: integration.count('expired'),
  }
  for (const [name, count] of Object.entries(expected)) {
    const actual = row[name as keyof typeof expected]
    if (actual !== count) broken(integration, `${name} is ${actual}, but ${count} events are`)
  }
}

async function checkSummary(rig: Rig, integration: ModelIntegration): Promise<void> {
  const summary = await createQueries(rig.reader)['integrations.get']({ id: integration.id })
  // Events outside the dates count in the backlog until the cursor has passed them: it is a subtraction, not a scan.
  let ahead = 0
  for (const seq of integration.outside) if (seq > integration.cursor) ahead++
  const expected = {
    delivered: integration.count('delivered'),
    rejected: integration.count('rejected'),
    rejectedDeleted: integration.tombstones.size,
    expired: integration.count('expired'),
    waiting: integration.count('waiting'),
    backlog: integration.count('open', 'waiting') + ahead,
  }
  for (const [name, count] of Object.entries(expected)) {
    const actual = summary[name as keyof typeof expected]
    if (actual !== count) broken(integration, `the summary says ${name} ${actual}, but ${count} events are`)
  }
}

function broken({ id }: ModelIntegration, what: string): never {
  throw new Broken(`${id}: ${what}`)
}

/** Too old by its own time or, where that cannot be since the clock was ahead, because an old one follows it. */
function isOld(rig: Rig, event: ModelEvent, before: number | undefined): boolean {
  if (before === undefined) return false
  const ahead = event.acceptedAt > rig.clock.now()
  return (
    event.acceptedAt < before || (ahead && rig.model.events.some((e) => e.seq > event.seq && e.acceptedAt < before))
  )
}
