import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { binaryPath, downloadAddress, fetchOwnElectron, proxyFor } from '../../main/dev/own-electron.mjs'
import { tempDir } from '../support/temp-dir'

const DAY = 24 * 60 * 60 * 1000
const FILE = `electron-v45.0.0-${process.platform}-${process.arch}.zip`
const servers: http.Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

// Electron's own script without its checksums and its zip: it takes what the mirror sends for the executable.
const INSTALL = `
const fs = require('node:fs')
const path = require('node:path')
const dist = path.join(__dirname, 'dist')
const binary = path.join(dist, ${JSON.stringify(binaryPath())})
async function main() {
  const cached = process.env.FAKE_CACHED
  const bytes = cached ?? Buffer.from(await (await fetch(process.env.ELECTRON_MIRROR + 'v45.0.0/${FILE}')).arrayBuffer())
  fs.mkdirSync(path.dirname(binary), { recursive: true })
  fs.writeFileSync(binary, bytes)
  fs.writeFileSync(path.join(dist, 'version'), 'v45.0.0')
  fs.writeFileSync(path.join(__dirname, 'path.txt'), ${JSON.stringify(binaryPath())})
}
main().catch((error) => { console.error('download broke:', error.message); process.exit(1) })
`

function project() {
  const root = tempDir()
  const electron = join(root, 'node_modules', 'electron')
  mkdirSync(electron, { recursive: true })
  writeFileSync(join(electron, 'package.json'), JSON.stringify({ name: 'electron', version: '45.0.0' }))
  writeFileSync(join(electron, 'install.js'), INSTALL)
  return { root, cache: join(root, 'cache'), log: () => {} }
}

async function mirror(handle: (method: string, response: ServerResponse) => void) {
  const requests: string[] = []
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    handle(request.method ?? '', response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { requests, address, env: { PATH: process.env.PATH, ELECTRON_MIRROR: address } }
}

async function deadMirror() {
  const { address, env } = await mirror((_, response) => response.end())
  servers.at(-1)?.close()
  await once(servers.pop() as http.Server, 'close')
  return { address, env }
}

test('a reachable mirror is downloaded from', async () => {
  const { env, requests } = await mirror((_, response) => response.end('an executable'))
  const made = await fetchOwnElectron({ ...project(), env })
  expect(made).toEqual({ binary: expect.stringContaining(binaryPath()) })
  expect(readFileSync((made as { binary: string }).binary, 'utf8')).toBe('an executable')
  expect(requests).toEqual([`HEAD /v45.0.0/${FILE}`, `GET /v45.0.0/${FILE}`])
})

test('a download that makes progress is not cut, however far it goes past the limit', async () => {
  const limitMs = 100
  const pieces = 12
  const { env } = await mirror((method, response) => {
    if (method === 'HEAD') {
      response.end()
      return
    }
    let sent = 0
    const timer = setInterval(() => {
      response.write('piece ')
      sent += 1
      if (sent === pieces) {
        clearInterval(timer)
        response.end()
      }
    }, limitMs / 2)
  })
  const start = performance.now()
  const made = await fetchOwnElectron({ ...project(), env, limitMs })
  expect(readFileSync((made as { binary: string }).binary, 'utf8')).toBe('piece '.repeat(pieces))
  expect(performance.now() - start).toBeGreaterThan((limitMs / 2) * (pieces - 1))
})

test('an unreachable mirror is asked once a day', async () => {
  const dead = await deadMirror()
  const options = { ...project(), env: dead.env }
  const said: string[] = []
  const fetchAt = (now: number) => fetchOwnElectron({ ...options, now: () => now, log: (line) => said.push(line) })
  const reason = { reason: expect.stringMatching(/^127\.0\.0\.1:\d+: ECONNREFUSED$/) }

  expect(await fetchAt(10 * DAY)).toEqual(reason)
  expect(said).toEqual(['looking for Electron 45.0.0'])
  expect(await fetchAt(11 * DAY - 1)).toEqual(reason)
  expect(said).toHaveLength(1)
  expect(await fetchAt(11 * DAY)).toEqual(reason)
  expect(said).toHaveLength(2)
})

test('another mirror is another question', async () => {
  const dead = await deadMirror()
  const alive = await mirror((_, response) => response.end('x'))
  const options = project()
  await fetchOwnElectron({ ...options, env: dead.env })
  expect(await fetchOwnElectron({ ...options, env: alive.env })).toHaveProperty('binary')
})

test('a download that breaks is reported and not taken for an unreachable host', async () => {
  const { env } = await mirror((method, response) => {
    if (method === 'HEAD') {
      response.end()
      return
    }
    response.writeHead(200, { 'content-length': 1000 })
    response.write('half', () => response.destroy())
  })
  const options = project()
  expect(await fetchOwnElectron({ ...options, env })).toEqual({ reason: expect.stringContaining('download broke') })
  expect(existsSync(join(options.cache, 'unreachable.json'))).toBe(false)
})

test("what lies in Electron's download cache needs no network", async () => {
  const dead = await deadMirror()
  const options = project()
  const electronCache = join(options.root, 'electron-cache')
  const folder = createHash('sha256').update(`${dead.address}v45.0.0`).digest('hex')
  mkdirSync(join(electronCache, folder), { recursive: true })
  writeFileSync(join(electronCache, folder, FILE), 'zip')
  const env = { ...dead.env, electron_config_cache: electronCache, FAKE_CACHED: 'from the cache' }
  expect(await fetchOwnElectron({ ...options, env })).toHaveProperty('binary')
})

test.each([
  [{}, `https://github.com/electron/electron/releases/download/v45.0.0/${FILE}`],
  [{ ELECTRON_MIRROR: 'https://m.test/e/' }, `https://m.test/e/v45.0.0/${FILE}`],
  [
    { npm_config_electron_mirror: 'https://n.test/', ELECTRON_MIRROR: 'https://m.test/' },
    `https://n.test/v45.0.0/${FILE}`,
  ],
  [{ ELECTRON_MIRROR: 'https://m.test/', ELECTRON_CUSTOM_DIR: '{{ version }}' }, `https://m.test/45.0.0/${FILE}`],
  [{ ELECTRON_CUSTOM_FILENAME: 'e.zip', ELECTRON_MIRROR: 'https://m.test/' }, 'https://m.test/v45.0.0/e.zip'],
])('settings %j lead to %s', (env, address) => {
  expect(downloadAddress('45.0.0', env)).toBe(address)
})

test.each([
  [{}, undefined],
  [{ HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
  [{ https_proxy: 'http://p:2', HTTP_PROXY: 'http://p:1' }, 'http://p:2'],
  [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'localhost, .example.test' }, undefined],
  [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'ample.test' }, 'http://p:1'],
  [{ HTTPS_PROXY: 'http://p:1', no_proxy: '*' }, undefined],
])('proxy settings %j give %s', (env, proxy) => {
  expect(proxyFor('https://dl.example.test/x', env)).toBe(proxy)
})
