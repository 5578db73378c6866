import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import type { Clock, Timer } from '../../main/engine/clock'
import type { WebhookOptions } from '../../main/engine/delivery/webhook'
import { Engine, type EngineCall } from '../../main/engine/engine'
import { openReadable, type ReadableDb, STORE_FILE, type WritableDb } from '../../main/store/database'
import type { NewEvent } from '../../main/store/event-log'
import type { Output, Parsed } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { FakeClock } from '../support/fake-clock'
import { type Answer, type ReceivedRequest, Receiver } from '../support/receiver'
import { DELETED, type Model, type ModelEvent, type ModelIntegration } from './model'

const spies = vi.hoisted(() => ({
  /** The engine's own connection of each store, by path: a full disk is made on it, as `max_page_count` holds for one connection. */
  connections: new Map<string, unknown>(),
  /** Is told of every attempt when it starts. */
  onAttempt: (_callbackUrl: string, _userAgent: string, _eventId: Buffer) => {},
}))

vi.mock('../../main/store/database', async (original) => {
  const actual = await original<typeof import('../../main/store/database')>()
  const openWritable = (path: string) => {
    const db = actual.openWritable(path)
    // What a kill leaves is what was written, synced or not; a power cut is made on the bytes of the WAL. So the disk need not be waited for.
    db.pragma('synchronous = OFF')
    spies.connections.set(path, db)
    return db
  }
  return { ...actual, openWritable }
})

