import type { EngineCall } from '../../main/engine/engine'
import type { ErrorInfo } from '../../shared/errors'

export interface EngineProcessOptions {
  readonly workspace: string
  /** What every random draw of the engine gives; default: real randomness. */
  readonly random?: number
  /** Pages of WAL between two checkpoints, instead of the product's. */
  readonly walPages?: number
  /** Size of each connection's page cache, instead of the product's: one that is soon full hides no growth of memory. */
  readonly cacheKiB?: number
  /** Another durability than the product's: the counter-proof of a durability test. */
  readonly synchronous?: 'NORMAL'
  /** File that says at every moment where the engine is: see `crash-journal.ts`. */
  readonly journal?: string
  /** File to which the ids of every publish are written: `try <ids>` before, `done <ids>` after its answer. */
  readonly published?: string
}

/** A moment at which the process kills itself: the `nth` time from when it is armed. */
export interface CrashPoint {
  readonly moment: Moment
  readonly nth: number
}

export const MOMENTS = [
  'publish.begin',
  'publish.insert',
  'publish.commit',
  'publish.committed',
  'publish.answered',
  'send.create',
  'send.headers',
  'send.body',
  'answer.status',
  'answer.end',
  'record.begin',
  'record.attempt',
  'record.waiting',
  'record.rejected',
  'record.cursor',
  'record.commit',
  'record.committed',
] as const
export type Moment = (typeof MOMENTS)[number]

export interface LoadOptions {
  readonly seed: number
  /** Events that are left out at the start of the stream. */
  readonly from: number
  readonly publishes: number
  readonly eventsEach: number
  readonly everyMs: number
}

export interface Sample {
  readonly rssBytes: number
  /** After a garbage collection, when the process runs with `--expose-gc`. */
  readonly heapBytes: number
  /** Since the last sample. */
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly cpuMs: number
  /** Of the time zone in which the process lives, in minutes: `Date.prototype.getTimezoneOffset`. */
  readonly zoneOffset: number
}

export type EngineCommand =
  | { readonly do: 'call'; readonly name: EngineCall; readonly input: unknown }
  | {
      readonly do: 'query'
      readonly name: 'integrations.list' | 'attempts.list' | 'integrations.logs'
      readonly input: unknown
    }
  | { readonly do: 'publish'; readonly lines: readonly string[] }
  | { readonly do: 'arm'; readonly at: CrashPoint }
  /** Publishes by itself; answers when all is published. */
  | { readonly do: 'load'; readonly load: LoadOptions }
  | { readonly do: 'stopLoad' }
  /** Answers as soon as no running integration has a backlog. */
  | { readonly do: 'settle' }
  | { readonly do: 'sample' }
  | { readonly do: 'close' }

export type EngineAnswer =
  | { readonly no: number; readonly value: unknown }
  | { readonly no: number; readonly error: ErrorInfo }
  | { readonly notice: ErrorInfo }
