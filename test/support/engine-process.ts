import { subscribe } from 'node:diagnostics_channel'
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Sqlite from 'better-sqlite3'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import { formatUuid } from '../../main/store/uuid'
import type { Parsed } from '../../shared/contract'
import { toErrorInfo } from '../../shared/errors'
import { Journal } from './crash-journal'
import {
  type CrashPoint,
  type EngineAnswer,
  type EngineCommand,
  type EngineProcessOptions,
  type LoadOptions,
  MOMENTS,
  type Moment,
  type Sample,
} from './engine-protocol'
import { generateEvents } from './event-generator'

// The engine as a process of its own, on plain Node, for proofs that kill, stop or starve it. `engine-launcher.ts` bundles and
// starts it; it ends with its parent.
//
// Crash moments are found without a hook in the product: the driver's own methods and Node's diagnostics channels of the HTTP
// client are watched from here, before the engine is made.

const options = JSON.parse(process.argv[2]!) as EngineProcessOptions

const journal = options.journal === undefined ? null : new Journal(options.journal)
let armed: CrashPoint | null = null
let countdown = 0

function reach(moment: Moment): void {
  if (armed === null || armed.moment !== moment || --countdown > 0) return
  journal?.died(MOMENTS.indexOf(moment))
  process.kill(process.pid, 'SIGKILL')
  // The signal is delivered before the call returns to JavaScript; nothing of what follows may happen.
  for (;;);
}

let publishing = false
let recording = false
/** Attempts that the open transaction records. */
let attemptsInside = 0

const { exec, prepare, pragma } = Sqlite.prototype

Sqlite.prototype.exec = function (this: Sqlite.Database, sql: string) {
  if (sql === 'BEGIN IMMEDIATE') {
    recording = false
    attemptsInside = 0
    if (publishing) {
      reach('publish.begin')
      journal?.phase('publish')
    }
  } else if (sql === 'COMMIT') {
    if (publishing) reach('publish.commit')
    if (recording) reach('record.commit')
    journal?.committing()
    const result = exec.call(this, sql)
    journal?.phase('none')
    if (recording) {
      journal?.recorded(attemptsInside)
      reach('record.committed')
    }
    if (publishing) reach('publish.committed')
    recording = false
    return result
  }
  return exec.call(this, sql)
}

const WATCHED: readonly (readonly [RegExp, (run: () => unknown) => unknown])[] = [
  [
    /^\s*INSERT INTO events /,
    (run) => {
      const result = run()
      if (publishing) reach('publish.insert')
      return result
    },
  ],
  [
    /^\s*INSERT INTO attempts /,
    (run) => {
      if (!recording) {
        recording = true
        journal?.phase('record')
        reach('record.begin')
      }
      const result = run()
      // One statement may record several.
      attemptsInside += (result as { readonly changes: number }).changes
      reach('record.attempt')
      return result
    },
  ],
  [/^\s*INSERT INTO waiting /, (run) => after(run, 'record.waiting')],
  [/^\s*INSERT INTO rejected_events /, (run) => after(run, 'record.rejected')],
  [/^\s*UPDATE integrations SET cursor = \?, delivered/, (run) => after(run, 'record.cursor')],
]

function after(run: () => unknown, moment: Moment): unknown {
  const result = run()
  if (recording) reach(moment)
  return result
}

Sqlite.prototype.prepare = function (this: Sqlite.Database, sql: string) {
  const statement = prepare.call(this, sql)
  const watch = WATCHED.find(([pattern]) => pattern.test(sql))?.[1]
  if (watch) {
    const run = statement.run.bind(statement) as (...params: readonly unknown[]) => unknown
    statement.run = ((...params: readonly unknown[]) => watch(() => run(...params))) as typeof statement.run
  }
  return statement
} as typeof prepare

Sqlite.prototype.pragma = function (this: Sqlite.Database, source: string, settings?: Sqlite.PragmaOptions) {
  let text = source
  if (options.walPages !== undefined && source.startsWith('wal_autocheckpoint')) {
    text = `wal_autocheckpoint = ${options.walPages}`
  }
  if (options.cacheKiB !== undefined && source.startsWith('cache_size')) {
    text = `cache_size = -${options.cacheKiB}`
  }
  if (options.synchronous !== undefined && source.startsWith('synchronous')) {
    text = `synchronous = ${options.synchronous}`
  }
  return pragma.call(this, text, settings)
}

