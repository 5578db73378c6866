import { join } from 'node:path'
import { app, type BrowserWindow, dialog, session } from 'electron'
import { toErrorInfo } from '../../shared/errors'
import { workspaceFolder } from '../host/workspace-paths'
import type { Dispatch } from '../ipc/dispatch'
import { routeWindows, send } from '../ipc/router'
import { guardPermissions } from './guards'
import { setMenu } from './menu'
import { serveApp } from './protocol'
import type { StartOptions } from './start-options'
import { openWindow } from './window'
import type { OpenWorkspace } from './workspace'

/**
 * Builds everything by hand, once: window, workspace, calls. The window opens first: its page loads while the threads open the
 * workspace, and what the page calls meanwhile waits for them.
 */
export async function runConsole(options: StartOptions): Promise<void> {
  const folder = workspaceFolder(options)
  let window: BrowserWindow | null = null
  let opened: (workspace: OpenWorkspace) => void
  const opening = new Promise<OpenWorkspace>((resolve) => {
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
  const inbox = options.demo ? await workspace.startDemo() : null
  process.stdout.write(`workspace ${folder}\n`)
  if (inbox !== null) process.stdout.write(`webhook inbox ${inbox}\n`)
  process.stdout.write(`local socket ${workspace.address}\n`)
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
