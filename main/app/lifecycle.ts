import { app } from 'electron'
import { userDataFolder } from '../host/workspace-paths'
import { leaveWithoutAsking } from './unsaved-changes'

/** Turns the sandbox on for every page. Electron's security checklist item 4. */
export function sandboxPages(): void {
  // Chromium refuses to run as root with its sandbox, and a forced sandbox would override the switch that says so.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
}

/** Keeps Electron's own files in the folder that the command line knows too. */
export function keepOwnFolder(): void {
  app.setPath('userData', userDataFolder())
}

/** Lets the signals of a terminal or service manager end the app the way its menu does. */
export function quitOnSignals(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      leaveWithoutAsking()
      app.quit()
    })
  }
}

export function whenReady(run: () => Promise<void>): void {
  void app.whenReady().then(run)
}
