import fc from 'fast-check'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import type { Parsed } from '../../shared/contract'
import { AppError } from '../../shared/errors'
import { checkAnswers, checkStore, observeNow } from './invariant'
import type { Creation, Model, ModelIntegration, NewModelEvent } from './model'
import { type Behaviour, Broken, type Rig, START, turn } from './rig'

/** How far the engine gets before the next step: to the end, to the answers of the receiver, or for some turns of the event loop. */
type Pace = 'quiet' | 'answered' | number

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

const NAMES = ['order.created', 'order.items_cancelled', 'return.processed', 'shop.opened'] as const
const TENANTS = ['acme', 'globex'] as const

const SELECTIONS = [
  { entities: [], events: [] },
  { entities: ['order'], events: [] },
  { entities: [], events: ['order.created'] },
  { entities: ['return'], events: ['order.items_cancelled'] },
  { entities: ['shop'], events: [] },
] as const

/** One step of a run: what happens, and the checks after it. */
class Step implements fc.AsyncCommand<Model, Rig> {
  constructor(
    readonly name: string,
    readonly input: unknown,
    readonly pace: Pace,
    readonly possible: (model: Readonly<Model>) => boolean,
    readonly work: (model: Model, rig: Rig) => Promise<unknown> | unknown,
  ) {}

  check(model: Readonly<Model>): boolean {
    return this.possible(model)
  }

  async run(model: Model, rig: Rig): Promise<void> {
    await this.work(model, rig)
    await settle(model, rig, this.pace)
  }

  toString(): string {
    return `${this.name}(${JSON.stringify(this.input)}${this.pace === 'quiet' ? '' : `, then ${this.pace}`})`
  }
}

/** Lets the engine work, and holds the store against the model. */
async function settle(model: Model, rig: Rig, pace: Pace): Promise<void> {
  if (typeof pace === 'number') for (let i = 0; i < pace; i++) await turn()
  else if (pace === 'answered' || model.full) await rig.answered()
  else {
    await rig.quiet()
    await checkStore(rig)
    return checkAnswers(rig)
  }
  await checkStore(rig)
}

const pace: fc.Arbitrary<Pace> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Pace>('quiet') },
  { weight: 2, arbitrary: fc.constant<Pace>('answered') },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 12 }) },
)

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Behaviour>(400, 400, 500, 503, 'reset') },
  { weight: 2, arbitrary: fc.constant<Behaviour>('hang') },
  { weight: 1, arbitrary: fc.constantFrom<Behaviour>(200, 302, 404) },
  {
    weight: 1,
    arbitrary: fc.record({ status: fc.constantFrom(429, 503), retryAfter: fc.constantFrom('0', '2', '20', 'soon') }),
  },
)

interface GivenEvent {
  readonly name: number
  readonly tenant: number
  readonly publishedAt: number
  readonly pad: number
  /** The publisher gives the id. */
  readonly ownId: boolean
  readonly plan: readonly Behaviour[]
}

const givenEvent: fc.Arbitrary<GivenEvent> = fc.record({
  name: fc.nat(NAMES.length - 1),
  tenant: fc.nat(TENANTS.length - 1),
  publishedAt: fc.constantFrom(-3 * DAY_MS, -DAY_MS, -HOUR_MS, 0, HOUR_MS),
  pad: fc.constantFrom(0, 0, 0, 9_000),
  ownId: fc.boolean(),
  plan: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Behaviour[]>([]) },
    { weight: 2, arbitrary: fc.array(behaviour, { minLength: 1, maxLength: 3 }) },
  ),
})

/** Makes the events of a publish call; numbers go on, so that every one is new. */
function makeEvents(model: Model, rig: Rig, given: readonly GivenEvent[]): NewModelEvent[] {
  return given.map((g, i) => {
    const no = model.head + i + 1
    const publishedAt = START + g.publishedAt
    const body = JSON.stringify({
      tenant: TENANTS[g.tenant],
      name: NAMES[g.name],
      published_at: new Date(publishedAt).toISOString(),
      payload: { id: `entity-${no}`, no, at: rig.sent.length, pad: 'x'.repeat(g.pad) },
    })
    const id = g.ownId ? `00000000-0000-4000-8000-${String(no).padStart(12, '0')}` : undefined
    const event = asModel(body, id)
    rig.plans.set(event.eventId, g.plan)
    return event
  })
}

