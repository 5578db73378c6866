import { app } from 'electron'
import { runConsole } from './app/console'
import { guardContents } from './app/guards'
import { registerScheme } from './app/protocol'
import { parseStartOptions } from './app/start-options'
import { userDataFolder } from './host/workspace-paths'

// Chromium refuses to run as root with its sandbox, and a forced sandbox would override the switch that says so.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
app.setPath('userData', userDataFolder())
registerScheme()
guardContents()
process.on('SIGTERM', () => app.quit())
process.on('SIGINT', () => app.quit())

void app.whenReady().then(() => runConsole(parseStartOptions(process.argv.slice(1))))
