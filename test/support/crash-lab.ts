import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { openPlain, STORE_FILE } from '../../main/store/database'
import { type LastMoment, readJournal } from './crash-journal'
import { EngineProcess } from './engine-launcher'
import { type CrashPoint, type LoadOptions, MOMENTS } from './engine-protocol'
import { type ReceivedLine, type ReceiverProcess, readReceived, startReceiverProcess } from './receiver-launcher'
import { eventIdsOf, faultsOf, settledOf } from './store-check'

/** System calls of SQLite in which a tracer kills the process: `nth` call of this name on this file. */
const CALL_MOMENTS = {
  'commit.write': { calls: 'pwrite64', file: `${STORE_FILE}-wal` },
  'commit.sync': { calls: 'fdatasync,fsync', file: `${STORE_FILE}-wal` },
  'checkpoint.write': { calls: 'pwrite64', file: STORE_FILE },
  'checkpoint.sync': { calls: 'fdatasync,fsync', file: STORE_FILE },
} as const

/** Names of {@link CALL_MOMENTS}; they need `strace`. */
export const CALLS = Object.keys(CALL_MOMENTS) as (keyof typeof CALL_MOMENTS)[]

export type Kill =
  | CrashPoint
  /** The call is entered and never comes back, so what it was to write or sync is not. */
  | { readonly moment: keyof typeof CALL_MOMENTS; readonly nth: number }

/** Every kind of moment, in turn, until there are `count` of them, each later in its kind than the one before. */
export function spread(count: number, kinds: readonly Kill['moment'][]): Kill[] {
  return Array.from({ length: count }, (_, i) => {
    const moment = kinds[i % kinds.length]!
    const round = Math.floor(i / kinds.length)
    const { first, step } = ORDINALS[moment]
    return { moment, nth: first + round * step } as Kill
  })
}

/**
 * Which happening of its kind a kill takes: rare ones are counted one by one, frequent ones in strides. System calls are counted
 * from the start of the process, so the first ones belong to the opening of the workspace.
 */
const ORDINALS: Readonly<Record<Kill['moment'], { readonly first: number; readonly step: number }>> = {
  'publish.begin': { first: 1, step: 3 },
  'publish.insert': { first: 1, step: 7 },
  'publish.commit': { first: 1, step: 3 },
  'publish.committed': { first: 1, step: 3 },
  'publish.answered': { first: 1, step: 3 },
  'send.create': { first: 1, step: 11 },
  'send.headers': { first: 1, step: 11 },
  'send.body': { first: 1, step: 11 },
  'answer.status': { first: 1, step: 11 },
  'answer.end': { first: 1, step: 11 },
  'record.begin': { first: 1, step: 2 },
  'record.attempt': { first: 1, step: 9 },
  'record.waiting': { first: 1, step: 1 },
  'record.rejected': { first: 1, step: 1 },
  'record.cursor': { first: 1, step: 2 },
  'record.commit': { first: 1, step: 2 },
  'record.committed': { first: 1, step: 2 },
  'commit.write': { first: 24, step: 13 },
  'commit.sync': { first: 5, step: 2 },
  'checkpoint.write': { first: 1, step: 3 },
  'checkpoint.sync': { first: 1, step: 1 },
}

/** Both limits of promise 3: the default concurrency, and the longest time for which results are gathered. */
const CONCURRENCY = 16
const COMMIT_INTERVAL_MAX_MS = 50
/** What the turn of the event loop adds in which the interval ends. */
const TURN_MS = 150

/** Of the moments within a publish: whether its events are in the store then. */
const IS_STORED: Readonly<Record<string, boolean>> = {
  'publish.begin': false,
  'publish.insert': false,
  'publish.commit': false,
  'publish.committed': true,
  'publish.answered': true,
}

const LOAD: Omit<LoadOptions, 'from'> = { seed: 77, publishes: 80, eventsEach: 4, everyMs: 3 }
const INTEGRATION = 'crash'

interface CrashReport {
  /** `repeatable`: events that had been answered for good in the life of the process, of which no commit tells. */
  readonly kills: readonly (Kill & { readonly last: LastMoment; readonly repeatable: number })[]
  readonly accepted: number
  readonly requests: number
  /** Requests for events that had been answered for good before. */
  readonly repeats: number
  /** Attempts that no commit recorded. */
  readonly unrecorded: number
}