function asModel(body: string, id?: string): NewModelEvent {
  const { eventId, tenant, name, publishedAt } = parseEnvelope(Buffer.from(body), id)
  return { eventId: eventId.toString('hex'), tenant, name, publishedAt, body }
}

function uuid(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Publishes, and holds the answer against the model. */
function publish(model: Model, rig: Rig, batch: readonly NewModelEvent[]): void {
  const expected = model.foresee(batch)
  // The model first: requests leave before the call returns.
  const now = rig.clock.now()
  const undo = model.publish(batch, now)
  try {
    const { outcomes } = rig.publish(batch.map((e) => parseEnvelope(Buffer.from(e.body), uuid(e.eventId))))
    if (JSON.stringify(outcomes) !== JSON.stringify(expected)) {
      throw new Broken(`a publish answered ${outcomes.join(', ')}, not ${expected.join(', ')}`)
    }
  } catch (error) {
    if (!model.full || !(error instanceof AppError) || error.code !== 'store_full') throw error
    rig.saw('store full: refused')
    undo()
  }
}

const always = () => true
const anyIntegration = (model: Readonly<Model>) => model.integrations.size > 0
const roomy = (model: Readonly<Model>) => !model.full
const anyEvent = (model: Readonly<Model>) => model.events.length > 0

const publishing = fc
  .tuple(fc.array(givenEvent, { minLength: 1, maxLength: 8 }), pace)
  .map(
    ([given, how]) =>
      new Step('publish', given, how, always, (model, rig) => publish(model, rig, makeEvents(model, rig, given))),
  )

const again = fc
  .tuple(fc.nat(), fc.constantFrom('same', 'other bytes', 'twice', 'other bytes first'), givenEvent, pace)
  .map(
    ([n, how, given, then]) =>
      new Step('again', { n, how }, then, anyEvent, (model, rig) => {
        const present = model.present()
        const { eventId, body } = present[n % present.length]!
        const known = asModel(body, uuid(eventId))
        const [fresh] = makeEvents(model, rig, [given])
        const conflict = asModel(fresh!.body, uuid(eventId))
        const batches = {
          same: [known],
          'other bytes': [conflict, fresh!],
          twice: [fresh!, known, fresh!],
          'other bytes first': [conflict, known, fresh!, asModel(body, uuid(fresh!.eventId))],
        }
        publish(model, rig, batches[how as keyof typeof batches])
      }),
  )

const creating = fc
  .tuple(
    fc.record({
      selection: fc.nat(SELECTIONS.length - 1),
      kind: fc.constantFrom('from now', 'replay', 'replay', 'temporary', 'temporary, later'),
      concurrency: fc.constantFrom(1, 2, 16),
      window: fc.constantFrom(1, 72),
      restarts: fc.boolean(),
    }),
    pace,
  )
  .map(
    ([given, then]) =>
      new Step(
        'create',
        given,
        then,
        (model) => model.integrations.size < 4,
        async (model, rig) => {
          const temporary = given.kind.startsWith('temporary')
          const creation: Creation = {
            id: model.nextId,
            temporary,
            startsAt: given.kind === 'from now' ? null : START - 2 * DAY_MS,
            endsAt: temporary ? (given.kind === 'temporary' ? START : START + 2 * HOUR_MS) : null,
            selection: copyOf(given.selection),
          }
          const integration = model.create(creation)
          // It is known before the call, since requests leave during the call.
          model.add(integration)
          integration.no = nextNo(rig)
          const answer = await rig.tryCall('integrations.create', {
            id: creation.id,
            integrationType: temporary ? 'temporary' : 'permanent',
            startsAt: creation.startsAt,
            endsAt: creation.endsAt,
            selection: copyOf(given.selection),
            target: rig.target(integration, 0),
            options: {
              concurrency: given.concurrency,
              deliveryWindowHours: given.window,
              restartWhenBack: given.restarts,
              stopAfterMinutes: 5,
            },
          })
          if (answer instanceof AppError) model.integrations.delete(integration.id)
        },
      ),
  )

function copyOf(n: number) {
  const { entities, events } = SELECTIONS[n]!
  return { entities: [...entities], events: [...events] }
}

/** Numbers are never given again. */
function nextNo(rig: Rig): number {
  const sql = "SELECT seq FROM sqlite_sequence WHERE name = 'integrations'"
  return ((rig.reader.prepare(sql).pluck().get() as number | undefined) ?? 0) + 1
}

/** Makes a step on one of the integrations that are there. */
function onOne<T>(
  name: string,
  input: fc.Arbitrary<T>,
  work: (integration: ModelIntegration, model: Model, rig: Rig, input: T) => Promise<unknown> | unknown,
  possible: (model: Readonly<Model>) => boolean = anyIntegration,
) {
  return fc
    .tuple(fc.nat(7), input, pace)
    .map(
      ([n, given, then]) =>
        new Step(name, { n, ...(given === undefined ? {} : { given }) }, then, possible, (model, rig) =>
          work(model.pick(n)!, model, rig, given),
        ),
    )
}

const nothing = fc.constant(undefined)

const pausing = onOne('pause', nothing, (integration, _model, rig) => pause(integration, rig))

async function pause(integration: ModelIntegration, rig: Rig): Promise<void> {
  const answer = await rig.tryCall('integrations.stop', { id: integration.id })
  if (answer instanceof AppError) return
  // One that has ended or stopped by failure may have done so since the last look; what the call answers is what is stored.
  if (answer.stopCause === 'operator') {
    integration.status = 'paused'
    integration.silentSince = 'it is paused'
  }
}

/** A paused integration has something to miss, and perhaps something in flight from before. */
const missing = onOne(
  'pause, publish',
  fc.record({
    flying: fc.option(givenEvent),
    missed: fc.array(givenEvent, { minLength: 1, maxLength: 6 }),
    forGood: fc.boolean(),
  }),
  async (integration, model, rig, { flying, missed, forGood }) => {
    if (flying !== null) {
      publish(model, rig, makeEvents(model, rig, [{ ...flying, plan: ['hang', ...flying.plan] }]))
      await rig.answered()
    }
    await pause(integration, rig)
    publish(model, rig, makeEvents(model, rig, missed))
    if (forGood && !model.full) await retain(model, rig, { what: 'events', old: true, release: false })
  },
)

async function start(integration: ModelIntegration, rig: Rig): Promise<void> {
  const silent = integration.silentSince
  integration.silentSince = null
  try {
    const answer = await rig.tryCall('integrations.start', { id: integration.id })
    if (answer instanceof AppError) integration.silentSince = silent
    else integration.status = 'running'
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'integration_ended') throw error
  }
}

