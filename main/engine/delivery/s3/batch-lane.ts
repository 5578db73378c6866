import type { DeliveryOptions, EpochMs, Integration } from '../../../../shared/domain'
import { selects } from '../../../../shared/event-catalog'
import type { Batch, BatchContent, BatchObject, BatchStore } from '../../../store/batches'
import type { AttemptFindings, BatchAttempt, LaneCommit, ResendProgress } from '../../../store/delivery'
import type { LoggedEvent, MeasuredEvent } from '../../../store/event-log'
import type { Timer } from '../../clock'
import { retryDelay } from '../backoff'
import type { Lane, LanePorts } from '../lane'
import { TargetHealth } from '../target-health'
import { objectKey } from './object-key'
import type { UploadOutcome } from './s3-target'
import type { Spool, SpoolWriter } from './spool'

/** Stores one object; never throws. */
export type Upload = (
  key: string,
  bytes: number,
  open: () => AsyncIterable<Buffer>,
  options: { readonly contentEncoding?: 'gzip'; readonly signal: AbortSignal },
) => Promise<UploadOutcome>

export interface BatchLaneOptions {
  /** Number of the integration in the store. */
  readonly no: number
  readonly cursor: number
  readonly integration: Pick<Integration, 'selection' | 'startsAt' | 'endsAt' | 'createdAt'>
  readonly keyPrefix: string
  readonly options: DeliveryOptions
  readonly possibleMs: number
  readonly outage: string | null
  readonly upload: Upload
  /** Removes what an upload that a crash interrupted left at the server. Never throws. */
  readonly clearOrphans: (keys: readonly string[]) => Promise<unknown>
}

export interface BatchLanePorts extends LanePorts<BatchAttempt> {
  readonly batches: BatchStore
  readonly spool: Spool
  /** Letters and digits that tell two objects of one millisecond apart. */
  readonly randomName: () => string
  /** The store or the spool refused; the lane tries again. */
  readonly onError: (error: unknown) => void
  /** Settles when the spool is swept; nothing begins before. */
  readonly ready: Promise<unknown>
}

/** What belongs to one tenant in the batch that is being filled. */
interface TenantFill {
  events: number
  /** Uncompressed, with line breaks. */
  bytes: number
  writer: SpoolWriter | null
  spool: string | null
}

/** What was found since the last batch. */
interface Fill {
  /** Everything up to here was looked at. */
  readPos: number
  events: number
  passedOver: number
  readonly tenants: Map<string, TenantFill>
  /** No more fits. */
  full: boolean
}

/** Events that are measured at a time. */
const MEASURE_EVENTS = 4096
const READ_EVENTS = 512
const READ_BYTES = 1024 * 1024

/** Lines are handed to the upload in chunks of about this size. */
const CHUNK_BYTES = 256 * 1024
const CHUNK_EVENTS = 128

/** A compressed batch is filled when so much has come together, not at every event. */
const SPOOL_BYTES = 1024 * 1024

/** A cursor that only passes other events is stored in steps of this many. */
const CURSOR_STEP = 4096

/** An integration that was stopped by failure tries its target this often. */
const RESTART_PROBE_MS = 60_000
/** Longest wait that a stored due time may mean; more comes from a clock that was set back. */
const LONGEST_WAIT_MS = 15 * 60_000
const MINUTE_MS = 60_000
const AFTER_ERROR_MS = 1000

/**
 * The delivery of one S3 integration: gathers events into batches, writes down what each batch holds, then uploads its objects
 * until they are stored. One batch is under way at a time, so the log is covered without gaps or overlaps: the cursor is the end
 * of the last stored batch.
 *
 * A batch closes at the size of the options, or at their time after the batch before it, whichever comes first. The size is that
 * of an object, of which a batch has one for each tenant among its events.
 */
