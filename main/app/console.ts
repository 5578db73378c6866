import { join } from 'node:path'
import { app, type BrowserWindow, dialog, session } from 'electron'
import { toErrorInfo } from '../../shared/errors'
import { Host } from '../host/host'
import { consentToKeyFile, openWorkspaceKey } from '../host/workspace-key'
import { workspaceFolder } from '../host/workspace-paths'
import { createDispatch, type Dispatch, ownerMayAll } from '../ipc/dispatch'
import { type LocalSocket, serveLocalSocket } from '../ipc/local-socket'
import { routeWindows, send } from '../ipc/router'
import { startDemo } from './demo'
import { guardPermissions } from './guards'
import { systemKeychain } from './keychain'
import { createMainCalls, type MainCallPorts } from './main-calls'
import { setMenu } from './menu'
import { serveApp } from './protocol'
import type { StartOptions } from './start-options'
import { openWindow } from './window'

/** How long attempts in flight may take to finish when the console quits. */
const QUIT_GRACE_MS = 5_000

/** What an open workspace consists of. */
interface Workspace {
  readonly host: Host
  readonly dispatch: Dispatch
  readonly socket: LocalSocket
}

/**
 * Builds everything by hand, once: window, workspace, threads, calls. The window opens first: its page loads while the threads
 * open the workspace, and what the page calls meanwhile waits for them.
 */
export async function runConsole(options: StartOptions): Promise<void> {
  const workspace = workspaceFolder(options)
  let window: BrowserWindow | null = null
  let opened: (workspace: Workspace) => void
  const opening = new Promise<Workspace>((resolve) => {
    opened = resolve
  })
  const dispatch: Dispatch = async (name, input) => (await opening).dispatch(name, input)
  const current = () => window
  const open = () => {
    window = openWindow(app.getName())
    window.on('closed', () => {
      window = null
    })
  }
  routeWindows(dispatch)
  guardPermissions(session.defaultSession)
  serveApp(join(app.getAppPath(), 'out/renderer'))
  setMenu({
    importEvents: () => void dispatch('imports.choose', {}).then(() => send(window, 'navigate', { to: '/imports' })),
    navigate: (to) => send(window, 'navigate', { to }),
  })
  open()
  app.on('activate', () => window ?? open())
  app.on('second-instance', () => (window ? window.focus() : open()))
  let refused = false
  app.on('window-all-closed', () => refused || app.quit())
  quitCleanly(opening)
  try {
    opened!(await openWorkspace(workspace, options, current))
  } catch (error) {
    const { message } = toErrorInfo(error)
    console.error(message)
    // The page would wait for ever behind the message, and its end must not be the app's before the message was read.
    refused = true
    current()?.destroy()
    if (process.env.ESC_NO_DIALOGS !== '1')
      dialog.showErrorBox('The workspace cannot be opened', `${message}\n\n${workspace}`)
    return app.exit(1)
  }
  const { host, socket } = await opening
  const inbox = options.demo ? await startDemo(host, dispatch) : null
  process.stdout.write(`workspace ${workspace}\n`)
  if (inbox !== null) process.stdout.write(`webhook inbox ${inbox}\n`)
  process.stdout.write(`local socket ${socket.address}\n`)
}

/** @throws AppError as `Host.open` does */
async function openWorkspace(
  workspace: string,
  options: StartOptions,
  window: () => BrowserWindow | null,
): Promise<Workspace> {
  let secrets = openWorkspaceKey(workspace, systemKeychain())
  if (secrets.protection === 'none' && (options.demo || options.allowKeyFile)) secrets = consentToKeyFile(workspace)
  const host = await Host.open({
    workspace,
    key: secrets.key,
    version: app.getVersion(),
    demoEvents: join(app.getAppPath(), 'main/resources/demo-events.ndjson'),
    onChanged: (topics) => send(window(), 'changed', topics),
    onNotice: (notice) => send(window(), 'notice', notice),
    onDeath: (error) => {
      send(window(), 'notice', {
        ...error,
        message: 'The delivery engine stopped. Restart the console; nothing is lost.',
      })
    },
  })
  const ports: MainCallPorts = { host, workspace, demo: options.demo, window, protection: secrets.protection }
  const dispatch = createDispatch(host, createMainCalls(ports), ownerMayAll)
  try {
    return { host, dispatch, socket: await serveLocalSocket(workspace, dispatch) }
  } catch (error) {
    await host.close(QUIT_GRACE_MS)
    throw error
  }
}

/** Closes in order: no more calls, attempts in flight, store, lock. */
function quitCleanly(opening: Promise<Workspace>): void {
  let closing = false
  app.on('will-quit', (event) => {
    if (closing) return
    closing = true
    event.preventDefault()
    void opening
      .then(async ({ host, socket }) => {
        await socket.close()
        await host.close(QUIT_GRACE_MS)
      })
      .finally(() => app.exit(0))
  })
}
