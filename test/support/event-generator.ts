import { open, rename, rm } from 'node:fs/promises'
import { adjustment, makeProducts, type Story, storeOrder, transfer, type World, webOrder } from './event-stories.ts'
import { Random } from './random.ts'

/** The life cycles that a stream is woven from. */
export type StoryName = 'webOrder' | 'storeOrder' | 'transfer' | 'adjustment'

export interface GeneratorOptions {
  /** An integer. The same options give the same bytes on every machine. */
  readonly seed: number
  readonly count: number
  /** Publishing time of the first event at the earliest, epoch ms. Default: 2026-01-12T08:00:00Z. */
  readonly start?: number
  /** Mean time between two events, ms (at least 0); the gaps are exponentially distributed. Default: 250. */
  readonly meanGap?: number
  /** Default: `example-tenant`. */
  readonly tenant?: string
  /** `full` (default): bodies like the system's, about 1.7 KB on average; `short`: about 0.8 KB. */
  readonly detail?: 'full' | 'short'
  /** How often each life cycle begins, relative to the others; one that is left out or 0 does not occur. */
  readonly mix?: Readonly<Partial<Record<StoryName, number>>>
}

export interface GeneratedEvent {
  /** `entity.moment` */
  readonly name: string
  /** The envelope: one line of NDJSON, without a line break. */
  readonly line: string
}

export interface EventFile {
  readonly bytes: number
  readonly count: number
  readonly byType: Readonly<Record<string, number>>
  readonly byEntity: Readonly<Record<string, number>>
}

export const DEFAULT_START = Date.UTC(2026, 0, 12, 8)

const STORIES: Readonly<Record<StoryName, (world: World) => Story>> = { webOrder, storeOrder, transfer, adjustment }
const DEFAULT_MIX = { webOrder: 48, storeOrder: 26, transfer: 28, adjustment: 14 } as const

/** Life cycles under way at the same time: what bounds the memory, and how far the events of one order lie apart. */
const UNDER_WAY_MAX = 64
/** Above the share of first events, so that the number under way grows to its maximum and stays there. */
const BEGIN_SHARE = 0.35
const WRITE_BYTES = 1 << 20
const LINE_FEED = 0x0a

/**
 * A stream of realistic events: life cycles of orders, returns, refunds and stock, interleaved, with ids, money and times that
 * agree with each other. `published_at` never goes back. An order's events come in the order in which they happen. A stream
 * ends after `count` events wherever its life cycles are, and is the beginning of every longer stream of the same options.
 */
export function* generate(options: GeneratorOptions): Generator<GeneratedEvent, void, void> {
  const { seed, count, start = DEFAULT_START, meanGap = 250, tenant = 'example-tenant', detail = 'full' } = options
  const random = new Random(seed)
  const world: World = { random, now: start, detail, products: makeProducts(random), orderCount: 0 }
  const begin = beginner(world, options.mix ?? DEFAULT_MIX)
  const head = `{"tenant":${JSON.stringify(tenant)},"name":"`
  const underWay: Story[] = []
  let exact = start
  for (let made = 0; made < count; ) {
    if (underWay.length === 0 || (underWay.length < UNDER_WAY_MAX && random.chance(BEGIN_SHARE))) underWay.push(begin())
    const index = random.int(0, underWay.length - 1)
    const next = underWay[index]!.next()
    if (next.done === true) {
      underWay[index] = underWay.at(-1)!
      underWay.pop()
      continue
    }
    const { name, payload } = next.value
    const line = `${head}${name}","published_at":"${new Date(world.now).toISOString()}","payload":${JSON.stringify(payload)}}`
    yield { name, line }
    made++
    exact += random.exponential(meanGap)
    world.now = Math.floor(exact)
  }
}

/** As `generate`, the lines alone. */
export function* generateEvents(options: GeneratorOptions): Generator<string, void, void> {
  for (const { line } of generate(options)) yield line
}

/** Draws the next life cycle by the weights of the mix. */
function beginner(world: World, mix: NonNullable<GeneratorOptions['mix']>): () => Story {
  // The order of the table, not of the caller's object, so that equal mixes give equal streams.
  const names = (Object.keys(STORIES) as StoryName[]).filter((name) => (mix[name] ?? 0) > 0)
  const total = names.reduce((sum, name) => sum + mix[name]!, 0)
  const last = names.at(-1)
  if (last === undefined) throw new RangeError('The mix holds no life cycle.')
  return () => {
    let dice = world.random.float() * total
    for (const name of names) {
      dice -= mix[name]!
      if (dice < 0) return STORIES[name](world)
    }
    return STORIES[last](world)
  }
}

/**
 * Writes a stream to a file, one event per line, in bounded memory. The file appears under its name only when it is complete.
 *
 * @returns size in bytes and the numbers of events, in total, by event type and by entity
 */
export async function writeEventFile(path: string, options: GeneratorOptions): Promise<EventFile> {
  const byType: Record<string, number> = {}
  const partial = `${path}.partial`
  const file = await open(partial, 'w')
  let bytes = 0
  let count = 0
  try {
    // Two buffers take turns: one is filled while the other is written.
    let filling = Buffer.allocUnsafe(WRITE_BYTES)
    let resting = Buffer.allocUnsafe(WRITE_BYTES)
    let used = 0
    let writing: Promise<void> = Promise.resolve()
    const flush = async () => {
      await writing
      writing = file.writeFile(filling.subarray(0, used))
      // A failed write is reported by the await before the next one, or by the last.
      writing.catch(() => {})
      bytes += used
      used = 0
      ;[filling, resting] = [resting, filling]
    }
    for (const { name, line } of generate(options)) {
      // UTF-8 takes at most three bytes for a UTF-16 unit.
      const room = line.length * 3 + 1
      if (used + room > filling.length) await flush()
      if (room > filling.length) filling = Buffer.allocUnsafe(room)
      used += filling.write(line, used)
      filling[used++] = LINE_FEED
      byType[name] = (byType[name] ?? 0) + 1
      count++
    }
    await flush()
    await writing
    await file.close()
    await rename(partial, path)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(partial, { force: true })
    throw error
  }
  const byEntity: Record<string, number> = {}
  for (const [name, number] of Object.entries(byType)) {
    const entity = name.slice(0, name.indexOf('.'))
    byEntity[entity] = (byEntity[entity] ?? 0) + number
  }
  return { bytes, count, byType, byEntity }
}
