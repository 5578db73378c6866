import { runConsole } from './app/console'
import { guardContents } from './app/guards'
import { keepOwnFolder, quitOnSignals, sandboxPages, whenReady } from './app/lifecycle'
import { claimLinks, collectOpenRequests } from './app/open-requests'
import { registerScheme } from './app/protocol'
import { parseStartOptions } from './app/start-options'
import { commandArguments, runWindowless } from './app/windowless'

const command = commandArguments(process.argv)
if (command !== null) void runWindowless(command)
else {
  sandboxPages()
  keepOwnFolder()
  registerScheme()
  guardContents()
  quitOnSignals()
  claimLinks()
  const requests = collectOpenRequests()
  whenReady(() => runConsole(parseStartOptions(process.argv.slice(1)), requests))
}