const starting = onOne('start', nothing, (integration, _model, rig) => start(integration, rig))

const editing = onOne(
  'edit',
  fc.record({ selection: fc.option(fc.nat(SELECTIONS.length - 1)), target: fc.boolean(), late: fc.option(givenEvent) }),
  async (integration, model, rig, { selection, target, late }) => {
    if (integration.temporary) return
    const next = selection === null ? integration.selection : copyOf(selection)
    integration.changingTo = next
    const change = rig
      .tryCall('integrations.update', {
        id: integration.id,
        ...(selection === null ? {} : { selection: copyOf(selection) }),
        ...(target ? { target: rig.target(integration, rig.sent.length + 1) } : {}),
      })
      .then((answer) => {
        integration.changingTo = null
        // Before anything that was done since the change can be stored.
        if (!(answer instanceof AppError)) integration.edit(next, observeNow(rig, integration), model.events)
      })
    if (late !== null) publish(model, rig, makeEvents(model, rig, [late]))
    // The change waits for what is in flight.
    await rig.answered()
    if (rig.held(integration).length > 0) rig.saw('changed with something in flight')
    rig.release((sent) => sent.integration === integration, 500)
    await change
  },
  (model) => anyIntegration(model) && roomy(model),
)

const deleting = onOne('delete', nothing, async (integration, model, rig) => {
  const answer = await rig.tryCall('integrations.delete', { id: integration.id })
  if (!(answer instanceof AppError)) model.delete(integration)
})

