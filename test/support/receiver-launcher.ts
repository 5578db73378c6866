import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface ReceiverProcessOptions {
  /** File that the receiver appends to; made when missing, kept when the receiver stops. */
  readonly idsFile: string
  /** Default: a free one. A fixed one lets a receiver come back at the same address. */
  readonly port?: number
  /** Time between request and answer, ms; a pair is a range that is drawn from evenly. Default: 0. */
  readonly latencyMs?: number | readonly [min: number, max: number]
  /** Status codes with their weights, e.g. `{ 200: 95, 503: 5 }`. Default: always 200. */
  readonly statusMix?: Readonly<Record<number, number>>
  /** Weights of what is no answer, beside those of the status codes: a broken connection, and silence. Default: never. */
  readonly faults?: { readonly reset?: number; readonly hang?: number }
  /** Writes down the path of each request too. Default: it does not. */
  readonly paths?: boolean
  /** Of the draws of status and latency. Default: 1. */
  readonly seed?: number
}

interface Started {
  /** Address to use as callback URL. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Ends the process and waits until it is gone. Calling it again does nothing. */
  stop(): Promise<void>
}

export interface ReceiverProcess extends Started {
  readonly idsFile: string
}

export interface CountingReceiverOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Answers 503 to all but every n-th request. Default: never. */
  readonly oneGoodIn?: number
  /** Notes when each request came. Default: it does not. */
  readonly arrivals?: boolean
}

/** When the first byte of a request came. */
export interface Arrival {
  /** The `webhook-id` header; `-` where it lacked. */
  readonly eventId: string
  /** ns, comparable with `process.hrtime.bigint()` of every process of the machine. */
  readonly at: number
}

/** A receiver for benches: it takes whatever comes with as little work as possible and answers 200. */
export interface CountingReceiver extends Started {
  /** POST requests answered so far, and the processor time that the process used so far. */
  usage(): Promise<{ readonly requests: number; readonly cpuMs: number }>
  /** Requests that came since it was asked last, in order. */
  arrivals(): Promise<Arrival[]>
}

/** One request that a receiver process wrote down before it answered. */
export interface ReceivedLine {
  /** The `webhook-id` header; `-` where it lacked. */
  readonly eventId: string
  /** SHA-256 of the exact body, hex. */
  readonly sha256: string
  /** 0 = the connection was broken or left without an answer. */
  readonly status: number
  /** When the receiver was started with `paths`. */
  readonly path?: string
}

/** Starts a receiver in a process of its own; it accepts requests when this resolves. */
export async function startReceiverProcess(options: ReceiverProcessOptions): Promise<ReceiverProcess> {
  const { idsFile, port = 0, latencyMs = 0, statusMix = { 200: 1 }, faults = {}, seed = 1, paths = false } = options
  const [min, max] = typeof latencyMs === 'number' ? [latencyMs, latencyMs] : latencyMs
  const status = Object.entries({ ...statusMix, ...faults }).map(([code, weight]) => `${code}=${weight}`)
  const flags = { ids: idsFile, port, latency: `${min}-${max}`, status: status.join(','), seed }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  if (paths) args.push('--path')
  const started = await startProcess(args)
  return { ...started, idsFile }
}

/** Starts a receiver that only counts; it accepts requests when this resolves. */
export async function startCountingReceiver({
  port = 0,
  oneGoodIn = 1,
  arrivals = false,
}: CountingReceiverOptions = {}): Promise<CountingReceiver> {
  const flags = arrivals ? ['--arrivals'] : []
  const started = await startProcess(['--count-only', `--port=${port}`, `--one-good-in=${oneGoodIn}`, ...flags])
  const ask = async (path: string) => (await fetch(new URL(path, started.url))).json()
  return {
    ...started,
    usage: async () => (await ask('/usage')) as { requests: number; cpuMs: number },
    arrivals: async () => ((await ask('/arrivals')) as [string, number][]).map(([eventId, at]) => ({ eventId, at })),
  }
}

async function startProcess(args: readonly string[]): Promise<Started> {
  // The benches bundle this file into out/bench, which lies as deep as test/support.
  const script = join(import.meta.dirname, '../../test/support/receiver-process.ts')
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  // `close` comes after the last of its output.
  const exited = once(child, 'close')
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  const [first] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited])) as [unknown]
  if (typeof first !== 'string') throw new Error(`The receiver process did not start: ${complaint}`)
  const actual = (JSON.parse(first) as { port: number }).port
  return {
    url: `http://127.0.0.1:${actual}/events`,
    port: actual,
    pid: child.pid!,
    async stop() {
      child.stdin.end()
      await exited
    },
  }
}

/** What receiver processes wrote to a file, in order. */
export function readReceived(idsFile: string): ReceivedLine[] {
  return readFileSync(idsFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [eventId = '', sha256 = '', status, path] = line.split(' ')
      return { eventId, sha256, status: Number(status), ...(path === undefined ? {} : { path }) }
    })
}
