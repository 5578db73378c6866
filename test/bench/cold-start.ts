import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { consentToKeyFile } from '../../main/host/workspace-key'
import { generateEvents } from '../support/event-generator'
import { startCountingReceiver } from '../support/receiver-launcher'
import { type Bench, number, openEngine, publishAll, ROOT } from './bench'
import { startBare } from './devtools'
import { compare, report } from './pairs'

const INTEGRATIONS = 10

/**
 * From the creation of the process to a list that answers a click, against an Electron that opens one window with one button.
 * Both are measured from outside in the same way. The files are in the system's cache and both have been started before, as on a
 * working day.
 */
export async function coldStart({ scale, folder, print }: Bench): Promise<void> {
  const attempts = 100_000 * scale
  const workspace = folder()
  await fillWorkspace(workspace, attempts)
  const console_ = () => startConsole(workspace)
  const emptyProfile = folder()
  const empty = () => startEmptyWindow(emptyProfile)
  await console_()
  await empty()
  print(
    report(
      `cold-start, ${INTEGRATIONS} integrations, ${number(attempts)} attempts`,
      'ms',
      await compare(console_, empty),
      { atMost: 1.5 },
    ),
  )
}

/** Makes the workspace as an operator would come to have it: real deliveries of running integrations. */
async function fillWorkspace(workspace: string, attempts: number): Promise<void> {
  mkdirSync(workspace, { recursive: true })
  const { key } = consentToKeyFile(workspace)
  const receiver = await startCountingReceiver()
  const each = attempts / INTEGRATIONS
  const engine = openEngine(workspace, undefined, key)
  try {
    publishAll(
      engine,
      [...generateEvents({ seed: 4, count: each })].map((line) => Buffer.from(line)),
    )
    for (let n = 0; n < INTEGRATIONS; n++) {
      await engine.call('integrations.create', {
        id: `integration-${n}`,
        integrationType: 'permanent',
        startsAt: 0,
        endsAt: null,
        selection: { entities: [], events: [] },
        target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: 'key' },
      })
    }
    while ((await receiver.usage()).requests < attempts) await new Promise((resolve) => setTimeout(resolve, 50))
  } finally {
    await engine.close()
    await receiver.stop()
  }
}

async function startConsole(workspace: string): Promise<number> {
  const electron = await startBare([ROOT, '--workspace', workspace], {
    XDG_CONFIG_HOME: join(workspace, 'config'),
    ESC_NO_DIALOGS: '1',
  })
  try {
    await electron.page.visible('main', 'integration-0')
    await electron.page.click(await electron.page.visible('nav a', 'Paused'))
    await electron.page.visible('h1', 'Paused')
    return performance.now() - electron.startedAt
  } finally {
    await electron.quit()
  }
}

async function startEmptyWindow(profile: string): Promise<number> {
  const electron = await startBare([join(ROOT, 'test/bench/empty-window.cjs')], { XDG_CONFIG_HOME: profile })
  try {
    await electron.page.click(await electron.page.visible('button', 'Click'))
    await electron.page.visible('button', 'Clicked')
    return performance.now() - electron.startedAt
  } finally {
    await electron.quit()
  }
}
