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

export interface ReceiverProcess {
  /** Address to use as callback URL. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly idsFile: string
  /** Ends the process and waits until it is gone. Calling it again does nothing. */
  stop(): Promise<void>
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
  const script = join(import.meta.dirname, 'receiver-process.ts')
  const flags = { ids: idsFile, port, latency: `${min}-${max}`, status: status.join(','), seed }
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  if (paths) args.push('--path')
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
    idsFile,
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
