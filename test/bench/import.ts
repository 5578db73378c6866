import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import type { ImportJob } from '../../shared/domain'
import { unwrap } from '../../shared/errors'
import { DEFAULT_INTEGRATION_LIMIT } from '../../shared/schemas/integration'
import { writeEventFile } from '../support/event-generator'
import { type Bench, number, ROOT } from './bench'
import { electronCommand } from './devtools'
import { median, verdict } from './pairs'

/** Longest time that the main process or the page may keep anything else waiting, ms. */
const PAUSE_MAX_MS = 100
const LOOP_RESOLUTION_MS = 5
const MEMORY_EVERY_MS = 1000
/** How long the scripted user is watched before the import, ms: what of the pauses is not the import's. */
const QUIET_MS = 10_000
/** The user's time between two clicks, ms. */
const THINKING_MS = 200
const COLUMNS = 30
const MIB = 1024 * 1024

/** Pauses over one stretch of time, ms. */
interface Pauses {
  /** Of the main process's event loop, over the period of the timer that measures it. */
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Every task of the page longer than 50 ms, which is what the browser calls long. */
  readonly longTasks: readonly number[]
  /** The longest that this bench's own process, which has next to nothing to do, was kept from running in the same time. */
  readonly machine: number
  /** From each click of the user to the frame that shows its effect, in steps of 8 ms. */
  readonly clicks: readonly number[]
}

/** Import of a large file in the real console, while a user switches between the lists: pauses, memory and rate. */
export async function importFile({ scale, folder, print }: Bench): Promise<void> {
  const count = 1_000_000 * scale
  const path = join(folder(), 'events.ndjson')
  const file = await writeEventFile(path, { seed: 3, count })
  const workspace = folder()
  const { binary, flags } = electronCommand()
  const app = await _electron.launch({
    executablePath: binary,
    args: [...flags, ROOT, '--workspace', workspace, '--allow-key-file'],
    env: {
      ...(process.env as Record<string, string>),
      XDG_CONFIG_HOME: join(workspace, 'config'),
      ESC_NO_DIALOGS: '1',
    },
  })
  try {
    const page = await app.firstWindow()
    await page.getByText('No integrations yet').waitFor()
    await startMemorySeries(app)
    await addPausedIntegrations(page)

    const quietEnd = performance.now() + QUIET_MS
    const quiet = await watch(app, page, async () => performance.now() >= quietEnd)

    const { id } = unwrap(await page.evaluate((p) => window.bridge.call('imports.start', { path: p }), path))
    let job: ImportJob | undefined
    const busy = await watch(app, page, async () => {
      const { rows } = unwrap(await page.evaluate(() => window.bridge.call('imports.list', {})))
      job = rows.find((row) => row.id === id)
      return job?.state !== 'running'
    })
    if (job?.state !== 'done' || job.accepted !== count) throw new Error(`The import failed: ${JSON.stringify(job)}`)

    const perSecond = count / ((job.endedAt! - job.startedAt) / 1000)
    const bytesPerSecond = file.bytes / ((job.endedAt! - job.startedAt) / 1000) / MIB
    print(
      `import: ${number(count)} events, ${number(file.bytes / MIB)} MiB, ${number(perSecond)} events/s, ${bytesPerSecond.toFixed(1)} MiB/s`,
    )
    print(`import, before it: ${described(quiet)}`)
    print(`import, during it: ${described(busy)}`)
    const judged = (name: string, max: number) =>
      print(`import, ${name}: ${max.toFixed(0)} ms at most, bound ${PAUSE_MAX_MS}: ${judgePause(max, busy.machine)}`)
    judged('event loop of the main process', busy.loop.max)
    judged('tasks of the page', Math.max(0, ...busy.longTasks))
    printMemory(await memorySeries(app), print)
  } finally {
    await app.close()
  }
}

/** As many integrations as there may be, whose backlogs grow while the import goes on: the lists with the most to show. */
async function addPausedIntegrations(page: Page): Promise<void> {
  for (let n = 0; n < DEFAULT_INTEGRATION_LIMIT; n++) {
    const results = await page.evaluate(
      async (id) => [
        await window.bridge.call('integrations.create', {
          id,
          integrationType: 'permanent',
          startsAt: null,
          endsAt: null,
          selection: { entities: ['order'], events: [] },
          target: { kind: 'webhook', callbackUrl: 'http://127.0.0.1:9/', apiKey: '' },
        }),
        await window.bridge.call('integrations.stop', { id }),
      ],
      `paused-${n}`,
    )
    for (const result of results) unwrap<unknown>(result)
  }
}