/** Asks for a re-send, which the engine may refuse where there is nothing to send or the integration is paused. */
async function resend(rig: Rig, integration: ModelIntegration, filter: Parsed<'resends.start'>['filter']) {
  const before = integration.mayRepeat
  integration.mayRepeat = true
  try {
    const answer = await rig.tryCall('resends.start', { id: integration.id, filter })
    if (answer instanceof AppError) integration.mayRepeat = before
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    integration.mayRepeat = before
    if (error.code === 'nothing_to_resend') return
    if (error.code === 'integration_not_running' && integration.status !== 'running') return
    throw error
  }
}

const resending = onOne(
  'resend',
  fc.oneof(
    fc.constant({ kind: 'rejected' as const }),
    fc.record({
      kind: fc.constant('range' as const),
      from: fc.constant(START - 3 * DAY_MS),
      to: fc.constant(START + DAY_MS),
    }),
    fc.record({ kind: fc.constant('events' as const), pick: fc.nat() }),
  ),
  (integration, model, rig, filter) => {
    if (filter.kind !== 'events') return resend(rig, integration, filter)
    const present = model.present()
    const event = present[filter.pick % Math.max(1, present.length)]
    return event && resend(rig, integration, { kind: 'events', eventIds: [uuid(event.eventId)] })
  },
)

const removingRejected = onOne('delete rejected', fc.boolean(), async (integration, model, rig, one) => {
  if (!model.full) await rig.quiet()
  const listed = rig.reader
    .prepare('SELECT seq FROM rejected_events WHERE integration = ? ORDER BY seq')
    .pluck()
    .all(integration.no) as number[]
  const seqs = one ? listed.slice(0, 1) : listed
  const answer = await rig.tryCall('rejected.delete', {
    id: integration.id,
    eventIds: one ? seqs.map((seq) => uuid(model.event(seq)!.eventId)) : 'all',
  })
  if (answer instanceof AppError) return
  if (answer.deleted !== seqs.length)
    throw new Broken(`${answer.deleted} rejected events were deleted of ${seqs.length}`)
  for (const seq of seqs) {
    rig.saw('rejected and deleted from the list')
    integration.tombstones.add(seq)
    integration.fates.set(seq, 'rejected')
  }
})

const releasing = fc
  .tuple(fc.integer({ min: 1, max: 0xff }), fc.constantFrom<Behaviour>(200, 200, 400, 500, 'reset'), pace)
  .map(
    ([mask, answer, then]) =>
      new Step('release', { mask, answer }, then, always, (_model, rig) =>
        rig.release((_sent, i) => ((mask >> (i % 8)) & 1) === 1, answer),
      ),
  )

const mood = onOne(
  'mood',
  fc.constantFrom<Behaviour | null>(null, null, 200, 500, 503, 'reset', 400, 410),
  (integration, _model, rig, how) => void rig.moods.set(integration, how),
)

const waiting = fc
  .tuple(fc.constantFrom(1_000, 5_000, 30_000, 61_000, 6 * 61_000, HOUR_MS), pace)
  .map(([ms, then]) => new Step('wait', ms, then, always, (_model, rig) => passTime(rig, ms)))

