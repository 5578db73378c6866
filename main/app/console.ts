import { join } from 'node:path'
import { app, type BrowserWindow, dialog, session } from 'electron'
import { toErrorInfo } from '../../shared/errors'
import { Host } from '../host/host'
import { consentToKeyFile, openWorkspaceKey } from '../host/workspace-key'
import { workspaceFolder } from '../host/workspace-paths'
import { createDispatch, type Dispatch, osUser, ownerMayAll } from '../ipc/dispatch'
import { type LocalSocket, serveLocalSocket } from '../ipc/local-socket'
import { routeWindows, send } from '../ipc/router'
import { startDemo } from './demo'
import { guardPermissions } from './guards'
import { systemKeychain } from './keychain'
import { createMainCalls, type MainCallPorts } from './main-calls'
import { setMenu } from './menu'
import { type OpenRequest, type OpenRequests, routeOfLink } from './open-requests'
import { serveApp } from './protocol'
import type { StartOptions } from './start-options'
import { bringToFront, openWindow, whenLoaded } from './window'

/** How long attempts in flight may take to finish when the console quits. */
const QUIT_GRACE_MS = 5_000

/** Builds everything by hand, once: workspace, threads, calls, window. */
export async function runConsole(options: StartOptions, requests: OpenRequests): Promise<void> {
  const isOwnWorkspace = options.workspace === undefined && !options.demo
  if (isOwnWorkspace && requests.handedOver()) {
    process.stdout.write('The console is open already; its window comes to the front.\n')
    return app.exit(0)
  }
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
      onDeath: (error) => {
        send(window, 'notice', {
          ...error,
          message: 'The delivery engine stopped. Restart the console; nothing is lost.',
        })
      },
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
  routeWindows(announceList(dispatch))
  const socket = await serveLocalSocket(workspace, createDispatch(host, mainCalls, ownerMayAll, osUser('command line')))
  guardPermissions(session.defaultSession)
  serveApp(join(app.getAppPath(), 'out/renderer'))
  setMenu({
    importEvents: () => void dispatch('imports.choose', {}).then(() => send(window, 'navigate', { to: '/imports' })),
    navigate: (to) => send(window, 'navigate', { to }),
  })
  const open = () => {
    const opened = openWindow(app.getName())
    opened.on('closed', () => {
      window = null
    })
    window = opened
    return opened
  }
  open()
  app.on('activate', () => window ?? open())
  requests.deliverTo((request) => {
    const shown = window ?? open()
    bringToFront(shown)
    void routeOfRequest(request, dispatch).then((to) => {
      if (to !== null) whenLoaded(shown, () => send(shown, 'navigate', { to }))
    })
  })
  app.on('window-all-closed', () => app.quit())
  quitCleanly(host, socket)
  const inbox = options.demo ? await startDemo(host, dispatch) : null
  process.stdout.write(`workspace ${workspace}\n`)
  if (inbox !== null) process.stdout.write(`webhook inbox ${inbox}\n`)
  process.stdout.write(`local socket ${socket.address}\n`)
}

/** Says once on stdout that a page has what it needs to show the list: for those who wait for a console without looking at it. */
function announceList(dispatch: Dispatch): Dispatch {
  let said = false
  return async (name, input) => {
    const result = await dispatch(name, input)
    if (!said && name === 'integrations.list' && result.ok) {
      said = true
      process.stdout.write('the list is open\n')
    }
    return result
  }
}

/** Starts the imports that the system asked for. @returns the screen to show, null to stay where one is */
async function routeOfRequest({ files, links }: OpenRequest, dispatch: Dispatch): Promise<string | null> {
  for (const path of files) await dispatch('imports.start', { path })
  if (files.length > 0) return '/imports'
  return links.map(routeOfLink).find((route) => route !== null) ?? null
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
