import type { EpochMs, Settings } from '../../shared/domain'
import type { EventLog } from '../store/event-log'
import type { AttemptPlace, ExpiredStep, RetentionStore } from '../store/retention'
import type { Clock, Timer } from './clock'

/** How often what is too old is looked for. */
export const RETENTION_EVERY_MS = 10 * 60_000

const DAY_MS = 86_400_000

/** Between two steps deliveries get the thread. */
const PAUSE_MS = 50

/** A step is sized so that it takes about this long: deliveries wait for a step, and may not wait for more than 50 ms. */
export const STEP_MS = 15
export const STEP_ROWS = { first: 100, min: 8, max: 4000 } as const

const VACUUM_PAGES = 64

export interface RetentionPorts {
  readonly store: RetentionStore
  readonly log: EventLog
  readonly clock: Clock
  readonly settings: () => Settings
  /** Stores what the lanes have finished, so that nothing is counted twice. */
  readonly flush: () => void
  /** Paused integrations, by number, lost events that they had not taken. */
  readonly onExpired: (integrations: readonly number[]) => void
  /** Rows went: lists are out of date. */
  readonly onRemoved: () => void
  /** The store refused; the next round tries again. */
  readonly onError: (error: unknown) => void
}

/** Keeps the store within its days and bytes, in steps that never hold up a delivery. */
export class Retention {
  readonly #ports: RetentionPorts
  #timer: Timer | null = null
  #rows: number = STEP_ROWS.first
  #stopped = false
  #running: Promise<void> | null = null

  constructor(ports: RetentionPorts) {
    this.#ports = ports
  }

  start(): void {
    this.#timer = this.#ports.clock.setTimer(this.#ports.clock.now() + RETENTION_EVERY_MS, () => {
      void this.run().finally(() => this.#stopped || this.start())
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#running
  }

  /** One round over everything; resolves when nothing that may go is left. */
  run(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #round(): Promise<void> {
    const { store, log, clock, settings } = this.#ports
    const { keepEventsDays, keepAttemptsDays, keepRejectedDays, maxStoreBytes } = settings()
    const ago = (days: number): EpochMs => clock.now() - days * DAY_MS
    let removed = 0
    try {
      removed += await this.#steps((limit) => store.rejected(ago(keepRejectedDays), limit))
      let place: AttemptPlace | null = null
      removed += await this.#steps((limit) => {
        const step = store.attempts(ago(keepAttemptsDays), place, limit)
        place = step.place
        return step
      })
      removed += await this.#events(ago(keepEventsDays))
      if (maxStoreBytes !== null && store.usedBytes() > maxStoreBytes) {
        // Oldest first, whatever its age, until the store is within its bounds or holds only what is still needed.
        removed += await this.#events(Number.MAX_SAFE_INTEGER, () => store.usedBytes() - maxStoreBytes)
      }
      while (!this.#stopped && log.head > 0 && store.vacuum(VACUUM_PAGES)) await pause()
    } catch (error) {
      this.#ports.onError(error)
    }
    if (removed > 0) this.#ports.onRemoved()
  }

  /** @param excess how many bytes have to go, asked before each step */
  #events(before: EpochMs, excess: () => number = () => Number.POSITIVE_INFINITY): Promise<number> {
    const { store, log, clock, flush, onExpired } = this.#ports
    let position = 0
    return this.#steps((limit) => {
      const bytes = excess()
      if (bytes <= 0) return { more: false, removed: 0 }
      flush()
      const upTo = store.settledByActive(log.head)
      const step = store.events(position, { upTo, before, now: clock.now(), limit, bytes })
      position = step.position
      if (step.expiredOf.length > 0) onExpired(step.expiredOf)
      return step
    })
  }

  async #steps(step: (limit: number) => ExpiredStep): Promise<number> {
    let removed = 0
    while (!this.#stopped) {
      const began = performance.now()
      const limit = this.#rows
      const done = step(limit)
      const took = performance.now() - began
      removed += done.removed
      if (!done.more) return removed
      this.#rows = nextStepRows(limit, took)
      await pause()
    }
    return removed
  }
}

/** How many rows the next step takes when one of `rows` took `tookMs`: at once fewer, at most twice as many. */
export function nextStepRows(rows: number, tookMs: number): number {
  const fitting = Math.round((rows * STEP_MS) / Math.max(tookMs, 0.1))
  return Math.max(STEP_ROWS.min, Math.min(STEP_ROWS.max, rows * 2, fitting))
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
