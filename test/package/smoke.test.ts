import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectLocalSocket } from '../../main/ipc/local-socket'
import type { CallName, Input, Output } from '../../shared/contract'
import { type Result, unwrap } from '../../shared/errors'
import type { TargetTest } from '../../shared/target-test'
import { Receiver } from '../support/receiver'
import { COMMAND_LINE, commandLine, Home, memoryOf, PROGRAM, type Running, run, start } from './packaged-app'

const API_KEY = 'key-of-the-package'
const ORDERS = 40

const home = new Home()
let running: Running
let receiver: Receiver
let connection: NonNullable<Awaited<ReturnType<typeof connectLocalSocket>>>

async function call<N extends CallName>(name: N, input: Input<N>): Promise<Output<N>> {
  return unwrap((await connection.dispatch(name, input)) as Result<Output<N>>)
}

const line = (name: string, no: number) =>
  `{"tenant":"t","name":"${name}","published_at":"2026-01-01T00:00:00.000Z","payload":{"id":"${name}-${no}","amount":1.50}}`

beforeAll(async () => {
  receiver = await Receiver.start()
  running = await start('packaged', home)
  // The socket's folder is found through the same variable on both sides.
  process.env.XDG_RUNTIME_DIR = home.env.XDG_RUNTIME_DIR
  const connected = await connectLocalSocket(home.workspace)
  if (connected === null) throw new Error('The packaged console serves no local socket.')
  connection = connected
})

afterAll(async () => {
  connection?.close()
  if (running?.process.exitCode === null) await running.stop()
  await receiver?.close()
  home.remove()
})

it('is the packaged app, with SQLite in its threads', async () => {
  const info = await call('app.info', {})
  expect(info).toMatchObject({ version: '0.1.0', demo: false, workspace: home.workspace, secretProtection: 'key-file' })
  expect(info.runtime.sqlite).toMatch(/^3\.\d+/)
})

it('delivers what the packaged command line imports, byte by byte', async () => {
  await call('integrations.create', {
    id: 'orders',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: receiver.url, apiKey: API_KEY },
  })
  const orders = Array.from({ length: ORDERS }, (_, i) => line('order.created', i))
  const file = join(home.folder, 'events.export')
  writeFileSync(file, `${[...orders, line('return.created', 1)].join('\n')}\n`)
  const imported = await commandLine(home, 'import', file, '--json')
  expect(imported).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(imported.out)).toMatchObject({ state: 'done', accepted: ORDERS + 1, refused: 0 })

  await receiver.waitForCount(ORDERS, 30_000)
  expect(receiver.requests.map(({ body }) => body.toString()).sort()).toEqual(orders.sort())
  expect(new Set(receiver.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${API_KEY}`]))
  await expect.poll(async () => (await call('integrations.get', { id: 'orders' })).delivered).toBe(ORDERS)
  const listed = await commandLine(home, 'list', '--json')
  expect(JSON.parse(listed.out)).toMatchObject([{ id: 'orders', delivered: ORDERS, backlog: 0 }])
})

it('loads the S3 client, which lies in chunks of its own', async () => {
  receiver.answerWith({
    status: 403,
    body: '<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>',
  })
  const target = {
    kind: 's3',
    accessKeyId: 'AKIAPACKAGE',
    secretAccessKey: 'secret-of-the-package',
    region: 'eu-central-1',
    bucket: 'package-bucket',
    endpoint: `http://127.0.0.1:${receiver.port}`,
    pathStyle: true,
  } as const
  const before = receiver.requests.length
  const tested: TargetTest = await call('targets.test', { target })
  expect(tested.ok).toBe(false)
  const signed = receiver.requests.slice(before).map(({ headers }) => headers.authorization ?? '')
  expect(signed.some((header) => header.startsWith('AWS4-HMAC-SHA256 Credential=AKIAPACKAGE/'))).toBe(true)
})

it('runs the demo from the events in the archive', async () => {
  const demo = new Home()
  const shown = await start('packaged', demo, '--demo')
  process.env.XDG_RUNTIME_DIR = demo.env.XDG_RUNTIME_DIR
  try {
    const other = await connectLocalSocket(join(demo.workspace, '../demo'))
    await expect
      .poll(async () => JSON.stringify(await other!.dispatch('inbox.list', {})), { timeout: 30_000 })
      .toContain('order.')
    other!.close()
  } finally {
    process.env.XDG_RUNTIME_DIR = home.env.XDG_RUNTIME_DIR
    await shown.stop()
    demo.remove()
  }
})

it('imports a file that the desktop opens while it runs, in the console that is open', async () => {
  const file = join(home.folder, 'more.export')
  writeFileSync(file, `${line('order.created', 1000)}\n`)
  const flags = (process.env.EVENT_STREAM_CONSOLE_ELECTRON_FLAGS ?? '').split(' ').filter(Boolean)
  const second = await run(PROGRAM, [...flags, file], home.env)
  expect(second).toMatchObject({ code: 0 })
  expect(second.out).toContain('The console is open already')
  await expect
    .poll(async () => (await call('imports.list', {})).rows, { timeout: 20_000 })
    .toContainEqual(expect.objectContaining({ state: 'done', accepted: 1, lines: 1 }))
})

it('cannot be turned into a plain Node, inspected, or given options', async () => {
  const { DISPLAY: _, ...env } = home.env
  const asNode = await run(PROGRAM, ['-e', 'console.log("I am Node")'], { ...env, ELECTRON_RUN_AS_NODE: '1' })
  expect(asNode.out).not.toContain('I am Node')
  // Electron ignores most of NODE_OPTIONS by itself; of the fuse's two variables this one tells.
  const certificates = await run(COMMAND_LINE, ['--help'], { ...env, NODE_EXTRA_CA_CERTS: '/nowhere' })
  expect(certificates).toMatchObject({ code: 0, err: '' })
  const argument = await run(
    PROGRAM,
    ['--no-sandbox', '--ozone-platform=headless', '--inspect=0', '--cli', '--help'],
    env,
  )
  expect(argument.out).toContain('Usage: event-stream-console')
  expect(argument.err).not.toContain('Debugger listening')
})

it('is measured, and ends cleanly on a signal', async () => {
  const memory = memoryOf(running.process.pid!)
  console.log(`memory after the deliveries: ${memory.processes} processes, RSS ${memory.rss} MB, PSS ${memory.pss} MB`)
  expect(memory.processes).toBeGreaterThan(1)
  expect(memory.pss).toBeLessThan(1_000)
  connection.close()
  expect(await running.stop()).toBe(0)
  const alone = await commandLine(home, 'status', '--json')
  expect(alone).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(alone.out)).toMatchObject({ events: ORDERS + 2 })
})