/** Lets the user click until `ended`, and measures. */
async function watch(app: ElectronApplication, page: Page, ended: () => Promise<boolean>): Promise<Pauses> {
  await page.evaluate(() => {
    const seen = { longTasks: [] as number[], clicks: [] as number[] }
    const tasks = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longTasks.push(duration)
    })
    const events = new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (name === 'click') seen.clicks.push(duration)
    })
    tasks.observe({ type: 'longtask' })
    events.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
    Object.assign(window, {
      endOfWatch: () => {
        for (const { duration } of tasks.takeRecords()) seen.longTasks.push(duration)
        tasks.disconnect()
        events.disconnect()
        return seen
      },
    })
  })
  await app.evaluate((_, resolution) => {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
    const delay = monitorEventLoopDelay({ resolution })
    delay.enable()
    Object.assign(globalThis, { loopDelay: delay })
  }, LOOP_RESOLUTION_MS)

  const own = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  own.enable()

  const lists = ['Paused', 'Active', 'Imports', 'Webhook Inbox', 'All']
  const sidebar = page.getByRole('navigation', { name: 'Main' })
  for (let n = 0; !(await ended()); n++) {
    await sidebar.getByRole('link', { name: lists[n % lists.length]!, exact: true }).click()
    await page.waitForTimeout(THINKING_MS)
  }

  own.disable()
  const loop = await app.evaluate(() => {
    const { loopDelay } = globalThis as unknown as {
      loopDelay: ReturnType<typeof import('node:perf_hooks').monitorEventLoopDelay>
    }
    loopDelay.disable()
    return { p50: loopDelay.percentile(50), p99: loopDelay.percentile(99), max: loopDelay.max }
  })
  const seen = await page.evaluate(() =>
    (window as unknown as { endOfWatch: () => { longTasks: number[]; clicks: number[] } }).endOfWatch(),
  )
  return { loop: { p50: late(loop.p50), p99: late(loop.p99), max: late(loop.max) }, machine: late(own.max), ...seen }
}

/** The histograms hold the time from one run of their timer to the next, in ns. */
function late(ns: number): number {
  return Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS)
}

function described({ loop, longTasks, clicks, machine }: Pauses): string {
  const ms = (n: number) => n.toFixed(1)
  const tasks =
    longTasks.length === 0
      ? 'no task of the page above 50 ms'
      : `${longTasks.length} tasks of the page above 50 ms, the longest ${Math.max(...longTasks).toFixed(0)} ms`
  return `event loop of the main process late by ${ms(loop.p50)} ms (median), ${ms(loop.p99)} (p99), ${ms(loop.max)} (max); ${tasks}; the slowest of the user's clicks took ${Math.max(0, ...clicks).toFixed(0)} ms; the machine kept an idle process waiting for ${ms(machine)} ms at most`
}

/** A pause is not the console's when an idle process had to wait as long for the machine. */
function judgePause(max: number, machine: number): string {
  return judge(max, PAUSE_MAX_MS) === 'met' || max - machine > PAUSE_MAX_MS ? judge(max, PAUSE_MAX_MS) : 'not resolved'
}

function judge(value: number, atMost: number): string {
  return verdict({ low: value, high: value }, { atMost })
}

async function startMemorySeries(app: ElectronApplication): Promise<void> {
  await app.evaluate((_, every) => {
    const memory = [process.memoryUsage.rss()]
    setInterval(() => memory.push(process.memoryUsage.rss()), every)
    Object.assign(globalThis, { memory })
  }, MEMORY_EVERY_MS)
}

/** Resident memory of the main process with its threads, bytes, once a second from the first list that a fresh process showed. */
function memorySeries(app: ElectronApplication): Promise<number[]> {
  return app.evaluate(() => (globalThis as unknown as { memory: number[] }).memory)
}

function printMemory(bytes: readonly number[], print: (line: string) => void): void {
  const mib = bytes.map((b) => b / MIB)
  const step = Math.ceil(mib.length / COLUMNS)
  const shown = mib.filter((_, i) => i % step === 0).map((n) => Math.round(n))
  print(`import, memory of the main process and its threads, MiB, every ${step} s: ${shown.join(' ')}`)
  // A process that fills its caches grows at first; one that leaks grows for as long as the import goes on.
  const running = mib.slice(QUIET_MS / MEMORY_EVERY_MS)
  const third = Math.floor(running.length / 3)
  const ratio = median(running.slice(-third)) / median(running.slice(third, 2 * third))
  const growth = Math.max(...mib) - mib[0]!
  print(
    `import, memory: +${growth.toFixed(0)} MiB at most over the fresh process; last third against the second ${ratio.toFixed(2)}, at most 1.1: ${judge(ratio, 1.1)}`,
  )
}
