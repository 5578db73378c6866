import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openReadable, type ReadableDb, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import { formatUuid } from '../../main/store/uuid'
import type { IntegrationSummary } from '../../shared/domain'
import { AppError } from '../../shared/errors'
import { selects } from '../../shared/event-catalog'
import { EngineProcess } from './engine-launcher'
import type { Sample } from './engine-protocol'
import { writeEventFile } from './event-generator'
import { Random } from './random'
import { type ReceiverProcess, readReceived, startReceiverProcess } from './receiver-launcher'
import { faultsOf } from './store-check'

export interface SoakReport {
  readonly seconds: number
  readonly accepted: number
  readonly attempts: number
  /** How often each thing was done to the engine or its receiver. */
  readonly deeds: Readonly<Record<string, number>>
  /** Medians of the second and of the last quarter: the first one warms up. */
  readonly rssMiB: readonly [second: number, last: number]
  readonly heapMiB: readonly [second: number, last: number]
  readonly delayMs: { readonly medianP99: number; readonly max: number }
}

/** Five selections; the last one changes all the time. */
const INTEGRATIONS = {
  all: { selection: { entities: [], events: [] }, options: {} },
  orders: { selection: { entities: ['order'], events: [] }, options: { keepAnswers: 'all' } },
  narrow: { selection: { entities: ['return', 'inventory_transaction'], events: [] }, options: { concurrency: 2 } },
  limited: { selection: { entities: [], events: ['order.created', 'order.opened'] }, options: { ratePerSecond: 200 } },
  changing: { selection: { entities: ['fulfillment_request'], events: [] }, options: {} },
} as const
type Id = keyof typeof INTEGRATIONS
const IDS = Object.keys(INTEGRATIONS) as Id[]
const CHANGING = ['changing'] as const

const SELECTIONS = [
  { entities: ['fulfillment_request'], events: [] },
  { entities: ['order', 'fulfillment_request'], events: [] },
  { entities: [], events: ['order.created'] },
  { entities: [], events: [] },
]

/** About one deed in this time. */
const DEED_EVERY_MS = 250
const SAMPLE_EVERY_MS = 1_000

/** Bounds of a process that does the same for as long as one likes. The page cache is kept small, so that it is full soon. */
const BOUNDS = { rssMiB: 300, growth: 1.1, growthMiB: 8, medianDelayMs: 100, maxDelayMs: 2_000 } as const
const MIB = 1024 * 1024

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Runs an engine process for this long under everything at once: publishing, imports, a receiver that refuses, breaks, hangs, stops and
 * dies, pauses, edits and re-sends. Then lets it settle and counts.
 *
 * @param folder empty; everything lies in it
 * @throws Error with all that did not hold
 */
export async function soak(folder: string, seconds: number, seed: number): Promise<SoakReport> {
  const run = new Soak(folder, new Random(seed))
  await run.open()
  try {
    await run.live(seconds)
    return await run.conclude(seconds)
  } finally {
    await run.close()
  }
}

class Soak {
  readonly #folder: string
  readonly #workspace: string
  readonly #ids: string
  readonly #published: string
  readonly #random: Random
  readonly #deeds: Record<string, number> = {}
  /** Started and stopped by us, by integration. */
  readonly #switches = new Map<Id, number>()
  readonly #samples: Sample[] = []
  #receiver!: ReceiverProcess
  #engine!: EngineProcess
  #imports = 0

