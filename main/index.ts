import { app } from 'electron'
import { runConsole } from './app/console'
import { guardContents } from './app/guards'
import { registerScheme } from './app/protocol'
import { parseStartOptions } from './app/start-options'
import { userDataFolder } from './host/workspace-paths'

app.enableSandbox()
app.setPath('userData', userDataFolder())
registerScheme()
guardContents()
process.on('SIGTERM', () => app.quit())
process.on('SIGINT', () => app.quit())

void app.whenReady().then(() => runConsole(parseStartOptions(process.argv.slice(1))))
