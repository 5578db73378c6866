import type { EpochMs } from '../../../shared/domain'
import { Circuit, type CircuitFailure, type OutageRecord } from './circuit'
import { Stopwatch } from './stopwatch'

/**
 * What a lane knows of its target as a whole: whether anything succeeds, for how long nothing has, and for how long attempts were
 * possible. Everything in it survives a restart through `possibleMs` and `outageJson`.
 */
export class TargetHealth {
  readonly #circuit: Circuit
  /** Time in which attempts were possible: what the delivery window counts. */
  readonly #possible: Stopwatch
  /** Time awake while nothing succeeds: what the stop after an outage counts. */
  readonly #outageTime = new Stopwatch(0)
  #outageTold = 0
  #active = false
  #changed = false

  /**
   * @param possibleMs as stored
   * @param outage as stored, null for none
   * @param random uniform in [0, 1)
   */
  constructor(possibleMs: number, outage: string | null, random: () => number) {
    this.#possible = new Stopwatch(possibleMs)
    this.#circuit = new Circuit(random, outage === null ? null : (JSON.parse(outage) as OutageRecord))
  }

  /** Nothing succeeds: single probes only. */
  get open(): boolean {
    return this.#circuit.open
  }

  /** True when the outage has to be stored anew. */
  get changed(): boolean {
    return this.#changed
  }

  /** The integration runs. `afresh` forgets an outage: somebody decided that it is worth a try. */
  start(now: EpochMs, afresh: boolean): void {
    this.#active = true
    if (afresh && this.#circuit.onSuccess() !== null) this.#changed = true
    this.#count(now)
  }

  /** The integration does not run: no time counts. */
  stop(now: EpochMs): void {
    this.#active = false
    this.#count(now)
  }

  /** When the next probe may go; only while `open`. */
  probeAt(now: EpochMs): EpochMs {
    return this.#circuit.probeAt(now)
  }

  /** The attempt that begins now is the probe. */
  probe(now: EpochMs): void {
    this.#circuit.probe(now)
  }

  /** The target did what it is there for. */
  onAnswer(now: EpochMs): void {
    if (this.#circuit.onSuccess() !== null) this.#changed = true
    this.#count(now)
  }

  onFailure(now: EpochMs, failure: CircuitFailure): void {
    this.#circuit.onFailure(now, failure)
    if (this.#circuit.open) this.#changed = true
    this.#count(now)
  }

  /** Milliseconds in which attempts were possible, in all. */
  possibleMs(now: EpochMs): number {
    return this.#possible.read(now)
  }

  /** The outage after which the integration has to stop, or null. */
  stopDue(now: EpochMs, limitMs: number): OutageRecord | null {
    const awake = this.#outageTime.read(now)
    this.#circuit.elapsed(awake - this.#outageTold)
    this.#outageTold = awake
    return this.#circuit.stopDue(limitMs) ? this.#circuit.outage : null
  }

  /** What is to be stored of the outage. */
  outageJson(): string | null {
    const { outage } = this.#circuit
    return outage === null ? null : JSON.stringify(outage)
  }

  /** What `outageJson` gave is stored. */
  stored(): void {
    this.#changed = false
  }

  #count(now: EpochMs): void {
    const { open } = this.#circuit
    if (this.#active && !open) this.#possible.start(now)
    else this.#possible.stop(now)
    if (this.#active && open) this.#outageTime.start(now)
    else this.#outageTime.stop(now)
  }
}
