import { runConsole } from './app/console'
import { guardContents } from './app/guards'
import { keepOwnFolder, quitOnSignals, sandboxPages, whenReady } from './app/lifecycle'
import { registerScheme } from './app/protocol'
import { parseStartOptions } from './app/start-options'

sandboxPages()
keepOwnFolder()
registerScheme()
guardContents()
quitOnSignals()
whenReady(() => runConsole(parseStartOptions(process.argv.slice(1))))