  constructor(folder: string, random: Random) {
    this.#folder = folder
    this.#workspace = join(folder, 'workspace')
    this.#ids = join(folder, 'ids.txt')
    this.#published = join(folder, 'published.txt')
    this.#random = random
    mkdirSync(this.#workspace)
  }

  async open(): Promise<void> {
    this.#receiver = await this.#receive(false)
    this.#engine = await EngineProcess.start({
      workspace: this.#workspace,
      published: this.#published,
      cacheKiB: 4096,
      // The young generation grows with its work for many minutes; a small one shows sooner whether anything else does.
      nodeFlags: ['--expose-gc', '--max-semi-space-size=4'],
    })
    for (const id of IDS) {
      const { selection, options } = INTEGRATIONS[id]
      const callbackUrl = this.#receiver.url.replace('/events', `/${id}`)
      await this.#engine.call('integrations.create', {
        id,
        integrationType: 'permanent',
        startsAt: null,
        endsAt: null,
        selection,
        target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
        options: { totalTimeoutMs: 1_500, connectTimeoutMs: 1_000, ...options },
      })
      this.#switches.set(id, 1)
    }
  }

  #receive(healthy: boolean, port = 0): Promise<ReceiverProcess> {
    const faults = healthy ? {} : { reset: 0.5, hang: 0.2 }
    const statusMix: Record<number, number> = healthy ? { 200: 1 } : { 200: 92, 503: 3, 500: 2, 400: 2, 302: 0.3 }
    const seed = this.#random.int(1, 1e6)
    return startReceiverProcess({ idsFile: this.#ids, paths: true, latencyMs: [0, 10], port, seed, statusMix, faults })
  }

  async live(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000
    const load = { seed: this.#random.int(1, 1e6), from: 0, publishes: 1e7, eventsEach: 4, everyMs: 60 }
    const loading = this.#engine.send({ do: 'load', load })
    let failure: unknown
    loading.catch((error: unknown) => {
      failure = error
    })
    let sampledAt = performance.now()
    while (performance.now() < end && failure === undefined) {
      await this.#deed()
      if (performance.now() - sampledAt >= SAMPLE_EVERY_MS) {
        sampledAt = performance.now()
        this.#samples.push(await this.#engine.send<Sample>({ do: 'sample' }))
      }
      await sleep(this.#random.exponential(DEED_EVERY_MS))
    }
    if (failure !== undefined) throw failure
    await this.#engine.send({ do: 'stopLoad' })
    await loading
  }

  /** Does one thing of those that operators, receivers and networks do. A refusal that the rules foresee is an answer too. */
  async #deed(): Promise<void> {
    const id = this.#random.pick(IDS)
    const [name, does] = this.#random.pick<readonly [string, () => Promise<unknown>]>([
      ['switch', () => this.#switch(id)],
      ['switch', () => this.#switch(id)],
      ['options', () => this.#update(id, { options: { concurrency: this.#random.int(1, 32) } })],
      ['key', () => this.#update(id, { target: { kind: 'webhook', apiKey: `key-${this.#random.digits(6)}` } })],
      ['selection', () => this.#update('changing', { selection: this.#random.pick(SELECTIONS) })],
      ['re-send', () => this.#resend(id, { kind: 'rejected' })],
      ['re-send', () => this.#resend(id, { kind: 'range', from: 0, to: Date.now() })],
      ['import', () => this.#import()],
      ['receiver dies', () => this.#receiverDies()],
      ['receiver stands still', () => this.#receiverStandsStill()],
    ])
    this.#deeds[name] = (this.#deeds[name] ?? 0) + 1
    try {
      await does()
    } catch (error) {
      const foreseen = ['integration_not_running', 'nothing_to_resend']
      if (!(error instanceof AppError) || !foreseen.includes(error.code)) throw error
    }
  }

  async #switch(id: Id): Promise<void> {
    const { status } = (await this.#listed()).find((row) => row.id === id)!
    await this.#engine.call(status === 'running' ? 'integrations.stop' : 'integrations.start', { id })
    this.#switches.set(id, this.#switches.get(id)! + 1)
  }

  #update(id: Id, change: object): Promise<unknown> {
    return this.#engine.call('integrations.update', { id, ...change })
  }

  /** Ranges are cancelled soon: they would send the whole log again and again. */
  async #resend(id: Id, filter: object): Promise<void> {
    const { id: resendId } = await this.#engine.call<{ id: number }>('resends.start', { id, filter })
    await sleep(this.#random.int(20, 200))
    try {
      await this.#engine.call('resends.cancel', { resendId })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'resend_ended') throw error
    }
  }

  async #import(): Promise<void> {
    const path = join(this.#folder, 'import.ndjson')
    // Every third file was imported before, under whatever name: nothing of it is stored again.
    const seed = 1_000 + this.#imports - (this.#imports % 3 === 2 ? 1 : 0)
    this.#imports++
    await writeEventFile(path, { seed, count: 100 })
    await this.#engine.call('imports.start', { path })
  }

  async #receiverDies(): Promise<void> {
    const { port } = this.#receiver
    await this.#receiver.stop()
    await sleep(this.#random.int(50, 600))
    this.#receiver = await this.#receive(false, port)
  }

  async #receiverStandsStill(): Promise<void> {
    const { pid } = this.#receiver
    process.kill(pid, 'SIGSTOP')
    try {
      await sleep(this.#random.int(100, 1_200))
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  }

  async #listed(): Promise<IntegrationSummary[]> {
    const query = { do: 'query', name: 'integrations.list', input: {} } as const
    return (await this.#engine.send<{ rows: IntegrationSummary[] }>(query)).rows
  }

  /** A healthy receiver, every integration running, what waits due now: everything must settle. */
  async conclude(seconds: number): Promise<SoakReport> {
    const { port } = this.#receiver
    await this.#receiver.stop()
    this.#receiver = await this.#receive(true, port)
    for (const { id, status } of await this.#listed()) {
      if (status === 'running') await this.#switch(id as Id)
      await this.#switch(id as Id)
    }
    await this.#engine.send({ do: 'settle' })
    const faults = this.#engine.notices.map(({ message }) => `notice: ${message}`)
    await this.#engine.close()
    const db = openReadable(join(this.#workspace, STORE_FILE))
    try {
      faults.push(...faultsOf(db, CHANGING), ...this.#deliveryFaults(db))
      const queries = createQueries(db)
      const check = await queries['audit.verify']({})
      if (check.brokenAt !== null) faults.push(`the audit chain is broken: ${JSON.stringify(check)}`)
      const report: SoakReport = {
        seconds,
        accepted: db.prepare('SELECT count(*) FROM events').pluck().get() as number,
        attempts: db.prepare('SELECT count(*) FROM attempts').pluck().get() as number,
        deeds: this.#deeds,
        rssMiB: this.#quarters((sample) => sample.rssBytes / MIB),
        heapMiB: this.#quarters((sample) => sample.heapBytes / MIB),
        delayMs: {
          medianP99: median(this.#samples.map((sample) => sample.delayP99Ms)),
          max: Math.round(Math.max(...this.#samples.map((sample) => sample.delayMaxMs))),
        },
      }
      faults.push(...this.#boundFaults(report))
      if (faults.length > 0) throw new Error(`${faults.slice(0, 20).join('; ')}\n${JSON.stringify(report)}`)
      return report
    } finally {
      db.close()
    }
  }

  #quarters(of: (sample: Sample) => number): readonly [number, number] {
    const values = this.#samples.map(of)
    const quarter = Math.floor(values.length / 4)
    return [median(values.slice(quarter, 2 * quarter)), median(values.slice(3 * quarter))]
  }

  #boundFaults({ rssMiB, heapMiB, delayMs }: SoakReport): string[] {
    const faults: string[] = []
    const most = Math.max(...this.#samples.map((sample) => sample.rssBytes / MIB))
    if (most > BOUNDS.rssMiB) faults.push(`the process took ${Math.round(most)} MiB`)
    for (const [name, [second, last]] of Object.entries({ rss: rssMiB, heap: heapMiB })) {
      if (last > second * BOUNDS.growth + BOUNDS.growthMiB) faults.push(`${name} grew from ${second} to ${last} MiB`)
    }
    if (delayMs.medianP99 > BOUNDS.medianDelayMs) faults.push(`the event loop was late by ${delayMs.medianP99} ms`)
    if (delayMs.max > BOUNDS.maxDelayMs) faults.push(`the event loop stood for ${delayMs.max} ms`)
    return faults
  }

  /** What the receiver wrote against what the store says, for every integration and event. */
  #deliveryFaults(db: ReadableDb): string[] {
    const faults: string[] = []
    const events = db
      .prepare('SELECT e.seq, e.event_id AS id, t.name FROM events AS e JOIN event_types AS t ON t.id = e.type_id')
      .all() as { seq: number; id: Uint8Array; name: string }[]
    const idOf = new Map(events.map((e) => [e.seq, formatUuid(e.id)]))
    const stored = new Set(idOf.values())
    for (const line of readFileSync(this.#published, 'utf8').split('\n')) {
      const [word, ids] = line.split(' ')
      if (word !== 'done') continue
      for (const id of ids!.split(',')) if (!stored.has(id)) faults.push(`published ${id} is not in the log`)
    }
    const received = new Map<string, { all: number; forGood: number }>()
    for (const { path, eventId, status } of readReceived(this.#ids)) {
      const key = `${path} ${eventId}`
      const counts = received.get(key) ?? { all: 0, forGood: 0 }
      counts.all++
      if (status === 200 || status === 400) counts.forGood++
      received.set(key, counts)
    }
    for (const [no, id] of IDS.entries()) {
      const attempts = db
        .prepare(
          `SELECT seq, count(*) AS all_, sum(failed = 0 OR error_code = 'rejected') AS forGood, sum(manual IS NOT NULL) AS manual,
             sum(failed AND status_code IS NULL) AS unanswered
           FROM attempts WHERE integration = ? GROUP BY seq`,
        )
        .all(no + 1) as { seq: number; all_: number; forGood: number; manual: number; unanswered: number }[]
      const bySeq = new Map(attempts.map((row) => [row.seq, row]))
      const exact = !(CHANGING as readonly string[]).includes(id)
      for (const { seq, name } of events) {
        const eventId = idOf.get(seq)!
        const got = received.get(`/${id} ${eventId}`) ?? { all: 0, forGood: 0 }
        const row = bySeq.get(seq)
        const wanted = selects(INTEGRATIONS[id].selection, name)
        const say = (fault: string) => faults.push(`${id}, event ${seq}: ${fault}`)
        if (exact && wanted && got.forGood === 0) say('never answered for good')
        if (exact && !wanted && got.all > 0) say('was sent though it is not selected')
        if (row === undefined) {
          if (got.all > 0) say('was sent without a recorded attempt')
          continue
        }
        if (got.all > row.all_) say(`${got.all} requests, ${row.all_} recorded attempts`)
        // Without a crash nothing is repeated but failures and what an operator asked for.
        if (row.manual === 0 && row.unanswered === 0 && row.forGood > 1) say(`settled ${row.forGood} times`)
        if (row.unanswered === 0 && got.forGood !== row.forGood) {
          say(`answered for good ${got.forGood} times, recorded ${row.forGood} times`)
        }
      }
      const entries = db
        .prepare("SELECT count(*) FROM log_entries WHERE integration = ? AND action <> 'retry_triggered'")
        .pluck()
        .get(no + 1) as number
      if (entries !== this.#switches.get(id)) {
        faults.push(`${id}: ${entries} log entries for ${this.#switches.get(id)} starts and stops`)
      }
    }
    return faults
  }

  async close(): Promise<void> {
    await this.#engine.kill()
    await this.#receiver.stop()
    rmSync(join(this.#folder, 'import.ndjson'), { force: true })
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length / 2)] ?? 0) * 10) / 10
}
