import { join } from 'node:path'
import { app, type BrowserWindow, dialog, session } from 'electron'
import { toErrorInfo } from '../../shared/errors'
import { workspaceFolder } from '../host/workspace-paths'
import type { Dispatch } from '../ipc/dispatch'
import { routeWindows, send } from '../ipc/router'
import { guardPermissions } from './guards'
import { setMenu } from './menu'
import { type OpenRequest, type OpenRequests, routeOfLink } from './open-requests'
import { serveApp } from './protocol'
import type { StartOptions } from './start-options'
import { bringToFront, openWindow, whenLoaded } from './window'
import type { OpenWorkspace } from './workspace'

/**
 * Builds everything by hand, once: window, workspace, calls. The window opens first: its page loads while the threads open the
 * workspace, and what the page calls meanwhile waits for them.
 */
export async function runConsole(options: StartOptions, requests: OpenRequests): Promise<void> {
  const isOwnWorkspace = options.workspace === undefined && !options.demo
  if (isOwnWorkspace && requests.handedOver()) {
    process.stdout.write('The console is open already; its window comes to the front.\n')
    return app.exit(0)
  }
  const folder = workspaceFolder(options)
  let window: BrowserWindow | null = null
  let opened: (workspace: OpenWorkspace) => void
  const opening = new Promise<OpenWorkspace>((resolve) => {
    opened = resolve
  })
  const dispatch: Dispatch = async (name, input) => (await opening).dispatch(name, input)
  const current = () => window
  const open = () => {
    const made = openWindow(app.getName())
    made.on('closed', () => {
      window = null
    })
    window = made
    return made
  }
  routeWindows(announceList(dispatch))
  guardPermissions(session.defaultSession)
  serveApp(join(app.getAppPath(), 'out/renderer'))
  setMenu({
    importEvents: () => void dispatch('imports.choose', {}).then(() => send(window, 'navigate', { to: '/imports' })),
    navigate: (to) => send(window, 'navigate', { to }),
  })
  open()
  app.on('activate', () => window ?? open())
  let refused = false
  app.on('window-all-closed', () => refused || app.quit())
  quitCleanly(opening)
  try {
    // Loaded now, so that its code does not hold up the window.
    const { openWorkspace } = await import('./workspace')
    opened!(await openWorkspace(folder, options, current))
  } catch (error) {
    const { message } = toErrorInfo(error)
    console.error(message)
    // The page would wait for ever behind the message, and its end must not be the app's before the message was read.
    refused = true
    current()?.destroy()
    if (process.env.ESC_NO_DIALOGS !== '1')
      dialog.showErrorBox('The workspace cannot be opened', `${message}\n\n${folder}`)
    return app.exit(1)
  }
  const workspace = await opening
  requests.deliverTo((request) => {
    const shown = window ?? open()
    bringToFront(shown)
    void routeOfRequest(request, dispatch).then((to) => {
      if (to !== null) whenLoaded(shown, () => send(shown, 'navigate', { to }))
    })
  })
  const inbox = options.demo ? await workspace.startDemo() : null
  process.stdout.write(`workspace ${folder}\n`)
  if (inbox !== null) process.stdout.write(`webhook inbox ${inbox}\n`)
  process.stdout.write(`local socket ${workspace.address}\n`)
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

function quitCleanly(opening: Promise<OpenWorkspace>): void {
  let closing = false
  app.on('will-quit', (event) => {
    if (closing) return
    closing = true
    event.preventDefault()
    void opening.then((workspace) => workspace.close()).finally(() => app.exit(0))
  })
}