subscribe('undici:request:create', () => {
  journal?.sent()
  reach('send.create')
})
subscribe('undici:client:sendHeaders', () => reach('send.headers'))
subscribe('undici:request:bodySent', () => reach('send.body'))
subscribe('undici:request:headers', () => reach('answer.status'))
subscribe('undici:request:trailers', () => {
  journal?.ended()
  reach('answer.end')
})
subscribe('undici:request:error', () => journal?.ended())

const said = (answer: EngineAnswer) => void process.send?.(answer)
const wake: (() => void)[] = []
const engine = new Engine({
  workspace: options.workspace,
  key: new Uint8Array(32).fill(7),
  version: 'test',
  onChanged: () => {
    for (const resolve of wake.splice(0)) resolve()
  },
  onNotice: (notice) => said({ notice }),
  ...(options.random === undefined ? {} : { random: () => options.random! }),
})
const reader = openReadable(join(options.workspace, STORE_FILE))
const queries = createQueries(reader)
const notes = options.published === undefined ? null : openSync(options.published, 'a')

function publish(lines: readonly string[]) {
  const events = lines.map((line) => parseEnvelope(Buffer.from(line)))
  const ids = events.map((event) => formatUuid(event.eventId)).join(',')
  if (notes !== null) writeSync(notes, `try ${ids}\n`)
  publishing = true
  try {
    const { outcomes } = engine.publish(events)
    reach('publish.answered')
    if (notes !== null) writeSync(notes, `done ${ids}\n`)
    return outcomes
  } finally {
    publishing = false
  }
}

let loading = false

async function load({ seed, from, publishes, eventsEach, everyMs }: LoadOptions): Promise<number> {
  loading = true
  const events = generateEvents({ seed, count: from + publishes * eventsEach })
  for (let i = 0; i < from; i++) events.next()
  let published = 0
  for (let i = 0; i < publishes && loading; i++) {
    const lines = Array.from({ length: eventsEach }, () => events.next().value as string)
    publish(lines)
    published += lines.length
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  loading = false
  return published
}

async function settle(): Promise<void> {
  for (;;) {
    const { rows } = await queries['integrations.list']({})
    const open = rows.filter((r) => r.status === 'running' && (r.backlog > 0 || r.waiting > 0))
    if (open.length === 0) return
    // Without a change in between, a look now and then notices what came before the waiting began.
    await Promise.race([
      new Promise<void>((resolve) => wake.push(resolve)),
      new Promise((resolve) => setTimeout(resolve, 50)),
    ])
  }
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

function sample(): Sample {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const result: Sample = {
    rssBytes: rss,
    heapBytes: heapUsed + external,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    cpuMs: (user + system) / 1000,
    zoneOffset: new Date().getTimezoneOffset(),
  }
  delay.reset()
  return result
}

async function execute(command: EngineCommand): Promise<unknown> {
  switch (command.do) {
    case 'call':
      return engine.call(command.name, command.input as Parsed<typeof command.name>)
    case 'query':
      return queries[command.name](command.input as never)
    case 'publish':
      return publish(command.lines)
    case 'arm':
      armed = command.at
      countdown = command.at.nth
      return null
    case 'load':
      return load(command.load)
    case 'stopLoad':
      loading = false
      return null
    case 'settle':
      return settle()
    case 'sample':
      return sample()
    case 'close':
      reader.close()
      await engine.close()
      return null
  }
}

process.on('message', ({ no, command }: { no: number; command: EngineCommand }) => {
  execute(command).then(
    (value) =>
      process.send?.(
        { no, value: value ?? null } satisfies EngineAnswer,
        () => command.do === 'close' && process.exit(),
      ),
    (error: unknown) => said({ no, error: toErrorInfo(error) }),
  )
})
process.on('disconnect', () => process.exit())
said({ no: 0, value: 'open' })
