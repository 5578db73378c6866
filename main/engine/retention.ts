import type { EpochMs, Settings } from '../../shared/domain'
import type { EventLog } from '../store/event-log'
import type { ExpiredStep, RetentionStore } from '../store/retention'
import type { Clock, Timer } from './clock'

/** How often what is too old is looked for. */
export const RETENTION_EVERY_MS = 10 * 60_000

const DAY_MS = 86_400_000

/** Between two steps deliveries get the thread. */
const PAUSE_MS = 50

/** A step is sized so that it takes about this long: deliveries wait for a step, and may not wait for more than 50 ms. */
const STEP_MS = 15
const STEP_ROWS = { first: 100, min: 8, max: 4000 } as const

const VACUUM_PAGES = 64

export interface RetentionPorts {
  readonly store: RetentionStore
  readonly log: EventLog
  readonly clock: Clock
  readonly settings: () => Settings
  /** Stores what the lanes have finished. @returns false when the store refused it */
  readonly flush: () => boolean
  /** Paused integrations lost events: what their lanes hold in memory must go before anything of it is stored. */
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
      removed += await this.#steps((limit) => store.attempts(ago(keepAttemptsDays), limit))
      removed += await this.#events(ago(keepEventsDays))
      if (maxStoreBytes !== null && store.usedBytes() > maxStoreBytes) {
        // Oldest first, whatever its age, until the store is within its bounds or holds only what is still needed.
        removed += await this.#events(Number.MAX_SAFE_INTEGER, () => store.usedBytes() > maxStoreBytes)
      }
      while (!this.#stopped && log.head > 0 && store.vacuum(VACUUM_PAGES)) await pause()
    } catch (error) {
      this.#ports.onError(error)
    }
    if (removed > 0) this.#ports.onRemoved()
  }

  #events(before: EpochMs, wanted: () => boolean = () => true): Promise<number> {
    const { store, log, clock, flush, onExpired } = this.#ports
    const oldUpTo = before === Number.MAX_SAFE_INTEGER ? log.head : log.acceptedUpTo(before)
    let position = 0
    return this.#steps((limit) => {
      const nothing = { seen: 0, removed: 0, position, expiredOf: [] }
      if (!wanted() || !flush()) return nothing
      const upTo = Math.min(oldUpTo, store.settledByActive(log.head))
      const step = store.events(position, upTo, before, limit, clock.now())
      if (step.expiredOf.length > 0) onExpired(step.expiredOf)
      position = step.position
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
      if (done.seen < limit) return removed
      const fitting = Math.round((limit * STEP_MS) / Math.max(took, 0.1))
      this.#rows = Math.max(STEP_ROWS.min, Math.min(STEP_ROWS.max, limit * 2, fitting))
      await pause()
    }
    return removed
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
