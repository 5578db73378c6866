import { openSync, readFileSync, writeSync } from 'node:fs'

const PHASES = ['none', 'publish', 'record', 'publish in COMMIT', 'record in COMMIT', 'other in COMMIT'] as const

/** Where the engine was when its process died, and what it had sent without having recorded it. */
export interface LastMoment {
  readonly phase: (typeof PHASES)[number]
  /** Requests that had been handed to the HTTP client and had not ended. */
  readonly inFlight: number
  /** Requests that had ended and whose attempts no commit had recorded. */
  readonly unrecorded: number
  /**
   * Age of the oldest of the latter at the last entry of the journal, in ms that the thread had the processor: on a machine
   * that is busy with something else a process stands still for any time.
   */
  readonly oldestMs: number
  /** Index of the crash moment at which the process killed itself; -1 when something else did. */
  readonly moment: number
}

const FIELDS = 5

/**
 * A small file that a process overwrites with where it is. What was written stays when the process is killed, so it tells the
 * moment of death exactly, whoever caused it.
 */
export class Journal {
  readonly #file: number
  readonly #fields = new Int32Array(FIELDS)
  #sent = 0
  #ended = 0
  #recorded = 0
  /** Ends of requests whose attempts are not recorded, oldest first. */
  readonly #ends: number[] = []

  constructor(path: string) {
    this.#file = openSync(path, 'w')
    this.#fields[4] = -1
    this.#write()
  }

  phase(phase: 'none' | 'publish' | 'record'): void {
    this.#fields[0] = PHASES.indexOf(phase)
    this.#write()
  }

  /** The COMMIT of the phase begins. */
  committing(): void {
    const phase = PHASES[this.#fields[0]!]
    this.#fields[0] = PHASES.indexOf(
      phase === 'publish' || phase === 'record' ? `${phase} in COMMIT` : 'other in COMMIT',
    )
    this.#write()
  }

  sent(): void {
    this.#sent++
    this.#write()
  }

  ended(): void {
    this.#ended++
    this.#ends.push(threadMs())
    this.#write()
  }

  recorded(attempts: number): void {
    this.#recorded += attempts
    this.#ends.splice(0, attempts)
    this.#write()
  }

  died(moment: number): void {
    this.#fields[4] = moment
    this.#write()
  }

  #write(): void {
    this.#fields[1] = this.#sent - this.#ended
    this.#fields[2] = this.#ended - this.#recorded
    this.#fields[3] = this.#ends.length === 0 ? 0 : Math.round(threadMs() - this.#ends[0]!)
    writeSync(this.#file, this.#fields, 0, FIELDS * 4, 0)
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Reads the journal of a process that is dead. */
export function readJournal(path: string): LastMoment {
  const bytes = readFileSync(path)
  const [phase, inFlight, unrecorded, oldestMs, moment] = new Int32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + FIELDS * 4),
  )
  return { phase: PHASES[phase!]!, inFlight: inFlight!, unrecorded: unrecorded!, oldestMs: oldestMs!, moment: moment! }
}
