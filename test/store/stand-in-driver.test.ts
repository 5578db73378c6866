import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { presentRuntime } from '../../main/dev/electron-runtime.mjs'
import { PROBE_EVENTS, type ProbeResult, probe, probeStatus } from '../support/driver-probe'
import { Receiver } from '../support/receiver'
import { tempDir } from '../support/temp-dir'

const root = resolve(import.meta.dirname, '../..')

/** The stand-in runtime with its older driver, where it is what development and e2e run on; null elsewhere. */
function standIn(): { readonly binary: string; readonly redirect: string } | null {
  const binary = presentRuntime()?.binary
  if (binary === undefined) return null
  const redirect = join(dirname(binary), 'resources', 'app', 'stand-in-redirect.cjs')
  return existsSync(redirect) ? { binary, redirect } : null
}

/** Bundles the probe as the product's main process is: CommonJS for Node 20.18, with only the driver left outside. */
async function bundle(folder: string): Promise<string> {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['better-sqlite3'] },
    build: {
      ssr: join(root, 'test/support/driver-probe-process.ts'),
      target: 'node20.18',
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { external: ['better-sqlite3'], output: { format: 'cjs', entryFileNames: 'probe.cjs' } },
    },
  })
  return join(folder, 'probe.cjs')
}

/** An answer without what differs from run to run: times, and what depends on the order in which requests came back. */
function settledPart(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(settledPart).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      /(At|Ms)$|^(at|id|seq|attemptId|next|path|responseHeaders|reused)$/.test(key) && key !== 'publishedAt'
        ? [key, part === null ? null : typeof part]
        : [key, settledPart(part)],
    ),
  )
}

const older = standIn()
const title =
  older === null ? 'gives the same answers (not run: the runtime here is no stand-in)' : 'gives the same answers'

describe("the stand-in's driver and SQLite", () => {
  it.skipIf(older === null)(title, { timeout: 60_000 }, async () => {
    const { binary, redirect } = older!
    const script = await bundle(tempDir())
    const receiver = await Receiver.start({
      answer: ({ body }) => ({ status: probeStatus(body.toString()), body: 'seen' }),
    })
    onTestFinished(() => receiver.close())
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' }
    const args = ['-r', redirect, script, tempDir(), receiver.url]
    const { stdout } = await promisify(execFile)(binary, args, { env })
    const theirs = JSON.parse(stdout) as ProbeResult
    const ours = await probe(tempDir(), receiver.url)

    expect(theirs.electron).toMatch(/^33\./)
    expect(theirs.sqlite).toMatch(/^3\.47\./)
    expect(ours.electron).toBeUndefined()
    expect(ours.sqlite).not.toBe(theirs.sqlite)
    expect(theirs.answers['integrations.get']).toMatchObject([
      { delivered: PROBE_EVENTS - 2, rejected: 1, waiting: 1, backlog: 1, status: 'stopped' },
    ])
    expect(theirs.answers.pages).toHaveLength(PROBE_EVENTS)
    expect(settledPart(theirs.answers)).toEqual(settledPart(ours.answers))
  })
})