/** Lets time pass in steps, so that what becomes due in it is sent and answered in it. */
async function passTime(rig: Rig, ms: number): Promise<void> {
  const step = Math.max(1_000, Math.ceil(ms / 12))
  for (let passed = 0; passed < ms; passed += step) {
    await rig.advance(Math.min(step, ms - passed))
    if (rig.model.full) await rig.answered()
    else await rig.quiet()
  }
}

/** Nothing succeeds for long enough that an integration stops itself; then, perhaps, its target is back. */
const outage = onOne(
  'outage',
  fc.record({
    answer: fc.constantFrom<Behaviour>(500, 503, 'reset'),
    given: fc.array(givenEvent, { minLength: 1, maxLength: 6 }),
    back: fc.boolean(),
  }),
  async (integration, model, rig, { answer, given, back }) => {
    rig.moods.set(integration, answer)
    publish(model, rig, makeEvents(model, rig, given))
    await passTime(rig, 12 * MINUTE_MS)
    rig.moods.set(integration, null)
    if (back) await passTime(rig, 3 * MINUTE_MS)
  },
)

const jumping = fc
  .tuple(fc.constantFrom(-DAY_MS, -HOUR_MS, -30_000, 30_000, HOUR_MS, DAY_MS), pace)
  .map(([ms, then]) => new Step('jump', ms, then, always, (_model, rig) => rig.jump(ms)))

interface Retain {
  readonly what: 'events' | 'attempts' | 'rejected' | 'all'
  /** Everything that is there gets too old first. */
  readonly old: boolean
  /** What the receiver holds is answered first. */
  readonly release: boolean
}

const retaining = fc
  .record<Retain>({
    what: fc.constantFrom('events', 'events', 'attempts', 'rejected', 'all'),
    old: fc.boolean(),
    release: fc.boolean(),
  })
  .map((given) => new Step('retain', given, 'quiet', roomy, (model, rig) => retain(model, rig, given)))

/** A round of the retention with one day kept. */
async function retain(model: Model, rig: Rig, { what, old, release }: Retain): Promise<void> {
  await rig.quiet()
  await checkStore(rig)
  if (release) {
    rig.release(() => true, 500)
    await rig.quiet()
    await checkStore(rig)
  }
  if (old) rig.jump(1.5 * DAY_MS)
  const before = [...model.integrations.values()].map((integration) => ({
    integration,
    listed: rejectedOf(rig, integration),
    expired: integration.count('expired'),
    cursor: integration.cursor,
  }))
  const events = what === 'events' || what === 'all'
  await rig.retain({
    ...(events ? { keepEventsDays: 1 } : {}),
    ...(what === 'attempts' || what === 'all' ? { keepAttemptsDays: 1 } : {}),
    ...(what === 'rejected' || what === 'all' ? { keepRejectedDays: 1 } : {}),
  })
  for (const { integration, listed } of before) {
    const left = new Set(rejectedOf(rig, integration))
    for (const seq of listed) if (!left.has(seq)) integration.tombstones.add(seq)
  }
  rig.rebase()
  await checkStore(rig, events ? { expiredBefore: rig.daysAgo(1) } : {})
  // What is in flight of a paused integration goes when the retention moves it on.
  for (const { integration, expired, cursor } of before) {
    if (integration.count('expired') > expired || (integration.status !== 'running' && integration.cursor > cursor)) {
      rig.giveUp(integration)
    }
  }
}

function rejectedOf(rig: Rig, { no }: ModelIntegration): number[] {
  return rig.reader.prepare('SELECT seq FROM rejected_events WHERE integration = ?').pluck().all(no) as number[]
}

const crashing = pace.map((then) => new Step('crash', null, then, always, (_model, rig) => rig.crash(null)))

/** Thousandths, since small numbers are easier to read and are spread evenly. */
const torn = { at: fc.integer({ min: 0, max: 999 }), flip: fc.boolean() }