export interface CrashSummary {
  readonly kills: number
  /** How often the process died in each phase. */
  readonly phases: Readonly<Record<string, number>>
  readonly accepted: number
  readonly requests: number
  readonly repeats: number
  readonly unrecorded: number
}

/** Deals the kills out to several workspaces in `folder` and runs them, some at once: see {@link crash}. */
export async function crashAll(
  folder: string,
  kills: readonly Kill[],
  { workspaces, atOnce }: { readonly workspaces: number; readonly atOnce: number },
): Promise<CrashSummary> {
  const shares = Array.from({ length: workspaces }, (_, n) => kills.filter((_, i) => i % workspaces === n))
  const reports: CrashReport[] = []
  let next = 0
  const worker = async () => {
    while (next < shares.length) {
      const n = next++
      const own = join(folder, `workspace-${n}`)
      mkdirSync(own)
      reports.push(await crash(own, shares[n]!))
      rmSync(own, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const phases: Record<string, number> = {}
  for (const { last } of reports.flatMap((report) => report.kills)) phases[last.phase] = (phases[last.phase] ?? 0) + 1
  const sum = (of: (report: CrashReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  return {
    kills: sum((r) => r.kills.length),
    phases,
    accepted: sum((r) => r.accepted),
    requests: sum((r) => r.requests),
    repeats: sum((r) => r.repeats),
    unrecorded: sum((r) => r.unrecorded),
  }
}

/**
 * Kills one workspace's engine at each of these moments, one process after the other. After each death a copy of the store must be
 * whole; after every second one the next process settles everything before it is loaded again, the others are killed while they
 * still work on what the one before left. At the end everything is settled and counted against what publisher and receiver wrote.
 *
 * @param folder empty; everything lies in it
 * @throws Error naming the kill and what did not hold
 */
async function crash(folder: string, kills: readonly Kill[]): Promise<CrashReport> {
  const lab = new Lab(folder)
  await lab.open()
  try {
    for (const [index, kill] of kills.entries()) {
      try {
        await lab.kill(kill, index)
      } catch (error) {
        throw new Error(`Kill ${index + 1}, ${kill.moment} no. ${kill.nth}: ${String(error)}`, { cause: error })
      }
    }
    return await lab.conclude()
  } finally {
    await lab.close()
  }
}

class Lab {
  readonly #workspace: string
  readonly #copy: string
  readonly #journal: string
  readonly #published: string
  readonly #trace: string
  readonly #ids: string
  #receiver!: ReceiverProcess
  #offset = 0
  readonly #kills: CrashReport['kills'][number][] = []
  /** How often each event may be answered for good once more: it had been, but no commit had recorded it at so many deaths. */
  readonly #mayRepeat = new Map<string, number>()
  #unrecordedMax = 0
  /** Of the receiver's file, written up to the last death. */
  #linesBefore = 0

  constructor(folder: string) {
    this.#workspace = join(folder, 'workspace')
    this.#copy = join(folder, 'copy')
    this.#journal = join(folder, 'journal')
    this.#published = join(folder, 'published.txt')
    this.#trace = join(folder, 'trace.txt')
    this.#ids = join(folder, 'ids.txt')
    mkdirSync(this.#workspace)
  }

  async open(): Promise<void> {
    this.#receiver = await startReceiverProcess({
      idsFile: this.#ids,
      latencyMs: [0, 4],
      statusMix: { 200: 80, 503: 12, 400: 8 },
    })
    const engine = await this.#start()
    await engine.call('integrations.create', {
      id: INTEGRATION,
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: [], events: [] },
      target: { kind: 'webhook', callbackUrl: this.#receiver.url, apiKey: 'key' },
      options: { concurrency: CONCURRENCY },
    })
    await engine.close()
  }

  async #start(): Promise<EngineProcess> {
    const engine = await this.#launch([])
    await engine.opened
    return engine
  }

  #launch(under: readonly string[]): Promise<EngineProcess> {
    return EngineProcess.launch({
      workspace: this.#workspace,
      random: 0.02,
      walPages: 40,
      journal: this.#journal,
      published: this.#published,
      under,
    })
  }

  async kill(kill: Kill, index: number): Promise<void> {
    const call = kill.moment in CALL_MOMENTS ? CALL_MOMENTS[kill.moment as keyof typeof CALL_MOMENTS] : null
    const engine = await this.#launch(call === null ? [] : this.#tracer(call, kill.nth))
    const limit = setTimeout(() => engine.signal('SIGKILL'), 20_000)
    if (call === null) {
      await engine.opened
      if (index % 2 === 0) await engine.send({ do: 'settle' })
      await engine.send({ do: 'arm', at: kill as CrashPoint })
    }
    const load = { ...LOAD, from: this.#offset }
    this.#offset += LOAD.publishes * LOAD.eventsEach
    // A tracer may kill the process while it opens its workspace.
    engine.opened.then(() => engine.send({ do: 'load', load })).catch(() => {})
    const { signal } = await engine.exit
    clearTimeout(limit)
    if (signal !== 'SIGKILL') throw new Error(`It ended by ${signal}: ${engine.complaint}`)
    const last = readJournal(this.#journal)
    if (call === null) {
      if (MOMENTS[last.moment] !== kill.moment) throw new Error('The moment was not reached within 20 s.')
    } else this.#proveCall(kill.nth)
    await this.#drained()
    const repeatable = this.#checkCopy(last)
    this.#kills.push({ ...kill, last, repeatable })
  }

  /** The tracer follows the main thread only, in which SQLite works. */
  #tracer({ calls, file }: { calls: string; file: string }, nth: number): string[] {
    const path = join(this.#workspace, file)
    const inject = `inject=${calls}:signal=SIGKILL:when=${nth}`
    return ['strace', '-o', this.#trace, '-e', `trace=${calls}`, '-P', path, '-e', inject, '--']
  }

  #proveCall(nth: number): void {
    const lines = readFileSync(this.#trace, 'utf8').trimEnd().split('\n')
    const calls = lines.filter((line) => /^(pwrite64|fdatasync|fsync)\(/.test(line))
    if (calls.length !== nth || !calls.at(-1)!.trimEnd().endsWith('= ?')) {
      throw new Error(`The trace does not end in call ${nth}: ${lines.slice(-3).join(' | ')}`)
    }
  }

  /** Resolves when the receiver has read what the dead process had sent: requests are read in the order of their arrival. */
  async #drained(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await new Promise<void>((resolve, reject) => {
        const post = request(this.#receiver.url, { method: 'POST', agent: false }, (answer) =>
          answer.resume().on('end', resolve),
        )
        post.on('error', reject)
        post.end()
      })
    }
  }

  /** @returns how many events the next process may deliver again */
  #checkCopy(last: LastMoment): number {
    rmSync(this.#copy, { recursive: true, force: true })
    mkdirSync(this.#copy)
    const path = join(this.#copy, STORE_FILE)
    for (const suffix of ['', '-wal']) {
      const from = join(this.#workspace, STORE_FILE + suffix)
      if (existsSync(from)) copyFileSync(from, path + suffix)
    }
    const db = openPlain(path, 0)
    try {
      const faults = faultsOf(db)
      const stored = new Set(eventIdsOf(db))
      faults.push(...this.#publishFaults(stored), ...this.#lastPublishFaults(stored, last))
      const { delivered, rejected } = settledOf(db, 1)
      let repeatable = 0
      const lines = readReceived(this.#ids)
      for (const id of answeredForGood(lines.slice(this.#linesBefore)).keys()) {
        if (delivered.has(id) || rejected.has(id)) continue
        repeatable++
        this.#mayRepeat.set(id, (this.#mayRepeat.get(id) ?? 0) + 1)
      }
      this.#linesBefore = lines.length
      const open = last.inFlight + last.unrecorded
      this.#unrecordedMax += open
      if (last.inFlight > CONCURRENCY) faults.push(`${last.inFlight} requests were in flight`)
      if (last.oldestMs > COMMIT_INTERVAL_MAX_MS + TURN_MS) {
        faults.push(`a result of ${last.oldestMs} ms ago was not recorded`)
      }
      if (repeatable > open) {
        faults.push(`${repeatable} answered events are not recorded, but only ${open} were in flight or not committed`)
      }
      if (faults.length > 0) throw new Error(faults.join('; '))
      return repeatable
    } finally {
      db.close()
    }
  }

  /** Every answered publish is stored, and each publish as a whole or not at all. */
  #publishFaults(stored: ReadonlySet<string>): string[] {
    const faults: string[] = []
    for (const [ids, answered] of readPublished(this.#published)) {
      const there = ids.filter((id) => stored.has(id)).length
      if (answered && there < ids.length) faults.push(`an answered publish lost ${ids.length - there} events`)
      else if (there !== 0 && there !== ids.length)
        faults.push(`a publish is stored in part: ${there} of ${ids.length}`)
    }
    return faults
  }

  /** Which side of its COMMIT a death within a publish lies on shows in the store. */
  #lastPublishFaults(stored: ReadonlySet<string>, last: LastMoment): string[] {
    const expected = IS_STORED[MOMENTS[last.moment] ?? '']
    if (expected === undefined) return []
    const [ids, answered] = readPublished(this.#published).at(-1)!
    if (answered) return ['the last publish was answered before the moment']
    return stored.has(ids[0]!) === expected ? [] : [`the publish of the moment is ${expected ? 'not ' : ''}stored`]
  }

  /** Lets everything settle, and counts. */
  async conclude(): Promise<CrashReport> {
    const engine = await this.#start()
    await engine.send({ do: 'settle' })
    await engine.close()
    const db = openPlain(join(this.#workspace, STORE_FILE), 0)
    try {
      const faults = faultsOf(db)
      const ids = eventIdsOf(db)
      const stored = new Set(ids)
      faults.push(...this.#publishFaults(stored))
      const tried = new Set(readPublished(this.#published).flatMap(([batch]) => batch))
      for (const id of ids) if (!tried.has(id)) faults.push(`${id} was never published`)
      const { delivered, rejected, waiting } = settledOf(db, 1)
      if (waiting.size > 0 || delivered.size + rejected.size !== ids.length) {
        faults.push(
          `${ids.length} accepted, ${delivered.size} delivered, ${rejected.size} rejected, ${waiting.size} wait`,
        )
      }
      const answered = answeredForGood(readReceived(this.#ids))
      let repeats = 0
      for (const id of ids) {
        const times = answered.get(id) ?? 0
        if (times === 0) faults.push(`${id} never reached the receiver`)
        if (times > 1) repeats += times - 1
        if (times > 1 + (this.#mayRepeat.get(id) ?? 0)) {
          faults.push(`${id} was answered ${times} times, though its result was recorded`)
        }
      }
      for (const id of answered.keys()) if (!stored.has(id)) faults.push(`${id} was delivered, but is not in the log`)
      const requests = readReceived(this.#ids).filter((line) => line.eventId !== '-').length
      const attempts = db.prepare('SELECT count(*) FROM attempts').pluck().get() as number
      const unrecorded = requests - attempts
      if (unrecorded > this.#unrecordedMax) {
        faults.push(`${unrecorded} requests are not recorded, at most ${this.#unrecordedMax} may be`)
      }
      if (faults.length > 0) throw new Error(faults.slice(0, 10).join('; '))
      return { kills: this.#kills, accepted: ids.length, requests, repeats, unrecorded }
    } finally {
      db.close()
    }
  }

  async close(): Promise<void> {
    await this.#receiver.stop()
  }
}

/** How often each event was answered with 200 or 400; those that never were are not in it. */
function answeredForGood(lines: readonly ReceivedLine[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { eventId, status } of lines) {
    if (eventId !== '-' && status !== 503) counts.set(eventId, (counts.get(eventId) ?? 0) + 1)
  }
  return counts
}

/** The publishes that were tried, and whether each was answered. */
function readPublished(path: string): (readonly [ids: readonly string[], answered: boolean])[] {
  const tried = new Map<string, boolean>()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [word, ids] = line.split(' ')
    if (ids !== undefined) tried.set(ids, word === 'done' || tried.get(ids) === true)
  }
  return [...tried].map(([ids, answered]) => [ids.split(','), answered])
}
