import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished } from 'vitest'
import { WebhookClient } from '../../main/engine/delivery/webhook'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import type { Actor } from '../../main/store/audit'
import { openReadable, type ReadableDb, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import type { CallName, Output, Parsed, Topic } from '../../shared/contract'
import type {
  Alert,
  Attempt,
  DeliveryOptions,
  Integration,
  IntegrationSummary,
  LogEntry,
  Resend,
} from '../../shared/domain'
import type { ErrorInfo } from '../../shared/errors'
import { selects } from '../../shared/event-catalog'
import type { NewIntegration } from '../../shared/schemas/integration'
import { FakeClock } from './fake-clock'
import { FaultReceiver } from './fault-receiver'
import { tempDir } from './temp-dir'

export interface EngineChoices {
  /** Default: a key. */
  readonly key?: Uint8Array | null
  /** Default: always 0.01, so that retries come soon. */
  readonly random?: () => number
  /** Default: the bench's own. `null` = the clock of the machine. */
  readonly clock?: FakeClock | null
}

const WAIT_LIMIT_MS = 15_000
const POLL_MS = 2

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

interface Writer {
  pragma(source: string, options?: { readonly simple?: boolean }): unknown
}

// The engine keeps its connection to itself. A store that is full or refuses is a state of that connection.
let opened: Writer | null = null
const { pragma } = Sqlite.prototype
Sqlite.prototype.pragma = function (this: Writer, ...args: Parameters<typeof pragma>) {
  if (args[0].startsWith('wal_autocheckpoint')) opened = this
  return pragma.apply(this as never, args)
} as typeof pragma

// Which attempts are on their way only the clients know.
const flights = { open: 0, ended: 0 }
const { post } = WebhookClient.prototype
WebhookClient.prototype.post = function (this: WebhookClient, eventId, body, done) {
  flights.open++
  post.call(this, eventId, body, (outcome) => {
    flights.open--
    flights.ended++
    done(outcome)
  })
}

/** An operator at the console, for calls that say who makes them. */
export const operator: Actor = { name: 'kim', via: 'console' }

/**
 * A workspace with a real store, a receiver, and an engine on it that can be closed and opened again. Everything is cleared away
 * after the test.
 */
export class Workbench {
  readonly folder = tempDir()
  readonly clock = new FakeClock()
  readonly notices: ErrorInfo[] = []
  readonly alerts: Alert[] = []
  readonly changed = new Set<Topic>()
  #engine: Engine | null = null
  #db: ReadableDb | null = null
  #writer: Writer | null = null
  /** Attempts that had ended when a commit was last stored, of all benches. */
  #recorded = 0
  readonly receiver: FaultReceiver

  private constructor(receiver: FaultReceiver) {
    this.receiver = receiver
  }

  static async start(): Promise<Workbench> {
    const bench = new Workbench(await FaultReceiver.start())
    onTestFinished(async () => {
      bench.#db?.close()
      const closing = bench.#engine?.close(0)
      await bench.receiver.close()
      await closing
    })
    return bench
  }

  /** Opens the workspace. */
  open({ key = new Uint8Array(32).fill(7), random = () => 0.01, clock = this.clock }: EngineChoices = {}): Engine {
    this.#engine = new Engine({
      workspace: this.folder,
      key,
      version: '0.0.0',
      onChanged: (topic) => {
        this.changed.add(topic)
        if (topic === 'attempts') this.#recorded = flights.ended
      },
      onNotice: (notice) => this.notices.push(notice),
      onAlert: (alert) => this.alerts.push(alert),
      random,
      ...(clock === null ? {} : { clock }),
    })
    this.#writer = opened
    this.#recorded = flights.ended
    return this.#engine
  }

  get engine(): Engine {
    if (!this.#engine) throw new Error('the bench is not open')
    return this.#engine
  }

  /** From now on the store refuses every change. */
  refuse(): void {
    this.#writer!.pragma('query_only = ON')
  }

  /** The store takes changes again. */
  accept(): void {
    this.#writer!.pragma('query_only = OFF')
  }

  /** The disk has room for so many pages more; null = as many as there may be. */
  limitPages(more: number | null): void {
    const pages = this.#writer!.pragma('page_count', { simple: true }) as number
    this.#writer!.pragma(`max_page_count = ${more === null ? 4294967294 : pages + more}`)
  }

  /** Closes the workspace; attempts in flight get `graceMs` to end. */
  async close(graceMs = 0): Promise<void> {
    const engine = this.#engine
    this.#engine = null
    await engine?.close(graceMs)
  }

  call<N extends Parameters<Engine['call']>[0]>(name: N, input: Parsed<N>, actor: Actor = operator) {
    return this.engine.call(name, input, actor)
  }

  /** Asks the viewers' side. */
  ask<N extends CallName & keyof ReturnType<typeof createQueries>>(name: N, input: Parsed<N>): Output<N> {
    const query = createQueries(this.db)[name] as unknown as (input: Parsed<N>) => Output<N>
    return query(input)
  }

  get db(): ReadableDb {
    this.#db ??= openReadable(join(this.folder, STORE_FILE))
    return this.#db
  }

  /** The first column of the first row. */
  value(sql: string, ...params: readonly unknown[]): unknown {
    return this.db
      .prepare(sql)
      .pluck()
      .get(...params)
  }

  async create(
    change: Partial<Omit<NewIntegration, 'options'>> & { readonly options?: Partial<DeliveryOptions> } = {},
  ): Promise<Integration> {
    return await this.call('integrations.create', {
      id: 'orders',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: ['order'], events: [] },
      target: { kind: 'webhook', callbackUrl: this.receiver.url, apiKey: 'secret-key' },
      ...change,
    } as NewIntegration)
  }

  /** Publishes events with these numbers. */
  publish(
    numbers: readonly number[],
    name = 'order.created',
    publishedAt: number = this.clock.now(),
    padding?: string,
  ): void {
    this.engine.publish(numbers.map((no) => parseEnvelope(Buffer.from(envelope(no, name, publishedAt, padding)))))
  }

  summary(id = 'orders'): IntegrationSummary {
    return this.ask('integrations.get', { id }) as IntegrationSummary
  }

  /** Log entries, oldest first, without bursts of retries. */
  log(id = 'orders'): LogEntry[] {
    const { rows } = this.ask('integrations.logs', { id, limit: 100 }) as { readonly rows: readonly LogEntry[] }
    return rows.filter((entry) => entry.action !== 'retry_triggered').reverse()
  }

  /** Attempts, oldest first. */
  attempts(id = 'orders'): Attempt[] {
    const { rows } = this.ask('attempts.list', { id, filter: {}, limit: 500 }) as { readonly rows: readonly Attempt[] }
    return [...rows].sort((a, b) => a.id - b.id)
  }

  resend(id: number, integration = 'orders'): Resend {
    const { rows } = this.ask('resends.list', { id: integration }) as { readonly rows: readonly Resend[] }
    return rows.find((row) => row.id === id)!
  }

  /** Numbers of the events that arrived, in order, each as often as it came. */
  get arrived(): number[] {
    return this.receiver.receiver.requests.map(numberOf)
  }

  /** Waits until the condition holds. Time of the bench's clock does not pass. */
  async until(condition: () => boolean, limitMs = WAIT_LIMIT_MS): Promise<void> {
    const end = Date.now() + limitMs
    while (!condition()) {
      if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${condition}`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Waits until so many events are delivered or rejected. */
  untilSettled(count: number, id = 'orders'): Promise<void> {
    const settled = 'SELECT delivered + rejected FROM integrations WHERE id = ? AND deleted_at IS NULL'
    return this.until(() => this.value(settled, id) === count)
  }

  /** Waits until so many attempts are recorded, of all integrations. */
  untilAttempts(count: number): Promise<void> {
    return this.until(() => (this.value('SELECT count(*) FROM attempts') as number) >= count)
  }

  /** Lets time pass in steps until the condition holds; after each step attempts get a moment to end. */
  async pass(condition: () => boolean, { step, limit }: { readonly step: number; readonly limit: number }) {
    const end = this.clock.now() + limit
    while (!condition()) {
      if (this.clock.now() >= end) throw new Error(`${limit / 1000} s passed in vain for ${condition}`)
      await this.clock.advance(step)
      await this.quiet()
    }
  }

  /** Waits until no attempt is on its way, but those that hang on purpose, and all that ended are recorded. */
  async quiet(hanging = 0): Promise<void> {
    const end = Date.now() + WAIT_LIMIT_MS
    do {
      if (Date.now() > end) throw new Error(`${flights.open} attempts on their way, recorded: ${!this.#unrecorded}`)
      await new Promise((resolve) => setImmediate(resolve))
    } while (flights.open > hanging || this.#unrecorded)
  }

  /** Waits until no attempt is on its way. */
  async landed(): Promise<void> {
    while (flights.open > 0) await new Promise((resolve) => setImmediate(resolve))
  }

  get #unrecorded(): boolean {
    return flights.ended > this.#recorded
  }

  /**
   * Holds the counters against the rows: every event of the selected types is settled, expired, passed over or in the backlog,
   * exactly once.
   */
  checkCounters(id = 'orders'): void {
    const row = this.db.prepare('SELECT * FROM integrations WHERE id = ? AND deleted_at IS NULL').get(id) as {
      readonly no: number
      readonly cursor: number
      readonly rejected: number
      readonly rejected_deleted: number
    }
    const { selection, backlog, waiting } = this.summary(id)
    const events = this.db
      .prepare('SELECT e.seq, t.name FROM events AS e JOIN event_types AS t ON t.id = e.type_id WHERE e.seq > ?')
      .all(row.cursor) as { readonly seq: number; readonly name: string }[]
    const settled = new Set(
      this.db
        .prepare(
          `SELECT seq FROM attempts WHERE integration = ? AND (failed = 0 OR error_code = 'rejected')
           UNION SELECT seq FROM rejected_events WHERE integration = ? UNION SELECT seq FROM waiting WHERE integration = ?`,
        )
        .pluck()
        .all(row.no, row.no, row.no) as number[],
    )
    const open = events.filter((e) => selects(selection, e.name) && !settled.has(e.seq)).length
    expect(backlog, `backlog of ${id}`).toBe(waiting + open)
    const listed = this.value('SELECT count(*) FROM rejected_events WHERE integration = ?', row.no)
    expect(row.rejected, `rejected of ${id}`).toBe((listed as number) + row.rejected_deleted)
  }
}

function envelope(no: number, name: string, publishedAt: number, padding: string | undefined): string {
  const published_at = new Date(publishedAt).toISOString()
  return JSON.stringify({ tenant: 't', name, published_at, payload: { id: `entity-${no}`, no, padding } })
}

/** The number of the event that a request carries. */
export function numberOf({ body }: { readonly body: Buffer }): number {
  return (JSON.parse(body.toString('utf8')) as { readonly payload: { readonly no: number } }).payload.no
}

/** Whole numbers from `from`, `count` of them. */
export function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}
