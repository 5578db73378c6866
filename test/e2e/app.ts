import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron, test as base, type ElectronApplication, expect, type Page } from '@playwright/test'

const ROOT = resolve(import.meta.dirname, '../..')

export interface RunningConsole {
  readonly app: ElectronApplication
  readonly page: Page
}

/** For `start`: the console asks before it keeps a key file, as it does for a person. */
export const ASK_FOR_KEY_FILE = 'ask-for-key-file'

interface Fixtures {
  /** A folder of its own for each test. */
  workspace: string
  /**
   * Starts the real console on the test's workspace; it is closed after the test. A key file is allowed, unless `ASK_FOR_KEY_FILE` is
   * among the arguments.
   */
  start: (...args: string[]) => Promise<RunningConsole>
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright requires the first argument to be a pattern
  workspace: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'console-e2e-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },

  start: async ({ workspace }, use) => {
    const running: ElectronApplication[] = []
    await use(async (...args) => {
      const consent = args.includes(ASK_FOR_KEY_FILE) ? [] : ['--allow-key-file']
      const given = args.filter((arg) => arg !== ASK_FOR_KEY_FILE)
      const app = await launch(['--workspace', workspace, ...consent, ...given], workspace)
      running.push(app)
      const page = await app.firstWindow()
      await page.waitForLoadState('domcontentloaded')
      return { app, page }
    })
    for (const app of running) await app.close()
  },
})

/** Launches Electron on the built app, the way `npm start` does. */
async function launch(args: readonly string[], workspace: string): Promise<ElectronApplication> {
  const { executablePath, env, flags } = electron(workspace)
  return _electron.launch({ executablePath, args: [...flags, ROOT, ...args], env })
}

/** Starts the console without Playwright, for one that ends by itself. */
export function runToItsEnd(workspace: string): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const { executablePath, env, flags } = electron(workspace)
  const child = spawn(executablePath, [...flags, ROOT, '--workspace', workspace], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stderr }))
  })
}

function electron(workspace: string) {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  const flags = env.EVENT_STREAM_CONSOLE_ELECTRON_FLAGS ?? '--no-sandbox --disable-gpu --log-level=3'
  return {
    executablePath: env.ELECTRON_EXEC_PATH ?? (createRequire(import.meta.url)('electron') as string),
    flags: flags.split(' ').filter(Boolean),
    env: { ...(env as Record<string, string>), ESC_NO_DIALOGS: '1', XDG_CONFIG_HOME: join(workspace, 'config') },
  }
}

export { expect }