export class BatchLane implements Lane {
  readonly no: number
  readonly #options: BatchLaneOptions
  readonly #ports: BatchLanePorts
  readonly #health: TargetHealth
  #mode: 'stopped' | 'running' | 'probing' = 'stopped'
  #abandoned = false
  /** End of the last stored batch, or of the stretch after it that holds nothing for this integration. */
  #cursor: number
  #storedCursor: number
  /** Events outside the dates that `#cursor` has passed and the store does not know yet. */
  #passedOver = 0
  #fill: Fill
  #sealed: Batch | null
  /** The sealed batch is from an earlier run, which may have been killed in the middle of its upload. */
  #inherited: boolean
  #lastBatchAt: EpochMs
  #pausedUntil: EpochMs = 0
  #lastProbeAt: EpochMs = 0
  #lastNow: EpochMs
  #finished: BatchAttempt[] = []
  #commits: (() => void)[] = []
  #working = false
  #wake: (() => void) | null = null
  #timer: Timer | null = null
  readonly #abort = new AbortController()
  /** Re-sends to work on, with the batches that are left of each once they are known. */
  readonly #jobs = new Map<number, number[] | null>()
  #progress: ResendProgress[] = []
  #idle: (() => void)[] = []

  constructor(options: BatchLaneOptions, ports: BatchLanePorts) {
    this.no = options.no
    this.#options = options
    this.#ports = ports
    this.#cursor = options.cursor
    this.#storedCursor = options.cursor
    this.#fill = emptyFill(options.cursor)
    this.#health = new TargetHealth(options.possibleMs, options.outage, ports.random)
    this.#lastNow = ports.clock.now()
    const sealed = ports.batches.sealed(options.no)
    this.#sealed = sealed ? { ...sealed, dueAt: Math.min(sealed.dueAt, this.#lastNow + LONGEST_WAIT_MS) } : null
    this.#inherited = this.#sealed !== null
    this.#lastBatchAt = ports.batches.lastSealedAt(options.no) ?? options.integration.createdAt
  }

  get running(): boolean {
    return this.#mode === 'running'
  }

