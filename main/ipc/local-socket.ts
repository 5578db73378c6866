import { randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { AppError, type Result } from '../../shared/errors'
import { socketAddress } from '../host/workspace-paths'
import type { Dispatch } from './dispatch'

/**
 * The local socket through which the command line talks to a console that has the workspace open: one JSON text a line,
 * `{id, token, call, input}` answered by `{id, result}`. Only the owner can reach it: the socket lies in an owner-only
 * folder, and the token in an owner-only file of the workspace covers Windows, whose pipes others can open.
 */
interface Request {
  readonly id: number
  readonly token: string
  readonly call: string
  readonly input: unknown
}

const TOKEN_FILE = 'console.token'
const LINE_MAX = 1024 * 1024

export interface LocalSocket {
  readonly address: string
  close(): Promise<void>
}

/** Serves the socket of a workspace that this process holds the lock of. */
export async function serveLocalSocket(workspace: string, dispatch: Dispatch): Promise<LocalSocket> {
  const address = socketAddress(workspace)
  const token = randomBytes(32).toString('hex')
  writeFileSync(join(workspace, TOKEN_FILE), token, { mode: 0o600 })
  // A socket left by a killed process refuses connections; the workspace lock says that nobody serves it.
  if (process.platform !== 'win32') rmSync(address, { force: true })
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    answerLines(socket, token, dispatch)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, resolve)
  })
  if (process.platform !== 'win32') chmodSync(address, 0o600)
  return {
    address,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(join(workspace, TOKEN_FILE), { force: true })
    },
  }
}

function answerLines(socket: Socket, token: string, dispatch: Dispatch): void {
  let pending = ''
  socket.setEncoding('utf8')
  socket.on('data', async (chunk: string) => {
    pending += chunk
    if (pending.length > LINE_MAX) {
      socket.destroy()
      return
    }
    const lines = pending.split('\n')
    pending = lines.pop()!
    for (const line of lines) {
      const request = parse(line)
      if (!request || !sameText(request.token, token)) {
        socket.destroy()
        return
      }
      const result = await dispatch(request.call, request.input)
      if (!socket.destroyed) socket.write(`${JSON.stringify({ id: request.id, result })}\n`)
    }
  })
}

function parse(line: string): Request | null {
  try {
    const value = JSON.parse(line) as Partial<Request> | null
    if (typeof value?.id !== 'number' || typeof value.token !== 'string' || typeof value.call !== 'string') return null
    return { id: value.id, token: value.token, call: value.call, input: value.input }
  } catch {
    return null
  }
}

function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

/** Connects to the console that has the workspace open; null when there is none. */
export async function connectLocalSocket(workspace: string): Promise<{ dispatch: Dispatch; close(): void } | null> {
  let token: string
  try {
    token = readFileSync(join(workspace, TOKEN_FILE), 'utf8')
  } catch {
    return null
  }
  const socket = await new Promise<Socket | null>((resolve) => {
    const s = connect(socketAddress(workspace), () => resolve(s))
    s.on('error', () => resolve(null))
  })
  if (socket === null) return null
  const open = new Map<number, (result: Result<unknown>) => void>()
  createInterface({ input: socket }).on('line', (line) => {
    const { id, result } = JSON.parse(line) as { id: number; result: Result<unknown> }
    open.get(id)?.(result)
    open.delete(id)
  })
  const closed: Result<unknown> = {
    ok: false,
    error: new AppError('engine_unavailable', 'The console closed the connection.').toInfo(),
  }
  socket.on('close', () => {
    for (const answer of open.values()) answer(closed)
    open.clear()
  })
  let lastId = 0
  return {
    dispatch: (call, input) =>
      new Promise((resolve) => {
        if (socket.destroyed) {
          resolve(closed)
          return
        }
        const id = ++lastId
        open.set(id, resolve)
        socket.write(`${JSON.stringify({ id, token, call, input } satisfies Request)}\n`)
      }),
    close: () => socket.end(),
  }
}