const tearingPublish = fc
  .tuple(fc.record({ ...torn, given: fc.array(givenEvent, { minLength: 1, maxLength: 6 }) }), pace)
  .map(
    ([{ at, flip, given }, then]) =>
      new Step('tear publish', { at, flip, given }, then, roomy, async (model, rig) => {
        const batch = makeEvents(model, rig, given)
        const during = () => void rig.publish(batch.map((e) => parseEnvelope(Buffer.from(e.body), uuid(e.eventId))))
        // The call never answered: nothing was promised.
        await rig.crash({ at, flip, during })
      }),
  )

const tearingCommit = fc
  .tuple(fc.record({ ...torn, given: fc.array(givenEvent, { minLength: 1, maxLength: 6 }) }), pace)
  .map(
    ([{ at, flip, given }, then]) =>
      new Step('tear commit', { at, flip, given }, then, roomy, async (model, rig) => {
        publish(model, rig, makeEvents(model, rig, given))
        await rig.answered()
        // Whatever is stored next, if anything is.
        await rig.crash({ at, flip, during: () => rig.written() })
      }),
  )

const restarting = pace.map((then) => new Step('restart', null, then, always, (_model, rig) => rig.restart()))

const filling = pace.map((then) => new Step('fill', null, then, roomy, (_model, rig) => rig.fill()))

const lifting = pace.map(
  (then) =>
    new Step(
      'lift',
      null,
      then,
      (model) => model.full,
      (_model, rig) => rig.lift(),
    ),
)

const WEIGHTS: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
  [10, publishing],
  [2, again],
  [5, creating],
  [2, pausing],
  [3, missing],
  [3, starting],
  [3, editing],
  [1, deleting],
  [5, resending],
  [2, removingRejected],
  [4, releasing],
  [3, mood],
  [5, waiting],
  [2, outage],
  [2, jumping],
  [3, retaining],
  [3, crashing],
  [1, tearingPublish],
  [1, tearingCommit],
  [2, restarting],
  [1, filling],
  [2, lifting],
]

/** Sequences of steps; each kind as often as its weight says. */
export function steps(maxCommands: number, replayPath?: string): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Rig>>> {
  const all = WEIGHTS.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary))
  return fc.commands<Model, Rig, false>(all, {
    maxCommands,
    size: 'max',
    ...(replayPath === undefined ? {} : { replayPath }),
  })
}

/**
 * Longest time in which a receiver that works gets everything: twice the longest wait that it may ask for (a pause, then the due
 * time of an event), and some probes.
 */
const SETTLE_LIMIT_MS = 40 * 60_000

/**
 * Eventual delivery: from now on the receiver accepts everything, the disk has space and everything is started; then every event
 * that matches is settled within bounded time, and once more after a restart nothing is sent again.
 */
export async function finish(model: Model, rig: Rig): Promise<void> {
  rig.lift()
  for (const integration of model.integrations.values()) rig.moods.set(integration, 200)
  for (const { eventId } of model.events) rig.plans.set(eventId, [])
  rig.release(() => true, 200)
  await settle(model, rig, 'quiet')
  for (const integration of model.integrations.values())
    if (integration.status !== 'running') await start(integration, rig)
  await settle(model, rig, 'quiet')
  const open = () => [...model.integrations.values()].filter((i) => i.status !== 'ended' && !i.settled)
  for (let passed = 0; open().length > 0; passed += 15_000) {
    if (passed > SETTLE_LIMIT_MS) {
      const left = open().map((i) => `${i.id} (${i.status}): ${i.count('open')} open, ${i.count('waiting')} waiting`)
      throw new Broken(`not settled after ${SETTLE_LIMIT_MS / 60_000} minutes with a good receiver: ${left.join(', ')}`)
    }
    await rig.advance(15_000)
    await settle(model, rig, 'quiet')
  }
  const count = rig.sent.length
  await rig.restart()
  await settle(model, rig, 'quiet')
  const repeated = rig.sent.slice(count).find((sent) => !sent.integration.mayRepeat)
  if (repeated)
    throw new Broken(
      `${repeated.integration.id}: event ${repeated.event.seq} was sent again after everything was settled`,
    )
}
