import { join } from 'node:path'
import { app, type BrowserWindow } from 'electron'
import { Host } from '../host/host'
import { consentToKeyFile, openWorkspaceKey } from '../host/workspace-key'
import { createDispatch, type Dispatch, osUser, ownerMayAll } from '../ipc/dispatch'
import { serveLocalSocket } from '../ipc/local-socket'
import { send } from '../ipc/router'
import { startDemo } from './demo'
import { systemKeychain } from './keychain'
import { createMainCalls } from './main-calls'
import type { StartOptions } from './start-options'

/** How long attempts in flight may take to finish when the console quits. */
const QUIT_GRACE_MS = 5_000

/** The workspace as the console serves it. */
export interface OpenWorkspace {
  readonly dispatch: Dispatch
  /** Of the local socket. */
  readonly address: string
  /** Starts the demo. @returns the address of the webhook inbox */
  startDemo(): Promise<string>
  /** Closes in order: no more calls, attempts in flight, store, lock. */
  close(): Promise<void>
}

/**
 * Opens the workspace: key, threads, store, calls, local socket.
 *
 * @param window the console's window, when there is one
 * @throws AppError as `Host.open` and `serveLocalSocket` do; nothing is left open then
 */
export async function openWorkspace(
  workspace: string,
  options: StartOptions,
  window: () => BrowserWindow | null,
): Promise<OpenWorkspace> {
  let { key, protection } = openWorkspaceKey(workspace, systemKeychain())
  if (protection === 'none' && (options.demo || options.allowKeyFile)) {
    ;({ key, protection } = consentToKeyFile(workspace))
  }
  const host = await Host.open({
    workspace,
    key,
    version: app.getVersion(),
    onChanged: (topics) => send(window(), 'changed', topics),
    onNotice: (notice) => send(window(), 'notice', notice),
    onAlert: (alert) => send(window(), 'alert', alert),
    onDeath: (error) => send(window(), 'notice', error),
  })
  const actor = osUser('console')
  const main = createMainCalls({ host, workspace, demo: options.demo, actor, window, protection })
  const dispatch = createDispatch(host, main, ownerMayAll, actor)
  try {
    const socket = await serveLocalSocket(workspace, createDispatch(host, main, ownerMayAll, osUser('command line')))
    return {
      dispatch,
      address: socket.address,
      startDemo: () => startDemo(host, dispatch, join(app.getAppPath(), 'main/resources/demo-events.ndjson')),
      async close() {
        await socket.close()
        await host.close(QUIT_GRACE_MS)
      },
    }
  } catch (error) {
    await host.close(QUIT_GRACE_MS)
    throw error
  }
}
