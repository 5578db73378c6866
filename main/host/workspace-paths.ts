import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError } from '../../shared/errors'

const APP_FOLDER = 'Event Stream Console'

/** Folder of the app's own data, the same for the console and the command line. */
export function userDataFolder(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', APP_FOLDER)
  if (platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), APP_FOLDER)
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), APP_FOLDER)
}

/** Where the workspace is: the one asked for, else the demo's or the user's own. */
export function workspaceFolder(options: { readonly workspace?: string | undefined; readonly demo: boolean }): string {
  if (options.workspace !== undefined) return resolve(options.workspace)
  return join(userDataFolder(), 'workspaces', options.demo ? 'demo' : 'main')
}

/**
 * Address of the local socket of a workspace. Unix socket paths are limited to about 100 bytes, so it lies in a short folder
 * that only the owner can enter, under a name made from the workspace's path.
 */
export function socketAddress(workspace: string): string {
  const name = createHash('sha256').update(resolve(workspace)).digest('hex').slice(0, 16)
  if (process.platform === 'win32') return `\\\\.\\pipe\\event-stream-console-${name}`
  const folder = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `event-stream-console-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // The temporary folder is shared: another user may have made a folder of this name first, to listen in our place.
  if (statSync(folder).uid !== userInfo().uid) {
    throw new AppError('workspace_not_writable', `The folder ${folder} belongs to another user.`)
  }
  chmodSync(folder, 0o700)
  return join(folder, `${name}.sock`)
}
