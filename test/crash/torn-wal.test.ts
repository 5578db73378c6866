import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openWritable, type ReadableDb, STORE_FILE } from '../../main/store/database'
import { formatUuid } from '../../main/store/uuid'
import { watchDriver } from '../support/driver-watch'
import { generateEvents } from '../support/event-generator'
import { LocalEngine } from '../support/local-engine'
import { Random } from '../support/random'
import { Receiver } from '../support/receiver'
import { eventIdsOf, faultsOf } from '../support/store-check'
import { tempDir } from '../support/temp-dir'

const DAMAGES = 200
/** Every recovered store is looked into; one in so many is opened by an engine, which delivers the rest. That takes its time. */
const ENGINE_EVERY = 8
const PUBLISHES = 24
const EACH = 4

/** The whole state that a commit leads to, as far as an operator could tell two of them apart. */
function stateOf(db: ReadableDb): string {
  const events = db.prepare('SELECT count(*), max(seq) FROM events').get()
  const types = db.prepare('SELECT name, events FROM event_types ORDER BY id').all()
  const integration = db.prepare('SELECT cursor, delivered, rejected FROM integrations').get()
  const waiting = db.prepare('SELECT seq, attempts FROM waiting ORDER BY seq').all()
  const attempts = db.prepare('SELECT count(*) FROM attempts').pluck().get()
  return JSON.stringify([events, types, integration, waiting, attempts])
}

/** What a power cut or a bad disk does to the part that was not yet moved into the store. */
function damage(wal: Buffer, random: Random): { readonly wal: Buffer; readonly at: number } {
  const at = random.int(0, wal.length - 1)
  const damaged = Buffer.from(wal)
  switch (random.int(0, 3)) {
    case 0:
      return { wal: damaged.subarray(0, at), at }
    case 1:
      damaged[at]! ^= 1 << random.int(0, 7)
      break
    case 2:
      damaged.fill(0, at, at + 512)
      break
    default:
      for (let i = at; i < Math.min(at + 4096, wal.length); i++) damaged[i] = random.int(0, 255)
  }
  return { wal: damaged, at }
}

it('a WAL that is cut or damaged anywhere recovers to a committed prefix, and delivery goes on', async () => {
  const states: string[] = []
  let recording = false
  watchDriver((db) => {
    if (recording) states.push(stateOf(db))
  })
  const folder = tempDir()
  const receiver = await Receiver.start()
  onTestFinished(() => receiver.close())
  receiver.answerWith((_, n) => ({ status: n % 7 === 0 ? 503 : n % 11 === 0 ? 400 : 200 }))
  const workspace = join(folder, 'first')
  const first = new LocalEngine({ workspace })
  await first.create({ id: 'torn' }, receiver.url)
  await first.close()

  // From here on everything is in the WAL: it stays below the size at which a checkpoint is due.
  const engine = new LocalEngine({ workspace })
  recording = true
  states.push(stateOf(engine.reader))
  const publishes: string[][] = []
  const events = generateEvents({ seed: 5, count: PUBLISHES * EACH })
  for (let i = 0; i < PUBLISHES; i++) {
    const { accepted } = engine.publish(Array.from({ length: EACH }, () => events.next().value as string))
    publishes.push(accepted.map(({ eventId }) => formatUuid(eventId)))
    // A commit of results lies between two publishes.
    await engine.until(() => states.length > 2 * (i + 1))
  }
  recording = false
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of [STORE_FILE, `${STORE_FILE}-wal`]) copyFileSync(join(workspace, name), join(copy, name))
  await engine.close()
  const wal = readFileSync(join(copy, `${STORE_FILE}-wal`))
  receiver.answerWith({ status: 200 })

  const random = new Random(11)
  const seen = new Set<number>()
  for (let n = 0; n < DAMAGES; n++) {
    const damaged = damage(wal, random)
    const place = join(folder, `damaged-${n}`)
    mkdirSync(place)
    copyFileSync(join(copy, STORE_FILE), join(place, STORE_FILE))
    writeFileSync(join(place, `${STORE_FILE}-wal`), damaged.wal)
    const label = `damage ${n} at ${damaged.at} of ${wal.length}`

    const recovered = n % ENGINE_EVERY === 0 ? new LocalEngine({ workspace: place }) : null
    const db = recovered?.reader ?? openWritable(join(place, STORE_FILE))
    const state = states.lastIndexOf(stateOf(db))
    expect(state, `${label}: a state that no commit led to`).toBeGreaterThanOrEqual(0)
    seen.add(state)
    expect(faultsOf(db), label).toEqual([])
    const stored = eventIdsOf(db)
    // The log holds whole publishes, the oldest ones, in order.
    expect(stored, label).toEqual(publishes.flat().slice(0, stored.length))
    expect(stored.length % EACH, `${label}: a publish in part`).toBe(0)
    if (recovered === null) db.close()
    else {
      await recovered.until(() => recovered.summary('torn').backlog === 0)
      const { delivered, rejected } = recovered.summary('torn')
      expect(delivered + rejected, label).toBe(stored.length)
      await recovered.close(0)
    }
    rmSync(place, { recursive: true })
  }
  // The damages were spread over the commits, or they would prove little.
  expect(seen.size).toBeGreaterThan(PUBLISHES)
}, 120_000)
