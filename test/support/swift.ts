import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Where a real S3-compatible server listens, and the one account that it knows. */
export interface S3Server {
  /** Use with path style. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Swift extends S3Server {
  /** Ends the processes and removes the data. Calling it again does nothing. */
  stop(): Promise<void>
}

const SERVERS = ['account', 'container', 'object', 'proxy'] as const
type ServerName = (typeof SERVERS)[number]
type Ports = Record<ServerName, number>

/** Debian's packages run on Debian's own Python, whatever other one comes first on the PATH. */
const PYTHON = '/usr/bin/python3'

/** An idle machine takes 4 s; one that runs many other things at the same time far longer. */
const START_LIMIT_MS = 60_000

/** Of the s3api: what a client has to give as region. */
const REGION = 'us-east-1'

/** What lacks on this machine, as a sentence; null when Swift can be started. */
export function whatSwiftLacks(): string | null {
  const programs = [...SERVERS.map((name) => `/usr/bin/swift-${name}-server`), PYTHON, '/usr/bin/setpriv']
  const missing = programs.filter((path) => !existsSync(path))
  if (missing.length === 0) return null
  return `OpenStack Swift is not installed (${missing.join(', ')}). On Debian: apt-get install --no-install-recommends swift-proxy swift-account swift-container swift-object`
}

/**
 * Starts OpenStack Swift with its S3 interface: one node with one disk, in a temporary folder, on free ports of 127.0.0.1. It needs
 * no root: every server runs as the user of this process. The kernel ends the servers with this process. Rejects when
 * it does not answer within a minute.
 */
export async function startSwift(): Promise<Swift> {
  try {
    return await startOnce()
  } catch (error) {
    if (!(error instanceof EndedAtOnce)) throw error
    // Between the search for a free port and its use another process may have taken it.
    return startOnce()
  }
}

class EndedAtOnce extends Error {}

async function startOnce(): Promise<Swift> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'event-stream-console-swift-'))
  const children: ChildProcess[] = []
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= endAll(children).then(() => rmSync(folder, { recursive: true, force: true }))
    return stopped
  }
  try {
    const ports = await freePorts()
    mkdirSync(join(folder, 'data', 'd1'), { recursive: true })
    for (const name of SERVERS) writeFileSync(confFile(folder, name), configuration(folder, name, ports))
    await makeRings(folder, ports)
    const said: string[] = []
    for (const name of SERVERS) children.push(startServer(folder, name, said))
    await Promise.race([
      Promise.all(SERVERS.map((name) => answers(ports[name]))),
      ...children.map(async (child, n) => {
        await once(child, 'exit')
        throw new EndedAtOnce(`swift-${SERVERS[n]}-server ended at once: ${said.join('').slice(-2000)}`)
      }),
    ])
    return {
      endpoint: `http://127.0.0.1:${ports.proxy}`,
      region: REGION,
      accessKeyId: 'test:tester',
      secretAccessKey: 'testing',
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function confFile(folder: string, name: ServerName): string {
  return join(folder, `${name}.conf`)
}

/** `workers = 0` keeps each server one process, whose id is the one that was started. */
function configuration(folder: string, name: ServerName, ports: Ports): string {
  const common = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${ports[name]}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
log_level = ERROR
`
  if (name !== 'proxy') {
    return `${common}devices = ${join(folder, 'data')}
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = healthcheck ${name}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:${name}-server]
use = egg:swift#${name}
`
  }
  // s3api asks for symlink when versioning may be switched on, which is its default. tempauth asks for a cache, and is content with
  // one that nobody answers for: nothing listens on port 1.
  return `${common}[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache s3api tempauth bulk slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:s3api]
use = egg:swift#s3api
location = ${REGION}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
set log_level = CRITICAL
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true
${['catch_errors', 'gatekeeper', 'healthcheck', 'bulk', 'slo', 'dlo', 'symlink']
  .map((filter) => `[filter:${filter}]\nuse = egg:swift#${filter}\n`)
  .join('')}`
}

const RINGS = `
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for argument in sys.argv[2:]:
    name, port = argument.split('=')
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'd1', 'weight': 1.0})
    builder.rebalance()
    builder.get_ring().save('%s/%s.ring.gz' % (folder, name))
`

async function makeRings(folder: string, ports: Ports): Promise<void> {
  const rings = SERVERS.filter((name) => name !== 'proxy').map((name) => `${name}=${ports[name]}`)
  await promisify(execFile)(PYTHON, ['-c', RINGS, folder, ...rings], { env: pythonEnv() })
}

/** Without the variables that would lead Debian's Python to another one's libraries. */
function pythonEnv(): NodeJS.ProcessEnv {
  return { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: process.env.HOME, LANG: 'C.UTF-8' }
}

function startServer(folder: string, name: ServerName, said: string[]): ChildProcess {
  const command = [PYTHON, `/usr/bin/swift-${name}-server`, confFile(folder, name), '--verbose']
  const child = spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', ...command], {
    env: pythonEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said.push(text)
      if (said.length > 100) said.shift()
    })
  }
  return child
}

/** They do not end on TERM within a second, and nothing of theirs is to be kept. */
async function endAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }),
  )
}

async function freePorts(): Promise<Ports> {
  const servers = SERVERS.map(() => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as { port: number }).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return Object.fromEntries(SERVERS.map((name, n) => [name, ports[n]])) as Ports
}

async function answers(port: number): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/healthcheck`, { signal: AbortSignal.timeout(2000) })
      await response.arrayBuffer()
      if (response.ok) return
    } catch {
      // Not yet.
    }
    if (Date.now() > limit) throw new Error(`Swift did not answer on port ${port} within ${START_LIMIT_MS} ms.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
