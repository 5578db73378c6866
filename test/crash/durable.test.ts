import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { STORE_FILE } from '../../main/store/database'
import { EngineProcess, hasStrace, NO_STRACE } from '../support/engine-launcher'
import type { EngineProcessOptions } from '../support/engine-protocol'
import { tempDir } from '../support/temp-dir'

// kill -9 proves nothing about a power cut: what a process has written survives its death in the system's memory. Here the system
// calls themselves tell that the bytes were on the disk before the answer.

const PUBLISHES = 20

/** For each publish what the process asked of the system between its beginning and its answer, in order. */
async function callsOfPublishes(options: Pick<EngineProcessOptions, 'synchronous'>): Promise<string[][]> {
  const folder = tempDir()
  const workspace = join(folder, 'workspace')
  mkdirSync(workspace)
  const published = join(folder, 'published.txt')
  const trace = join(folder, 'trace.txt')
  const wal = join(workspace, `${STORE_FILE}-wal`)
  const calls = 'trace=write,pwrite64,pwritev,fdatasync,fsync,sync_file_range'
  const engine = await EngineProcess.start({
    workspace,
    published,
    ...options,
    under: ['strace', '-o', trace, '-y', '-s', '8', '-e', calls, '-P', published, '-P', wal, '--'],
  })
  const load = { seed: 9, from: 0, publishes: PUBLISHES, eventsEach: 3, everyMs: 1 }
  expect(await engine.send({ do: 'load', load })).toBe(3 * PUBLISHES)
  await engine.close()
  const publishes: string[][] = []
  let inside: string[] | null = null
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const call = /^(\w+)\(\d+<([^>]*)>(?:, "(\w*))?/.exec(line)
    if (call === null) continue
    const [, name, path, text] = call
    if (path === wal) inside?.push(name!)
    else if (text === 'try') inside = []
    else if (text === 'done' && inside) {
      publishes.push(inside)
      inside = null
    }
  }
  return publishes
}

const SYNC = /^(fdatasync|fsync)$/

describe('an answered publish', () => {
  it('is synced to the disk after its last byte and before its answer', async ({ skip }) => {
    if (!hasStrace()) return skip(NO_STRACE)
    const publishes = await callsOfPublishes({})
    expect(publishes).toHaveLength(PUBLISHES)
    for (const calls of publishes) {
      expect(calls).toContain('pwrite64')
      expect(calls.at(-1)).toMatch(SYNC)
    }
  }, 60_000)

  it('would be seen not to be synced, if it were not', async ({ skip }) => {
    if (!hasStrace()) return skip(NO_STRACE)
    const publishes = await callsOfPublishes({ synchronous: 'NORMAL' })
    expect(publishes).toHaveLength(PUBLISHES)
    expect(publishes.filter((calls) => calls.some((name) => SYNC.test(name))).length).toBeLessThan(PUBLISHES / 4)
  }, 60_000)
})
