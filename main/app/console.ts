import { join } from 'node:path'
import { app, type BrowserWindow, dialog, session } from 'electron'
import { toErrorInfo } from '../../shared/errors'
import { Host } from '../host/host'
import { consentToKeyFile, openWorkspaceKey } from '../host/workspace-key'
import { workspaceFolder } from '../host/workspace-paths'
import { createDispatch, osUser, ownerMayAll } from '../ipc/dispatch'
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

/** Builds everything by hand, once: workspace, threads, calls, window. */
export async function runConsole(options: StartOptions): Promise<void> {
  const workspace = workspaceFolder(options)
  let window: BrowserWindow | null = null
  let host: Host
  let secrets = openWorkspaceKey(workspace, systemKeychain())
  if (secrets.protection === 'none' && (options.demo || options.allowKeyFile)) secrets = consentToKeyFile(workspace)
  try {
    host = await Host.open({
      workspace,
      key: secrets.key,
      version: app.getVersion(),
      demoEvents: join(app.getAppPath(), 'main/resources/demo-events.ndjson'),
      onChanged: (topics) => send(window, 'changed', topics),
      onNotice: (notice) => send(window, 'notice', notice),
      onAlert: (alert) => send(window, 'alert', alert),
      onDeath: (error) => send(window, 'notice', error),
    })
  } catch (error) {
    const { message } = toErrorInfo(error)
    console.error(message)
    if (process.env.ESC_NO_DIALOGS !== '1')
      dialog.showErrorBox('The workspace cannot be opened', `${message}\n\n${workspace}`)
    return app.exit(1)
  }
  const ports: MainCallPorts = {
    host,
    workspace,
    demo: options.demo,
    actor: osUser('console'),
    window: () => window,
    protection: secrets.protection,
  }
  const mainCalls = createMainCalls(ports)
  const dispatch = createDispatch(host, mainCalls, ownerMayAll, osUser('console'))
  routeWindows(dispatch)
  const socket = await serveLocalSocket(workspace, createDispatch(host, mainCalls, ownerMayAll, osUser('command line')))
  guardPermissions(session.defaultSession)
  serveApp(join(app.getAppPath(), 'out/renderer'))
  setMenu({
    importEvents: () => void dispatch('imports.choose', {}).then(() => send(window, 'navigate', { to: '/imports' })),
    navigate: (to) => send(window, 'navigate', { to }),
  })
  const open = () => {
    window = openWindow(app.getName())
    window.on('closed', () => {
      window = null
    })
  }
  open()
  app.on('activate', () => window ?? open())
  app.on('second-instance', () => (window ? window.focus() : open()))
  app.on('window-all-closed', () => app.quit())
  quitCleanly(host, socket)
  const inbox = options.demo ? await startDemo(host, dispatch) : null
  process.stdout.write(`workspace ${workspace}\n`)
  if (inbox !== null) process.stdout.write(`webhook inbox ${inbox}\n`)
  process.stdout.write(`local socket ${socket.address}\n`)
}

/** Closes in order: no more calls, attempts in flight, store, lock. */
function quitCleanly(host: Host, socket: LocalSocket): void {
  let closing = false
  app.on('will-quit', (event) => {
    if (closing) return
    closing = true
    event.preventDefault()
    void socket
      .close()
      .then(() => host.close(QUIT_GRACE_MS))
      .finally(() => app.exit(0))
  })
}
