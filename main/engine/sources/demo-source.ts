import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Engine } from '../engine'
import { parseEnvelope } from './envelope'
import { readLines } from './lines'

/** Pause between two events of the demo. */
const PACE_MS = 500

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const PUBLISHED_AT = /("published_at"\s*:\s*")[^"]*"/
const EVENT_BYTES_MAX = 1024 * 1024

/**
 * Publishes the events of a file in an endless, paced loop. Each round gets fresh ids, the same for the same entity within a
 * round, so that the events of one order stay together; each event is published now. Lines go through the checks of every import.
 */
export class DemoSource {
  readonly #engine: Engine
  readonly #path: string
  readonly #run = Date.now()
  #timer: NodeJS.Timeout | null = null

  constructor(engine: Engine, path: string) {
    this.#engine = engine
    this.#path = path
  }

  async start(): Promise<void> {
    const file = await readFile(this.#path)
    const lines: string[] = []
    for await (const batch of readLines(once(file), EVENT_BYTES_MAX)) {
      for (const line of batch) if (!('overlong' in line) && line.length > 0) lines.push(line.toString('utf8'))
    }
    let at = 0
    const step = () => {
      const round = Math.floor(at / lines.length)
      const line = lines[at++ % lines.length]!
      try {
        this.#engine.publish([parseEnvelope(Buffer.from(this.#fresh(line, round)))])
      } catch {
        // A full store refuses the event and has told the operator; the demo goes on when it takes events again.
      }
      this.#timer = setTimeout(step, PACE_MS)
    }
    step()
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #fresh(line: string, round: number): string {
    return line
      .replace(PUBLISHED_AT, (_, start: string) => `${start}${new Date().toISOString()}"`)
      .replace(UUID, (id) => {
        const hex = createHash('sha1').update(`${this.#run}.${round}.${id}`).digest('hex')
        return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
      })
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
