import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { socketAddress } from '../../main/host/workspace-paths'
import type { Dispatch } from '../../main/ipc/dispatch'
import { connectLocalSocket, type LocalSocket, serveLocalSocket } from '../../main/ipc/local-socket'
import { tempDir } from '../support/temp-dir'

const windows = process.platform === 'win32'

let workspace: string
let calls: string[]

beforeEach(() => {
  workspace = tempDir()
  calls = []
  // The sockets' folder would otherwise be the one that a console of this user has.
  vi.stubEnv('XDG_RUNTIME_DIR', tempDir())
  onTestFinished(() => void vi.unstubAllEnvs())
})

const echo: Dispatch = async (name, input) => {
  calls.push(name)
  return { ok: true, value: input }
}

async function serve(dispatch: Dispatch = echo): Promise<LocalSocket> {
  const server = await serveLocalSocket(workspace, dispatch)
  onTestFinished(() => server.close())
  return server
}

async function client(): Promise<Dispatch> {
  const connection = await connectLocalSocket(workspace)
  if (!connection) throw new Error('nobody serves the workspace')
  onTestFinished(() => connection.close())
  return connection.dispatch
}

async function rawSocket(address: string): Promise<Socket> {
  const socket = connect(address)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.resume()
  return socket
}

describe('local socket', () => {
  it('answers a call of the command line', async () => {
    await serve()
    const dispatch = await client()
    expect(await dispatch('app.info', { a: 'ü\n' })).toEqual({ ok: true, value: { a: 'ü\n' } })
    expect(calls).toEqual(['app.info'])
  })

  it.each([
    ['a wrong token', JSON.stringify({ id: 1, token: '0'.repeat(64), call: 'app.info', input: {} })],
    ['a short token', JSON.stringify({ id: 1, token: '', call: 'app.info', input: {} })],
    ['no token', JSON.stringify({ id: 1, call: 'app.info', input: {} })],
    ['no JSON', 'GET / HTTP/1.1'],
    ['null', 'null'],
  ])('disconnects whoever sends %s, without a call', async (_, line) => {
    const { address } = await serve()
    const socket = await rawSocket(address)
    const closed = once(socket, 'close')
    socket.write(`${line}\n`)
    await closed
    expect(calls).toEqual([])
  })

  it('gives each of several open calls its own answer, whatever the order', async () => {
    const open = new Map<string, (value: unknown) => void>()
    const arrived = new Map<string, () => void>()
    await serve(async (name) => {
      const value = await new Promise((resolve) => {
        open.set(name, resolve)
        arrived.get(name)?.()
      })
      return { ok: true, value }
    })
    const dispatch = await client()
    const call = async (name: string) => {
      const here = new Promise<void>((resolve) => arrived.set(name, resolve))
      const answer = dispatch(name, {})
      await here
      return { answer }
    }
    const slow = await call('slow')
    const fast = await call('fast')
    open.get('fast')?.('of fast')
    expect(await fast.answer).toEqual({ ok: true, value: 'of fast' })
    open.get('slow')?.('of slow')
    expect(await slow.answer).toEqual({ ok: true, value: 'of slow' })
  })

  it('answers open calls when the console goes away, and leaves no token behind', async () => {
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const server = await serveLocalSocket(workspace, () => {
      arrive()
      return new Promise(() => {})
    })
    const dispatch = await client()
    const answer = dispatch('app.info', {})
    await arrived
    await server.close()
    expect(await answer).toMatchObject({ ok: false, error: { code: 'engine_unavailable' } })
    expect(await connectLocalSocket(workspace)).toBeNull()
    expect(existsSync(join(workspace, 'console.token'))).toBe(false)
  })

  it('finds nobody where nobody serves', async () => {
    expect(await connectLocalSocket(workspace)).toBeNull()
  })

  it.skipIf(windows)('replaces the socket file of a console that was killed', async () => {
    const address = socketAddress(workspace)
    const script = `require('node:net').createServer().listen(${JSON.stringify(address)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect(existsSync(address)).toBe(true)
    await serve()
    expect(await (await client())('app.info', 1)).toEqual({ ok: true, value: 1 })
  })

  // Windows has no such modes; there the token keeps others out.
  it.skipIf(windows)('is for the owner only', async () => {
    const { address } = await serve()
    expect(statSync(address).mode & 0o777).toBe(0o600)
    expect(statSync(join(address, '..')).mode & 0o777).toBe(0o700)
    const token = join(workspace, 'console.token')
    expect(statSync(token).mode & 0o777).toBe(0o600)
    expect(readFileSync(token, 'utf8')).toMatch(/^[0-9a-f]{64}$/)
  })
})
