import type { Clock, Timer } from '../../main/engine/clock'

/** 2026-01-12T08:00:00Z, also the start of generated events. */
const DEFAULT_NOW = Date.UTC(2026, 0, 12, 8)

interface Pending extends Timer {
  readonly at: number
  /** Latest moment, on {@link FakeClock}'s own count of passed time. */
  readonly latest: number
  readonly run: () => void
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number
  /** Time that has passed, whatever the clock was set to. */
  #passed = 0
  /** In the order in which they were set. */
  readonly #pending = new Set<Pending>()

  /** @param now epoch ms */
  constructor(now: number = DEFAULT_NOW) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** As the port promises, a timer whose time has passed already runs at once (in a later turn), without an `advance`. */
  setTimer(at: number, run: () => void): Timer {
    const latest = this.#passed + Math.max(0, at - this.#now)
    const timer: Pending = { at, latest, run, cancel: () => this.#pending.delete(timer) }
    this.#pending.add(timer)
    if (at <= this.#now) setImmediate(() => this.#fire(timer))
    return timer
  }

  /** Timers that were set and neither ran nor were cancelled. */
  get pendingTimers(): number {
    return this.#pending.size
  }

  /** When the next timer is due, epoch ms; null when none is set. */
  get nextDue(): number | null {
    const next = this.#next()
    return next === undefined ? null : this.#now + this.#left(next)
  }

  /**
   * Lets `ms` (at least 0) pass: runs the timers that become due, also those set on the way, in the order of their times, each
   * at its own time. After each, and once more at the end, waits until the microtasks and one turn of the event loop are
   * through. What takes longer than that, such as an HTTP request, is for the test to wait for.
   */
  async advance(ms: number): Promise<void> {
    if (ms < 0) throw new RangeError('Time passes forward; use jump to set the clock back.')
    const target = this.#passed + ms
    await turn()
    for (let timer = this.#next(); timer && this.#passed + this.#left(timer) <= target; timer = this.#next()) {
      this.#pass(Math.max(0, this.#left(timer)))
      this.#fire(timer)
      await turn()
    }
    this.#pass(Math.max(0, target - this.#passed))
    await turn()
  }

  /**
   * Sets the clock by `ms` forward or (negative) back, as a user or a time server does, or the sleep of a machine. Runs no
   * timer: those that it overtakes run at the next `advance`, at the time that it is then; set back, it makes no wait longer.
   */
  jump(ms: number): void {
    this.#now += ms
  }

  #left({ at, latest }: Pending): number {
    return Math.min(at - this.#now, latest - this.#passed)
  }

  #pass(ms: number): void {
    this.#now += ms
    this.#passed += ms
  }

  #next(): Pending | undefined {
    let next: Pending | undefined
    for (const timer of this.#pending) if (next === undefined || this.#left(timer) < this.#left(next)) next = timer
    return next
  }

  #fire(timer: Pending): void {
    if (this.#pending.delete(timer)) timer.run()
  }
}

/** One turn of the event loop: pending microtasks, callbacks of I/O that is done, and immediates. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
