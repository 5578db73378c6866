import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import type { Topic } from '../../shared/contract'

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