vi.mock('../../main/engine/delivery/webhook', async (original) => {
  const actual = await original<typeof import('../../main/engine/delivery/webhook')>()
  class WebhookClient extends actual.WebhookClient {
    readonly #options: WebhookOptions

    constructor(options: WebhookOptions) {
      super(options)
      this.#options = options
    }

    override post(...[eventId, body, done]: Parameters<InstanceType<typeof actual.WebhookClient>['post']>): void {
      spies.onAttempt(this.#options.callbackUrl, this.#options.userAgent, eventId)
      super.post(eventId, body, done)
    }
  }
  return { ...actual, WebhookClient }
})

/** What the receiver does with one try of one event. */
export type Behaviour = number | 'reset' | 'hang' | { readonly status: number; readonly retryAfter: string }

/** One request that the engine has sent. */
export interface Sent {
  readonly life: number
  readonly integration: ModelIntegration
  readonly event: ModelEvent
  /** It is not the integration's: an operator asked for it, and its answer changes nothing. */
  readonly asked: boolean
  state: 'under way' | 'held' | 'answered'
  /** Of the answer; 0 for a broken connection. */
  status: number
  answeredAt: number
  /** The engine has recorded the answer for good. */
  recorded: boolean
  /** The process ended before it recorded the answer, so the event may come again. */
  lost: boolean
  release: ((answer: Behaviour) => void) | null
}

/** What the model holds against the engine. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

const QUIET_LIMIT_MS = 8_000
const DAY_MS = 86_400_000

/** 2026-01-12T08:00:00Z */
export const START = Date.UTC(2026, 0, 12, 8)

/** Retention works only when the test says so: with these days nothing gets old by itself. */
const KEEP_ALL = { keepEventsDays: 3650, keepAttemptsDays: 3650, keepRejectedDays: 3650 }

/** Time of one life of the engine: a process that was killed has no timers any more. */
class LifeClock implements Clock {
  readonly #clock: FakeClock
  readonly #timers = new Set<Timer>()
  #dead = false

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  setTimer(at: number, run: () => void): Timer {
    if (this.#dead) return { cancel: () => {} }
    const timer = this.#clock.setTimer(at, () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.add(timer)
    return timer
  }

  die(): void {
    this.#dead = true
    for (const timer of this.#timers) timer.cancel()
  }
}

/**
 * The real engine on a real file, with a real receiver on the loopback: opened, killed and opened again, always over what a kill at
 * that moment leaves on the disk. Time alone is not real.
 */
export class Rig {
  readonly model: Model
  readonly clock = new FakeClock(START)
  readonly sent: Sent[] = []
  /** Overrides what the receiver would do to the requests of an integration. */
  readonly moods = new Map<ModelIntegration, Behaviour | null>()
  /** What the receiver does to the tries of an event, one after the other; then it accepts. By event id. */
  readonly plans = new Map<string, readonly Behaviour[]>()
  readonly targets = new Map<string, ModelIntegration>()
  /** What has happened, and how often. */
  readonly seen = new Map<string, number>()
  /** The latest time that the clock has shown. */
  latest = START
  readonly #root: string
  readonly #receiver: Receiver
  #life = 0
  #engine!: Engine
  #lifeClock!: LifeClock
  #reader: ReadableDb | null = null
  #notices: string[] = []
  #folderNo = 0
  /** Recorded attempts of each integration and event, as they were when nothing was under way. */
  #base = new Map<string, number>()
  /** The store has refused something since everything was recorded. */
  #mayLag = false
  readonly #tries = new Map<string, number>()
  readonly #ending: Promise<void>[] = []
  #broken: string | null = null
  /** What happens now is not to survive. */
  #dying = false

  private constructor(root: string, receiver: Receiver, model: Model) {
    this.#root = root
    this.#receiver = receiver
    this.model = model
  }

  /** @param template a folder with a fresh workspace, or null to make one */
  static async start(root: string, model: Model): Promise<Rig> {
    let rig: Rig
    const receiver = await Receiver.start({ answer: (request) => rig.#answer(request) })
    rig = new Rig(root, receiver, model)
    spies.onAttempt = rig.#onAttempt
    mkdirSync(rig.#folder)
    rig.#open()
    await rig.call('settings.update', KEEP_ALL)
    return rig
  }

  /** Ends everything, whatever state it is in. */
  async end(): Promise<void> {
    spies.onAttempt = () => {}
    this.lift()
    this.release(() => true, 200)
    this.#reader?.close()
    this.#lifeClock.die()
    await Promise.all([this.#engine.close(0), ...this.#ending])
    await this.#receiver.close()
    spies.connections.clear()
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 })
  }

  get #folder(): string {
    return join(this.#root, String(this.#folderNo))
  }

  get #file(): string {
    return join(this.#folder, STORE_FILE)
  }

  #open(): void {
    this.#lifeClock = new LifeClock(this.clock)
    const life = ++this.#life
    let random = life
    this.#engine = new Engine({
      workspace: this.#folder,
      key: null,
      version: `0.0.${life}`,
      clock: this.#lifeClock,
      // Any numbers do, as long as a run can be repeated.
      random: () => (random = (random * 48_271) % 0x7fffffff) / 0x7fffffff,
      onChanged: () => {},
      onNotice: ({ code, message }) => {
        const expected = code === 'store_full' && this.#mayLag
        if (expected) this.saw('store full: a commit refused')
        if (life === this.#life && !expected) this.#notices.push(`${code}: ${message}`)
      },
    })
  }

  /** The store as it is now. */
  get reader(): ReadableDb {
    this.#reader ??= openReadable(this.#file)
    return this.#reader
  }

  get #writer(): WritableDb {
    return spies.connections.get(this.#file) as WritableDb
  }

  saw(what: string, count = 1): void {
    if (count > 0) this.seen.set(what, (this.seen.get(what) ?? 0) + count)
  }

  publish(events: readonly NewEvent[]) {
    return this.#engine.publish(events)
  }

  call<N extends EngineCall>(name: N, input: Parsed<N>): Promise<Output<N>> {
    return this.#engine.call(name, input, { name: 'model', via: 'api' })
  }

  /** @returns the error when the store refused for want of space, which it may do only while the disk is full */
  async tryCall<N extends EngineCall>(name: N, input: Parsed<N>): Promise<Output<N> | AppError> {
    try {
      return await this.call(name, input)
    } catch (error) {
      if (!this.model.full || !(error instanceof AppError) || error.code !== 'store_full') throw error
      this.saw('store full: refused')
      return error
    }
  }

  /**
   * A target of an integration, each generation another one. Here, in `#onAttempt` and in `gather` of invariant.ts lies all that is
   * true of webhooks only.
   */
  target(integration: ModelIntegration, generation: number) {
    const path = `/${integration.id}/${generation}`
    this.targets.set(path, integration)
    return { kind: 'webhook' as const, callbackUrl: `http://127.0.0.1:${this.#receiver.port}${path}` }
  }

  /** An attempt starts. Thrown errors would come out in the lane, so what is wrong is kept for {@link complain}. */
  readonly #onAttempt = (callbackUrl: string, userAgent: string, eventId: Buffer): void => {
    const path = new URL(callbackUrl).pathname
    const life = Number(userAgent.split('.').at(-1))
    const integration = this.targets.get(path)
    const event = this.#eventOf(eventId.toString('hex'))
    // A dead process sends nothing: what its remains do in this one before they are gone is no behaviour of the engine.
    if (life !== this.#life || !integration) return
    if (!event && this.#dying) return
    if (!event) return this.#hold(`${path}: an event was sent that is not in the log`)
    const what = `${integration.id}: event ${event.seq} (${event.name}) was sent`
    if (integration.silentSince !== null) this.#hold(`${what} although ${integration.silentSince}`)
    const fate = integration.fates.get(event.seq)
    if (fate === undefined && !integration.maySoonTake(event) && !integration.mayBeAsked(event))
      this.#hold(`${what} although it does not match`)
    else if (fate !== undefined && fate !== 'open' && fate !== 'waiting' && !integration.mayRepeat)
      this.#hold(`${what} although ${fate}`)
    if (this.#current(integration, event)?.lost === false) this.#hold(`${what} twice at the same time`)
    this.sent.push({
      life,
      integration,
      event,
      asked: fate === 'expired' || (fate === undefined && integration.mayBeAsked(event)),
      state: 'under way',
      status: 0,
      answeredAt: 0,
      recorded: false,
      lost: false,
      release: null,
    })
  }

  #hold(what: string): void {
    this.#broken ??= what
  }

  #eventOf(eventId: string): ModelEvent | undefined {
    return this.model.events.findLast((event) => event.eventId === eventId)
  }

  #current(integration: ModelIntegration, event: ModelEvent): Sent | undefined {
    return this.sent.findLast(
      (s) => s.life === this.#life && s.integration === integration && s.event === event && s.state !== 'answered',
    )
  }

  #answer(request: ReceivedRequest): Answer | Promise<Answer> {
    const integration = this.targets.get(request.path)
    const life = Number(String(request.headers['user-agent']).split('.').at(-1))
    const event = this.#eventOf(String(request.headers['idempotency-key']).replaceAll('-', ''))
    if (!integration || !event || life !== this.#life) return 'reset'
    const sent = this.#current(integration, event)
    if (!sent) {
      this.#hold(`${integration.id}: event ${event.seq} arrived, which was not sent`)
      return 'reset'
    }
    if (request.body.toString() !== event.body) this.#hold(`${integration.id}: event ${event.seq} has other bytes`)
    const key = `${integration.no} ${event.seq}`
    const tries = this.#tries.get(key) ?? 0
    const mood = this.moods.get(integration) ?? null
    if (mood === null) this.#tries.set(key, tries + 1)
    const behaviour = mood ?? this.plans.get(event.eventId)?.[tries] ?? 200
    if (behaviour !== 'hang') return this.#say(sent, behaviour)
    sent.state = 'held'
    return new Promise((resolve) => {
      sent.release = (later) => resolve(this.#say(sent, later))
    })
  }

  #say(sent: Sent, behaviour: Behaviour): Answer {
    sent.state = 'answered'
    sent.answeredAt = performance.now()
    sent.release = null
    if (behaviour === 'reset' || behaviour === 'hang') return 'reset'
    const { status, headers } =
      typeof behaviour === 'number'
        ? { status: behaviour, headers: {} }
        : { status: behaviour.status, headers: { 'retry-after': behaviour.retryAfter } }
    sent.status = status
    // A long answer takes pages, which a full store does not have.
    return { status, headers, body: 'no '.repeat(status >= 300 && this.model.full ? 4000 : 1) }
  }

  /** Requests without an answer. */
  held(integration?: ModelIntegration): Sent[] {
    return this.sent.filter((s) => s.state === 'held' && (integration === undefined || s.integration === integration))
  }

  /** Answers held requests. */
  release(which: (sent: Sent, index: number) => boolean, behaviour: Behaviour): void {
    for (const sent of this.held().filter(which)) sent.release?.(behaviour)
  }

  /** The engine has given up what is in flight of this integration; it may send it again. */
  giveUp(integration: ModelIntegration): void {
    // What had not reached the receiver may never do so.
    for (const sent of this.sent) if (sent.integration === integration && sent.state === 'under way') sent.lost = true
    for (const sent of this.held(integration)) {
      this.saw('given up in flight')
      sent.state = 'answered'
      sent.lost = true
    }
  }

  /** Throws what was found wrong while nobody could be told. */
  complain(): void {
    if (this.#broken !== null) throw new Broken(this.#broken)
    if (this.#notices.length > 0) throw new Broken(`the engine told: ${this.#notices.join('; ')}`)
  }

  /** Waits until nothing is under way but what the receiver holds, and everything else is recorded. */
  async quiet(): Promise<void> {
    const limit = performance.now() + QUIET_LIMIT_MS
    for (let turns = 0; turns < 3; ) {
      await turn()
      this.complain()
      if (this.#isQuiet()) {
        turns++
        continue
      }
      turns = 0
      if (performance.now() > limit) throw new Broken(`not recorded after ${QUIET_LIMIT_MS} ms: ${this.#unrecorded()}`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /** Waits until the receiver has answered what was sent, or holds it; the engine need not have recorded it. */
  async answered(): Promise<void> {
    const limit = performance.now() + QUIET_LIMIT_MS
    while (this.#isUnderWay()) {
      await turn()
      this.complain()
      if (performance.now() > limit) throw new Broken('the receiver did not get what was sent')
    }
  }

  /** Waits until something is written to the WAL, for as long as a commit may take. */
  async written(): Promise<void> {
    const wal = () => {
      const { size, mtimeNs } = statSync(`${this.#file}-wal`, { bigint: true })
      return `${size} ${mtimeNs}`
    }
    const before = wal()
    const limit = performance.now() + 100
    while (wal() === before && performance.now() < limit) await turn()
  }

  #rows(): Map<string, number> {
    const rows = this.reader.prepare('SELECT integration, seq, count(*) AS n FROM attempts GROUP BY 1, 2').all()
    return new Map(
      (rows as { integration: number; seq: number; n: number }[]).map((r) => [`${r.integration} ${r.seq}`, r.n]),
    )
  }

  /** Answers that the engine has not recorded, as far as was looked. */
  #answers(): Sent[] {
    return this.sent.filter(
      (s) => s.state === 'answered' && !s.recorded && !s.lost && s.integration.silentSince !== DELETED,
    )
  }

  /** Parts the answers into those that have a new row and those that have none. */
  #sort(): { recorded: Sent[]; missing: Sent[] } {
    const rows = this.#rows()
    const left = new Map<string, number>()
    const recorded: Sent[] = []
    const missing: Sent[] = []
    for (const sent of this.#answers()) {
      const key = keyOf(sent)
      const fresh = left.get(key) ?? (rows.get(key) ?? 0) - (this.#base.get(key) ?? 0)
      left.set(key, fresh - 1)
      if (fresh > 0) recorded.push(sent)
      else missing.push(sent)
    }
    return { recorded, missing }
  }

  /** True while the receiver has not got something; what a deletion broke off never comes. */
  #isUnderWay(): boolean {
    return this.sent.some(
      (s) => s.life === this.#life && s.state === 'under way' && !s.lost && s.integration.silentSince !== DELETED,
    )
  }

  #isQuiet(): boolean {
    if (this.#isUnderWay()) return false
    if (this.#answers().length === 0) return true
    const { recorded, missing } = this.#sort()
    if (missing.length > 0) return false
    for (const sent of recorded) sent.recorded = true
    this.rebase()
    return true
  }

  #unrecorded(): string {
    const under = this.sent.filter((s) => s.life === this.#life && s.state === 'under way')
    const name = (s: Sent) => `${s.integration.id}/${s.event.seq}`
    return `under way ${under.map(name).join(' ')}; not recorded ${this.#sort().missing.map(name).join(' ')}`
  }

  /** Rows of attempts were added or taken away, and everything is recorded: counts from here on. */
  rebase(): void {
    this.#base = this.#rows()
    if (!this.model.full) this.#mayLag = false
  }

  /** Lets time pass, with everything that happens in it. */
  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms)
    this.latest = Math.max(this.latest, this.clock.now())
  }

  /** Sets the clock. */
  jump(ms: number): void {
    if (ms < 0) this.saw('clock set back')
    this.clock.jump(ms)
    this.latest = Math.max(this.latest, this.clock.now())
  }

  /** From now on the store gets no page more than it has. */
  fill(): void {
    const pages = this.#writer.pragma('page_count', { simple: true }) as number
    this.#writer.pragma(`max_page_count = ${pages}`)
    this.model.full = true
    this.#mayLag = true
  }

  /** There is space again. */
  lift(): void {
    if (this.model.full) this.#writer.pragma('max_page_count = 1073741823')
    this.model.full = false
  }

  /** Opens the store again after an orderly end. */
  async restart(): Promise<void> {
    if (!this.model.full) await this.answered()
    const graceful = this.held().length === 0 && !this.model.full
    this.#reader?.close()
    this.#reader = null
    await this.#engine.close(graceful ? 5_000 : 20)
    this.#lifeClock.die()
    spies.connections.delete(this.#file)
    this.complain()
    this.model.full = false
    this.#open()
    const lost = this.#bury()
    if (graceful && lost.length > 0) throw new Broken(`an orderly end lost the answer to event ${lost[0]!.event.seq}`)
  }

  /**
   * Kills the engine and opens what it leaves on the disk.
   *
   * @param torn what the last write to the WAL looks like when the power fails in the middle of it: cut or with one wrong byte, at a
   * place in thousandths from its beginning; `during` makes that write
   */
  async crash(
    torn: { readonly at: number; readonly flip: boolean; readonly during: () => Promise<void> | void } | null,
  ) {
    const from = { file: this.#file, wal: `${this.#file}-wal` }
    const before = torn === null ? null : readFileSync(from.wal)
    this.#dying = true
    await torn?.during()
    let wal: Buffer = existsSync(from.wal) ? readFileSync(from.wal) : Buffer.alloc(0)
    if (torn !== null && before !== null) {
      if (!wal.equals(before)) this.saw('torn write')
      wal = tear(before, wal, torn)
    }
    this.#reader?.close()
    this.#reader = null
    const dead = this.#engine
    const late = this.#mayLag || torn !== null
    this.#lifeClock.die()
    this.#folderNo++
    mkdirSync(this.#folder)
    copyFileSync(from.file, this.#file)
    writeFileSync(`${this.#file}-wal`, wal)
    spies.connections.delete(from.file)
    this.model.full = false
    // Its sockets close as those of a dead process do; what it still writes goes to the old folder.
    this.#ending.push(dead.close(0))
    for (const sent of this.held()) sent.release?.('reset')
    this.#open()
    this.#dying = false
    const now = performance.now()
    const overdue = this.#bury().find((sent) => now - sent.answeredAt > COMMIT_LIMIT_MS)
    if (overdue && !late) {
      throw new Broken(`${overdue.integration.id}: the answer to event ${overdue.event.seq} was not recorded in time`)
    }
  }

  /** Everything of earlier lives that has no record is lost. @returns what the receiver had answered of it */
  #bury(): Sent[] {
    for (const sent of this.sent) {
      if (sent.life === this.#life || sent.state === 'answered') continue
      sent.state = 'answered'
      sent.lost = true
    }
    const { recorded, missing } = this.#sort()
    for (const sent of recorded) sent.recorded = true
    for (const sent of missing) sent.lost = true
    this.saw('answer lost in a crash', missing.filter((sent) => sent.status !== 0).length)
    const ahead =
      'SELECT count(DISTINCT a.seq) FROM attempts AS a JOIN integrations AS i ON i.no = a.integration WHERE a.seq > i.cursor'
    this.saw('settled ahead of the cursor at a restart', this.reader.prepare(ahead).pluck().get() as number)
    this.rebase()
    return missing
  }

  daysAgo(days: number): number {
    return this.clock.now() - days * DAY_MS
  }

  /** One round of clearing away, with one day kept of what `change` names. */
  async retain(change: Partial<typeof KEEP_ALL>): Promise<void> {
    await this.call('settings.update', { ...KEEP_ALL, ...change })
    await this.#engine.runRetention()
    await this.call('settings.update', KEEP_ALL)
  }
}

/** Answers older than this are recorded even on a busy machine, unless the store refuses. */
const COMMIT_LIMIT_MS = 2_000

function keyOf({ integration, event }: Sent): string {
  return `${integration.no} ${event.seq}`
}

function tear(before: Buffer, after: Buffer, { at, flip }: { at: number; flip: boolean }): Buffer {
  let first = 0
  while (first < before.length && first < after.length && before[first] === after[first]) first++
  let last = after.length
  if (before.length >= after.length) while (last > first && before[last - 1] === after[last - 1]) last--
  if (last <= first) return after
  const place = first + Math.floor((at / 1000) * (last - first))
  if (!flip) return after.subarray(0, place)
  const flipped = Buffer.from(after)
  flipped[place] = flipped[place]! ^ 0x55
  return flipped
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
