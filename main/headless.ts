import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ImportJob } from '../shared/domain'
import { AppError, toErrorInfo, unwrap } from '../shared/errors'
import { Host } from './host/host'
import { openWorkspaceKey } from './host/workspace-key'
import { workspaceFolder } from './host/workspace-paths'
import { callerOf, createDispatch, type Dispatch, osUser, ownerMayAll } from './ipc/dispatch'
import { connectLocalSocket } from './ipc/local-socket'

const help = (program: string) => `Usage: ${program} <command> [options]

Commands
  import FILE…    Import events from NDJSON or .export files
  list            List the integrations
  status          Show the figures of the event log

Options
  --workspace DIR  Folder of the workspace (default: your own)
  --json           Answer in JSON
  --help           This text

While the console has the workspace open, the command talks to it; else it opens the workspace itself.`

const POLL_MS = 200

interface Connection {
  readonly dispatch: Dispatch
  close(): Promise<void>
}

async function connect(workspace: string): Promise<Connection> {
  const console = await connectLocalSocket(workspace)
  if (console) return { dispatch: console.dispatch, close: async () => console.close() }
  const secrets = openWorkspaceKey(workspace, null)
  const nothing = () => {}
  const host = await Host.open({
    workspace,
    key: secrets.key,
    version: 'cli',
    onChanged: nothing,
    onNotice: ({ message }) => process.stderr.write(`${message}\n`),
    onAlert: nothing,
    onDeath: nothing,
  })
  const consoleOnly = async () => {
    throw new AppError('unknown_call', 'This needs the console.')
  }
  const main = {
    'app.info': consoleOnly,
    'secrets.consent': consoleOnly,
    'imports.choose': consoleOnly,
    'exports.choose': consoleOnly,
  }
  return { dispatch: createDispatch(host, main, ownerMayAll, osUser('command line')), close: () => host.close(5_000) }
}

async function importFiles(connection: Connection, files: readonly string[], json: boolean): Promise<boolean> {
  const call = callerOf(connection.dispatch)
  let clean = true
  for (const file of files) {
    let job: ImportJob = unwrap(await call('imports.start', { path: resolve(file) }))
    while (job.state === 'running') {
      await new Promise((done) => setTimeout(done, POLL_MS))
      const { id } = job
      job = unwrap(await call('imports.list', {})).rows.find((row) => row.id === id) ?? job
      if (process.stderr.isTTY) process.stderr.write(`\r${file}: ${job.lines} lines`)
    }
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    const { rows: problems } = unwrap(await call('imports.problems', { importId: job.id }))
    if (json) console.log(JSON.stringify({ ...job, problems }))
    else {
      console.log(
        `${file}: ${job.state}. ${job.accepted} accepted, ${job.duplicates} duplicates, ${job.refused} refused`,
      )
      for (const p of problems) console.log(`  line ${p.line}: ${p.message}`)
      if (job.errorMessage) console.log(`  ${job.errorMessage}`)
    }
    clean &&= job.state === 'done' && job.refused === 0
  }
  return clean
}

async function run(args: readonly string[], program: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { workspace: { type: 'string' }, json: { type: 'boolean', default: false }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  const [command, ...files] = positionals
  if (values.help || command === undefined || !['import', 'list', 'status'].includes(command)) {
    console.log(help(program))
    return values.help ? 0 : 2
  }
  const connection = await connect(workspaceFolder({ workspace: values.workspace, demo: false }))
  const call = callerOf(connection.dispatch)
  try {
    if (command === 'import') return (await importFiles(connection, files, values.json)) ? 0 : 1
    if (command === 'list') {
      const { rows } = unwrap(await call('integrations.list', {}))
      if (values.json) console.log(JSON.stringify(rows))
      else
        for (const r of rows) console.log(`${r.id}\t${r.status}\t${r.delivered} delivered\t${r.backlog} in the backlog`)
      return 0
    }
    const figures = unwrap(await call('events.figures', {}))
    if (values.json) console.log(JSON.stringify(figures))
    else {
      console.log(`${figures.events} events`)
      for (const t of figures.byType) console.log(`${t.name}\t${t.count}`)
    }
    return 0
  } finally {
    await connection.close()
  }
}

/**
 * Runs one command and answers on stdout; what goes wrong is said on stderr.
 *
 * @param program what the user calls it by, for the help
 * @returns the exit code: 0 done, 1 failed, 2 not understood
 */
export async function runCommandLine(args: readonly string[], program: string): Promise<number> {
  try {
    return await run(args, program)
  } catch (error) {
    process.stderr.write(`${error instanceof TypeError ? error.message : toErrorInfo(error).message}\n`)
    return 1
  }
}

// Under Electron it is called by main/app/windowless.ts.
if (process.versions.electron === undefined) {
  void runCommandLine(process.argv.slice(2), 'npm run cli --').then((code) => {
    process.exitCode = code
  })
}
