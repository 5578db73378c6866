import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { probe, reachabilityMemory } from '../../main/dev/reachability.mjs'
import { tempDir } from '../support/temp-dir'

const HOUR = 60 * 60 * 1000
const open: Server[] = []

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.close()
    if (server instanceof http.Server) server.closeAllConnections()
  }
})

async function listening(server: Server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(server)
  return (server.address() as AddressInfo).port
}

function answering(status: number, headers: http.OutgoingHttpHeaders = {}) {
  return listening(http.createServer((_, response) => response.writeHead(status, headers).end()))
}

async function closedPort() {
  const server = net.createServer()
  const port = await listening(server)
  server.close()
  await once(server, 'close')
  return port
}

test.each([200, 403, 404, 405, 500])('a host that answers %i is reached', async (status) => {
  expect(await probe(`http://127.0.0.1:${await answering(status)}/file.zip`)).toEqual({ reached: true })
})

test('a host that refuses the connection is not', async () => {
  const port = await closedPort()
  expect(await probe(`http://127.0.0.1:${port}/file.zip`)).toEqual({
    reached: false,
    reason: `127.0.0.1:${port}: ECONNREFUSED`,
  })
})

test('a host that takes the connection and says nothing is given up at the limit', async () => {
  const sockets: net.Socket[] = []
  const port = await listening(net.createServer((socket) => sockets.push(socket)))
  expect(await probe(`http://127.0.0.1:${port}/file.zip`, { limitMs: 100 })).toEqual({
    reached: false,
    reason: `127.0.0.1:${port}: no answer within 0.1 s`,
  })
  for (const socket of sockets) socket.destroy()
})

test('the host that a redirect leads to has to be reached too', async () => {
  const dead = await closedPort()
  const port = await answering(302, { location: `http://127.0.0.1:${dead}/asset.zip` })
  expect(await probe(`http://127.0.0.1:${port}/file.zip`)).toEqual({
    reached: false,
    reason: `127.0.0.1:${dead}: ECONNREFUSED`,
  })
})

test('a redirect within reach is followed', async () => {
  const target = await answering(200)
  const port = await answering(302, { location: `http://127.0.0.1:${target}/asset.zip` })
  expect(await probe(`http://127.0.0.1:${port}/file.zip`)).toEqual({ reached: true })
})

function proxyServer(status: string, seen: string[] = []) {
  const server = http.createServer()
  server.on('connect', (request, socket) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`)
    socket.end(`HTTP/1.1 ${status}\r\n\r\n`)
  })
  return listening(server)
}

test('behind a proxy it is the proxy that is asked', async () => {
  const seen: string[] = []
  const proxy = `http://me:p%40ss@127.0.0.1:${await proxyServer('200 OK', seen)}`
  expect(await probe('https://downloads.invalid/file.zip', { proxy })).toEqual({ reached: true })
  expect(seen).toEqual([`downloads.invalid:443 Basic ${Buffer.from('me:p@ss').toString('base64')}`])
})

test('a proxy that refuses the host makes it unreachable', async () => {
  const port = await proxyServer('403 Forbidden')
  expect(await probe('https://downloads.invalid/file.zip', { proxy: `http://127.0.0.1:${port}` })).toEqual({
    reached: false,
    reason: `127.0.0.1:${port}: the proxy answered 403`,
  })
})

function memoryFile() {
  return join(tempDir(), 'deeper', 'unreachable.json')
}

test('what was out of reach is remembered for a day, and no longer', () => {
  let now = 1_000 * HOUR
  const file = memoryFile()
  reachabilityMemory(file, () => now).remember('45 host', 'ECONNREFUSED')
  const later = reachabilityMemory(file, () => now)
  now += 24 * HOUR - 1
  expect(later.recall('45 host')).toBe('ECONNREFUSED')
  expect(later.recall('46 host')).toBeUndefined()
  now += 1
  expect(later.recall('45 host')).toBeUndefined()
})

test('a clock that was set back does not make the memory last longer', () => {
  const file = memoryFile()
  reachabilityMemory(file, () => 1_000 * HOUR).remember('key', 'gone')
  expect(reachabilityMemory(file, () => 999 * HOUR).recall('key')).toBeUndefined()
})

test('a new note keeps those that still count and drops the rest', () => {
  let now = 1_000 * HOUR
  const file = memoryFile()
  const memory = reachabilityMemory(file, () => now)
  memory.remember('old', 'a')
  now += 12 * HOUR
  memory.remember('recent', 'b')
  now += 13 * HOUR
  memory.remember('new', 'c')
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toEqual(['recent', 'new'])
})

test.each(['', '{"key":{"at"', '[]', 'null', '{"key":null}'])('a damaged memory (%j) is an empty one', (text) => {
  const file = memoryFile()
  const memory = reachabilityMemory(file)
  memory.remember('other', 'x')
  writeFileSync(file, text)
  expect(memory.recall('key')).toBeUndefined()
  memory.remember('key', 'again')
  expect(memory.recall('key')).toBe('again')
})
