import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, STORE_FILE } from '../../main/store/database'
import type { Parsed, Topic } from '../../shared/contract'
import { generateEvents } from '../support/event-generator'

/** The checkout's top folder: both `test/bench` and `out/bench`, where the bundles run, lie two levels below it. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** Events of one publish, as the importer hands them over. */
export const BATCH = 256

/** What a measure gets. */
export interface Bench {
  /** 1, or 0.1 with `--short`; multiplies the numbers of events. */
  readonly scale: number
  /** Makes an empty folder that is removed after the run. */
  folder(): string
  /** Prints one line of the report. */
  print(line: string): void
}

export function makeBench(short: boolean): Bench & { cleanUp(): void } {
  const folders: string[] = []
  return {
    scale: short ? 0.1 : 1,
    folder() {
      const path = mkdtempSync(join(tmpdir(), 'console-bench-'))
      folders.push(path)
      return path
    },
    print: (line) => console.log(line),
    cleanUp() {
      for (const path of folders) rmSync(path, { recursive: true, force: true })
    },
  }
}

export function openEngine(
  workspace: string,
  onChanged: (topic: Topic) => void = () => {},
  key: Uint8Array | null = new Uint8Array(32),
): Engine {
  return new Engine({ workspace, key, version: 'bench', onChanged, onNotice: ({ message }) => console.error(message) })
}

/** An open engine, and a look at what it has stored. */
export interface Rig {
  readonly engine: Engine
  /** The first column of the first row. */
  value(sql: string): number
  /** Resolves once the condition holds; it is looked at again whenever the engine has stored something. */
  until(condition: () => boolean): Promise<void>
  close(): Promise<void>
}

export function openRig(workspace: string): Rig {
  let wake = () => {}
  const engine = openEngine(workspace, () => wake())
  const db = openReadable(join(workspace, STORE_FILE))
  const statements = new Map<string, { get(): unknown }>()
  return {
    engine,
    value(sql) {
      let statement = statements.get(sql)
      if (!statement) statements.set(sql, (statement = db.prepare(sql).pluck()))
      return statement.get() as number
    },
    async until(condition) {
      while (!condition()) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    async close() {
      db.close()
      await engine.close()
    },
  }
}

/** A webhook integration that takes every event of the log, unless told otherwise. */
export function webhook(
  id: string,
  callbackUrl: string,
  more: Partial<Parsed<'integrations.create'>> = {},
): Parsed<'integrations.create'> {
  return {
    id,
    integrationType: 'permanent',
    startsAt: 0,
    endsAt: null,
    selection: { entities: [], events: [] },
    target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
    ...more,
  }
}

/** The lines of a seeded stream. */
export function makeLines(seed: number, count: number): Buffer[] {
  return [...generateEvents({ seed, count })].map((line) => Buffer.from(line))
}

/** Publishes lines in batches, as the importer would. */
export function publishAll(engine: Engine, lines: readonly Buffer[]): void {
  for (let i = 0; i < lines.length; i += BATCH) {
    engine.publish(lines.slice(i, i + BATCH).map((line) => parseEnvelope(line)))
  }
}

/** Units per second since a `performance.now()`. */
export function rate(count: number, startedAt: number): number {
  return count / ((performance.now() - startedAt) / 1000)
}

export function number(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}
