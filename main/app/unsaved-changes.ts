import { type BrowserWindow, dialog } from 'electron'

let asking = true

/** From now on pages are closed whatever is unsaved in them: nobody is there to answer. */
export function leaveWithoutAsking(): void {
  asking = false
}

/**
 * Asks before a window is closed, or the app quit, while its page holds unsaved input. Without this, Electron takes the page's wish to stay
 * for a refusal that nobody sees.
 */
export function askBeforeUnload(window: BrowserWindow): void {
  window.webContents.on('will-prevent-unload', (event) => {
    const leave = !asking || process.env.ESC_NO_DIALOGS === '1' || confirmed(window)
    // Preventing the prevention: the page goes.
    if (leave) event.preventDefault()
  })
}

function confirmed(window: BrowserWindow): boolean {
  const answer = dialog.showMessageBoxSync(window, {
    type: 'question',
    message: 'Discard what you have entered?',
    detail: 'The form has changes that are not saved.',
    buttons: ['Keep editing', 'Discard'],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
  })
  return answer === 1
}