  start(afresh: boolean): void {
    const now = this.#ports.clock.now()
    this.#mode = 'running'
    this.#pausedUntil = 0
    this.#health.start(now, afresh)
    if (afresh && this.#sealed) this.#sealed = { ...this.#sealed, dueAt: now }
    for (const id of this.#ports.resends.running(this.no)) if (!this.#jobs.has(id)) this.#jobs.set(id, null)
    this.#work()
  }

  probe(): void {
    this.#mode = 'probing'
    this.#work()
  }

  stop(): void {
    this.#mode = 'stopped'
    this.#health.stop(this.#ports.clock.now())
    this.#jobs.clear()
    this.#wake?.()
  }

  abandon(): void {
    this.stop()
    this.#abandoned = true
    this.#abort.abort()
    this.#finished = []
    this.#progress = []
    for (const resolve of this.#commits.splice(0)) resolve()
    this.#settleIdle()
  }

  settled(): Promise<void> {
    if (this.#abandoned || (!this.#working && this.#finished.length === 0)) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  onAppended(events: readonly LoggedEvent[], headBefore: number): void {
    if (this.#mode === 'stopped' || this.#sealed !== null) return
    const fill = this.#fill
    // Plain batches are only measured, which the events in hand allow; compressed ones are read from the log.
    if (!this.#options.options.gzip && fill.readPos === headBefore && !fill.full) {
      for (const event of events) {
        if (!this.#take({ ...event, bytes: event.body.length })) break
      }
      if (!fill.full) return
    }
    this.#wake?.()
  }

  pump(): void {
    this.#wake?.()
  }

  onWaitingChanged(): void {}

  addResend(id: number): void {
    if (this.#mode !== 'running' || this.#jobs.has(id)) return
    this.#jobs.set(id, null)
    this.#wake?.()
  }

  dropResend(id: number): void {
    this.#jobs.delete(id)
  }

  collect(): LaneCommit | null {
    if (this.#abandoned) return null
    const cursorOnly = this.#finished.length + this.#progress.length + this.#passedOver === 0
    if (cursorOnly && !this.#health.changed && this.#cursor - this.#storedCursor < CURSOR_STEP) return null
    return {
      integration: this.no,
      attempts: [],
      parked: [],
      cursor: this.#cursor,
      passedOver: this.#passedOver,
      possibleMs: this.#health.possibleMs(this.#ports.clock.now()),
      outage: this.#health.changed ? this.#health.outageJson() : undefined,
      resends: this.#progress.slice(),
      batches: this.#finished.slice(),
    }
  }

  committed(commit: LaneCommit): void {
    this.#finished.splice(0, commit.batches.length)
    this.#progress.splice(0, commit.resends.length)
    this.#passedOver -= commit.passedOver
    this.#storedCursor = commit.cursor
    if (commit.outage !== undefined) this.#health.stored()
    for (const resolve of this.#commits.splice(0)) resolve()
    const retries = commit.batches.filter((b) => b.nextTryAt !== null)
    if (retries.length > 0) this.#ports.onRetries(retries)
    this.#settleIdle()
  }

  /** Runs the steps of the lane one after the other until it stops. */
  #work(): void {
    this.#wake?.()
    if (this.#working) return
    this.#working = true
    void this.#loop().finally(() => {
      this.#working = false
      this.#settleIdle()
      // It was started again while the last step was ending.
      if (this.#mode !== 'stopped' && !this.#abandoned) this.#work()
    })
  }

  #settleIdle(): void {
    if (!this.#abandoned && (this.#working || this.#finished.length > 0)) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #loop(): Promise<void> {
    await this.#ports.ready
    while (this.#mode !== 'stopped' && !this.#abandoned) {
      try {
        await this.#step()
      } catch (error) {
        this.#ports.onError(error)
        await this.#discardFill()
        await this.#sleep(this.#ports.clock.now() + AFTER_ERROR_MS)
      }
    }
    if (this.#abandoned) await this.#discardFill()
  }

  async #step(): Promise<void> {
    const now = this.#now()
    if (this.#ports.blocked()) return this.#sleep(now + AFTER_ERROR_MS)
    if (this.#sealed === null) {
      await this.#gather()
      if (this.#sealed === null && this.#mode === 'running' && this.#jobs.size > 0) return this.#rewriteNext()
      if (this.#sealed === null) return this.#rest()
    }
    const batch: Batch = this.#sealed
    const at = this.#uploadAt(batch, now)
    if (at > now) return this.#sleep(at)
    await this.#deliver(batch)
  }

  /** The time; when the clock was set back, what waits is moved with it, so that nothing waits for the difference. */
  #now(): EpochMs {
    const now = this.#ports.clock.now()
    const back = this.#lastNow - now
    this.#lastNow = now
    if (back <= 0) return now
    this.#lastBatchAt -= back
    this.#pausedUntil -= back
    this.#lastProbeAt -= back
    if (this.#sealed) this.#sealed = { ...this.#sealed, dueAt: this.#sealed.dueAt - back }
    return now
  }

  /** When the sealed batch may be tried. */
  #uploadAt(batch: Batch, now: EpochMs): EpochMs {
    const probe = this.#health.open ? this.#health.probeAt(now) : now
    const restart = this.#mode === 'probing' ? this.#lastProbeAt + RESTART_PROBE_MS : 0
    return Math.max(batch.dueAt, probe, restart, this.#pausedUntil)
  }

  /** Looks at the events since the last batch, and closes a batch when it is time. */
  async #gather(): Promise<void> {
    const { log } = this.#ports
    const { endsAt } = this.#options.integration
    const { batchSeconds, gzip } = this.#options.options
    const now = this.#now()
    const due = now >= this.#lastBatchAt + batchSeconds * 1000
    const over = endsAt !== null && now >= endsAt
    const fill = this.#fill
    if (!gzip || due || over || this.#unread() >= SPOOL_BYTES) await this.#readOn()
    if (this.#mode === 'stopped') return
    const complete = fill.readPos >= log.head
    if (fill.events > 0) {
      if (fill.full || ((due || over) && complete)) await this.#seal(now)
      return
    }
    this.#cursor = fill.readPos
    this.#passedOver += fill.passedOver
    fill.passedOver = 0
    if (this.#passedOver > 0 || this.#cursor - this.#storedCursor >= CURSOR_STEP) this.#ports.requestCommit()
    // The time begins anew when it ends with nothing to send.
    if (due) this.#lastBatchAt = now
    if (over && complete && this.#mode === 'running' && this.#jobs.size === 0) this.#ports.onEnded()
  }

  /** Bytes that came since the log was last read; only for compressed batches. */
  #unread(): number {
    const rows = this.#ports.log.measure(this.#types(), this.#fill.readPos, MEASURE_EVENTS)
    return rows.reduce((sum, row) => sum + row.bytes, 0)
  }

  async #readOn(): Promise<void> {
    const { log } = this.#ports
    const fill = this.#fill
    while (fill.readPos < log.head && !fill.full && this.#mode !== 'stopped') {
      if (this.#options.options.gzip) {
        const { events, upTo } = log.read(this.#types(), fill.readPos, READ_EVENTS, READ_BYTES)
        for (const event of events) if (!(await this.#spool(event))) break
        if (!fill.full) fill.readPos = upTo
      } else if (!this.#takeAll()) {
        const { head } = log
        const rows = log.measure(this.#types(), fill.readPos, MEASURE_EVENTS)
        for (const row of rows) if (!this.#take(row)) break
        if (!fill.full && rows.length < MEASURE_EVENTS) fill.readPos = head
      }
      // Other lanes get their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Counts the next stretch of the log to the batch as a whole. False when not all of it belongs or fits in it. */
  #takeAll(): boolean {
    const fill = this.#fill
    const { log } = this.#ports
    const { integration, options } = this.#options
    const { types, upTo } = log.measureTypes(this.#types(), fill.readPos, MEASURE_EVENTS)
    const sizes = new Map<string, number>()
    for (const { typeId, events, bytes, firstPublishedAt, lastPublishedAt } of types) {
      const { tenant, name } = log.type(typeId)
      if (!selects(integration.selection, name)) return false
      // What lies between two times inside lies inside.
      if (isOutside(integration, firstPublishedAt) || isOutside(integration, lastPublishedAt)) return false
      const size = (sizes.get(tenant) ?? fill.tenants.get(tenant)?.bytes ?? 0) + bytes + events
      if (size >= options.batchBytes) return false
      sizes.set(tenant, size)
    }
    for (const { typeId, events, bytes } of types) {
      count(fill, tenantOf(fill, log.type(typeId).tenant), bytes, events)
    }
    fill.readPos = upTo
    return true
  }

  /** Counts one event to the batch. False when no more fits. */
  #take(event: MeasuredEvent): boolean {
    const fill = this.#fill
    const type = this.#ports.log.type(event.typeId)
    if (selects(this.#options.integration.selection, type.name)) {
      if (this.#isOutside(event)) fill.passedOver++
      else {
        const { batchBytes } = this.#options.options
        const tenant = tenantOf(fill, type.tenant)
        if (tenant.events > 0 && tenant.bytes + event.bytes + 1 > batchBytes) {
          fill.full = true
          return false
        }
        count(fill, tenant, event.bytes)
        fill.full = tenant.bytes >= batchBytes
      }
    }
    fill.readPos = event.seq
    return !fill.full
  }

  /** Adds one event to the compressed file of its tenant. False when it does not fit any more. */
  async #spool(event: LoggedEvent): Promise<boolean> {
    const fill = this.#fill
    if (this.#isOutside(event)) fill.passedOver++
    else {
      const tenant = tenantOf(fill, this.#ports.log.type(event.typeId).tenant)
      if (tenant.writer === null) {
        tenant.spool = this.#ports.randomName()
        tenant.writer = await this.#ports.spool.begin(tenant.spool, this.#options.options.batchBytes)
      }
      if (!(await tenant.writer.add(event.body))) {
        fill.full = true
        return false
      }
      count(fill, tenant, event.body.length)
    }
    fill.readPos = event.seq
    return true
  }

  #isOutside({ publishedAt }: { readonly publishedAt: EpochMs }): boolean {
    return isOutside(this.#options.integration, publishedAt)
  }

  #types(): readonly number[] | null {
    const { selection } = this.#options.integration
    if (selection.entities.length === 0 && selection.events.length === 0) return null
    return [...this.#ports.log.types()].filter((t) => selects(selection, t.name)).map((t) => t.id)
  }

  /** Writes down what the batch holds; from here on it is the same batch whatever happens. */
  async #seal(now: EpochMs): Promise<void> {
    const fill = this.#fill
    const { selection, startsAt, endsAt } = this.#options.integration
    const objects: Omit<BatchObject, 'storedAt'>[] = []
    for (const [tenant, { events, bytes, writer, spool }] of fill.tenants) {
      if (events === 0) continue
      const written = writer === null ? bytes : (await writer.finish()).bytes
      const random = this.#ports.randomName()
      const key = objectKey({ keyPrefix: this.#options.keyPrefix, tenant, createdAt: now, random })
      objects.push({ tenant, key, events, bytes: written, spool: writer === null ? null : spool })
    }
    const content: BatchContent = {
      afterSeq: this.#cursor,
      lastSeq: fill.readPos,
      selection,
      startsAt,
      endsAt,
      events: fill.events,
      passedOver: fill.passedOver,
      gzip: this.#options.options.gzip,
    }
    this.#sealed = this.#ports.batches.seal(this.no, content, objects, now)
    this.#lastBatchAt = now
    this.#fill = emptyFill(content.lastSeq)
  }

  /** Tries to store what is missing of a batch, and records the attempt. */
  async #deliver(batch: Batch): Promise<void> {
    const { clock, random, requestCommit, spool } = this.#ports
    const startedAt = clock.now()
    this.#lastProbeAt = startedAt
    const probe = this.#health.open
    if (probe) this.#health.probe(startedAt)
    const missing = batch.objects.filter((o) => o.storedAt === null)
    if (this.#inherited) await this.#options.clearOrphans(missing.map((o) => o.key))
    this.#inherited = false
    const { findings, stored, durationUs, retryAfterMs } = await this.#attempt(batch, missing)
    if (this.#abandoned) return
    const now = clock.now()
    const { errorCode, statusCode } = findings
    const number = batch.attempts + 1
    let nextTryAt: EpochMs | null = null
    if (errorCode === null) this.#health.onAnswer(now)
    else {
      this.#health.onFailure(now, { code: errorCode, status: statusCode, retryAfterMs, probe })
      if (retryAfterMs !== null) this.#pausedUntil = now + retryAfterMs
      nextTryAt = now + Math.max(retryDelay(number, random), retryAfterMs ?? 0)
    }
    this.#finished.push({
      batch: batch.id,
      lastSeq: batch.lastSeq,
      number,
      startedAt,
      durationUs,
      findings,
      stored,
      delivered: nextTryAt === null ? batch.events : 0,
      nextTryAt,
      manual: false,
    })
    if (nextTryAt === null) {
      this.#cursor = batch.lastSeq
      this.#passedOver += batch.passedOver
      this.#sealed = null
      if (this.#fill.readPos < batch.lastSeq) this.#fill = emptyFill(batch.lastSeq)
    } else {
      const done = new Set(stored.map((o) => o.tenant))
      const objects = batch.objects.map((o) => (done.has(o.tenant) ? { ...o, storedAt: now } : o))
      this.#sealed = { ...batch, attempts: number, dueAt: nextTryAt, objects }
    }
    requestCommit()
    this.#judge(findings, now)
    await this.#recorded()
    // The batch of an abandoned lane is uploaded again, from the same files.
    if (nextTryAt === null && !this.#abandoned)
      for (const o of batch.objects) if (o.spool !== null) await spool.remove(o.spool)
  }

  #judge({ errorCode }: AttemptFindings, now: EpochMs): void {
    if (this.#mode === 'probing') {
      if (errorCode === null) this.#ports.onRecovered()
    } else if (this.#mode === 'running' && errorCode !== null) {
      const outage = this.#health.stopDue(now, this.#options.options.stopAfterMinutes * MINUTE_MS)
      if (outage) this.#ports.onFailed(outage, false)
    }
  }

  /** Uploads objects one after the other until one fails. */
  async #attempt(batch: Batch, objects: readonly BatchObject[]) {
    const began = performance.now()
    const stored: BatchAttempt['stored'][number][] = []
    let outcome: UploadOutcome | null = null
    for (const object of objects) {
      outcome = await this.#options.upload(object.key, object.bytes, () => this.#open(batch, object), {
        ...(object.spool === null ? {} : { contentEncoding: 'gzip' as const }),
        signal: this.#abort.signal,
      })
      if (outcome.errorCode !== null) break
      const { etag, verification } = outcome
      stored.push({ tenant: object.tenant, etag, verification, storedAt: this.#ports.clock.now() })
    }
    const findings: AttemptFindings = {
      statusCode: outcome?.statusCode ?? null,
      errorCode: outcome?.errorCode ?? null,
      errorDetail: outcome?.errorDetail ?? null,
      responseBody: outcome?.responseBody ?? null,
      responseHeaders: null,
      timings: { reused: null, dnsUs: null, connectUs: null, tlsUs: null, firstByteUs: null },
    }
    const durationUs = Math.round((performance.now() - began) * 1000)
    return { findings, stored, durationUs, retryAfterMs: outcome?.retryAfterMs ?? null }
  }

  /** The bytes of an object, the same at every reading. */
  #open(batch: Batch, object: BatchObject): AsyncIterable<Buffer> {
    return object.spool === null ? this.#chunks(batch, object.tenant) : this.#ports.spool.open(object.spool)
  }

  async *#chunks(batch: Batch, tenant: string): AsyncGenerator<Buffer> {
    const types = this.#typesOf(batch, tenant)
    const { startsAt, endsAt, lastSeq: last } = batch
    for (let after = batch.afterSeq; after < last; ) {
      const range = { after, last, startsAt, endsAt }
      const { bytes, upTo } = this.#ports.log.readLines(types, range, CHUNK_EVENTS, CHUNK_BYTES)
      if (bytes.length > 0) yield bytes
      after = upTo
    }
  }

  /** The event types that the object of a tenant holds; null for every type of the log. */
  #typesOf(batch: Batch, tenant: string): readonly number[] | null {
    const all = [...this.#ports.log.types()]
    const taken = all.filter((t) => t.tenant === tenant && selects(batch.selection, t.name))
    return taken.length === all.length ? null : taken.map((t) => t.id)
  }

  *#bodies(batch: Batch, tenant: string): Generator<Buffer> {
    const { log } = this.#ports
    const ids = this.#typesOf(batch, tenant)
    for (let at = batch.afterSeq; at < batch.lastSeq; ) {
      const { events, upTo } = log.read(ids, at, READ_EVENTS, READ_BYTES)
      for (const event of events) {
        if (event.seq > batch.lastSeq) return
        if (!isOutside(batch, event.publishedAt)) yield event.body
      }
      at = upTo
    }
  }

  /** Resolves when everything that was finished is stored. */
  #recorded(): Promise<void> {
    return new Promise((resolve) => this.#commits.push(resolve))
  }

  /** Writes the next batch of the oldest re-send again, under its own keys. */
  async #rewriteNext(): Promise<void> {
    const { resends, batches, clock, requestCommit, spool } = this.#ports
    const [id, known] = [...this.#jobs][0]!
    const { filter, position, succeeded, failed, skipped } = resends.get(id)
    const left = known ?? batches.holding(this.no, filter).filter((batch) => batch > position.seq)
    if (this.#jobs.has(id)) this.#jobs.set(id, left)
    const progress = { id, succeeded, failed, skipped, positionAt: 0, positionSeq: position.seq }
    const batch = batches.get(left.shift() ?? 0)
    if (!batch) {
      this.#jobs.delete(id)
      this.#progress.push({ ...progress, endedAt: clock.now() })
      requestCommit()
      return this.#recorded()
    }
    const startedAt = clock.now()
    const objects = batch.gzip ? await this.#compressAgain(batch) : batch.objects
    const { findings, stored, durationUs } = await this.#attempt(batch, objects)
    for (const o of objects) if (o.spool !== null) await spool.remove(o.spool)
    if (this.#abandoned) return
    const ok = findings.errorCode === null
    this.#finished.push({
      batch: batch.id,
      lastSeq: batch.lastSeq,
      number: batch.attempts + 1,
      startedAt,
      durationUs,
      findings,
      stored,
      delivered: 0,
      nextTryAt: null,
      manual: true,
    })
    this.#progress.push({
      ...progress,
      succeeded: succeeded + (ok ? batch.events : 0),
      failed: failed + (ok ? 0 : batch.events),
      positionSeq: batch.id,
      endedAt: null,
    })
    requestCommit()
    await this.#recorded()
  }

  async #compressAgain(batch: Batch): Promise<BatchObject[]> {
    const objects: BatchObject[] = []
    for (const object of batch.objects) {
      const spool = this.#ports.randomName()
      const writer = await this.#ports.spool.begin(spool, Number.MAX_SAFE_INTEGER)
      for (const body of this.#bodies(batch, object.tenant)) await writer.add(body)
      objects.push({ ...object, spool, bytes: (await writer.finish()).bytes })
    }
    return objects
  }

  /** Waits for events, or for the time at which the batch closes. */
  #rest(): Promise<void> {
    const now = this.#ports.clock.now()
    const { endsAt } = this.#options.integration
    const closes = this.#lastBatchAt + this.#options.options.batchSeconds * 1000
    const ends = endsAt !== null && endsAt > now ? endsAt : Number.POSITIVE_INFINITY
    return this.#sleep(Math.max(now + 1, Math.min(closes, ends)))
  }

  async #sleep(until: EpochMs): Promise<void> {
    if (this.#mode === 'stopped') return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#timer = this.#ports.clock.setTimer(until, resolve)
    })
    this.#wake = null
    this.#timer?.cancel()
    this.#timer = null
  }

  /** What was gathered is given up, to be read again. */
  async #discardFill(): Promise<void> {
    for (const { writer } of this.#fill.tenants.values()) {
      if (writer !== null) await writer.discard().catch((error: unknown) => this.#ports.onError(error))
    }
    this.#fill = emptyFill(this.#sealed?.lastSeq ?? this.#cursor)
  }
}

function emptyFill(readPos: number): Fill {
  return { readPos, events: 0, passedOver: 0, tenants: new Map(), full: false }
}

function tenantOf(fill: Fill, name: string): TenantFill {
  let tenant = fill.tenants.get(name)
  if (!tenant) fill.tenants.set(name, (tenant = { events: 0, bytes: 0, writer: null, spool: null }))
  return tenant
}

/** @param bytes of the bodies of `events` events */
function count(fill: Fill, tenant: TenantFill, bytes: number, events = 1): void {
  tenant.events += events
  tenant.bytes += bytes + events
  fill.events += events
}

function isOutside(
  dates: { readonly startsAt: EpochMs | null; readonly endsAt: EpochMs | null },
  at: EpochMs,
): boolean {
  return (dates.startsAt !== null && at < dates.startsAt) || (dates.endsAt !== null && at >= dates.endsAt)
}
