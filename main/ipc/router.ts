import { type BrowserWindow, ipcMain, type WebFrameMain } from 'electron'
import type { EventName, Events } from '../../shared/contract'
import { CALL_CHANNEL, eventChannel } from '../../shared/contract/channels'
import { AppError } from '../../shared/errors'
import { APP_ORIGIN } from '../app/protocol'
import type { Dispatch } from './dispatch'

/** True for the main frame of one of our windows, on our own origin; Electron's security checklist item 17. */
export function isTrusted(frame: Pick<WebFrameMain, 'url' | 'parent'> | null): boolean {
  return frame !== null && frame.parent === null && frame.url.startsWith(`${APP_ORIGIN}/`)
}

/** Connects the windows to the dispatcher. The only user of `ipcMain`. */
export function routeWindows(dispatch: Dispatch): void {
  ipcMain.handle(CALL_CHANNEL, (event, name: unknown, input: unknown) => {
    if (!isTrusted(event.senderFrame) || typeof name !== 'string') {
      return { ok: false, error: new AppError('forbidden_sender').toInfo() }
    }
    return dispatch(name, input)
  })
}

/** Sends an event to a window, if it is still there. */
export function send<E extends EventName>(window: BrowserWindow | null, name: E, payload: Events[E]): void {
  if (window && !window.isDestroyed()) window.webContents.send(eventChannel(name), payload)
}
