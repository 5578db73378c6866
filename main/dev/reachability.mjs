import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { dirname } from 'node:path'
import { readJson } from './project.mjs'

const DAY_MS = 24 * 60 * 60 * 1000
const MAX_REDIRECTS = 5

/**
 * @typedef {{ reached: true } | { reached: false, reason: string }} Answer
 */

/**
 * Finds out whether a download could start: every host on the way to the file has to answer within the limit. What it
 * answers does not matter, nor how long the download takes then.
 * @param {string} address
 * @param {object} [options]
 * @param {number} [options.limitMs] for each host
 * @param {string | undefined} [options.proxy] the address of an HTTP proxy
 * @returns {Promise<Answer>}
 */
export async function probe(address, { limitMs = 10_000, proxy } = {}) {
  let url = address
  for (let i = 0; i <= MAX_REDIRECTS; i += 1) {
    const host = new URL(proxy ?? url).host
    try {
      const location = proxy ? await connectThrough(proxy, url, limitMs) : await ask(url, limitMs)
      if (location === undefined) return { reached: true }
      url = new URL(location, url).href
    } catch (error) {
      return { reached: false, reason: `${host}: ${reasonOf(error, limitMs)}` }
    }
  }
  return { reached: true }
}

/** @param {any} error @param {number} limitMs */
function reasonOf(error, limitMs) {
  if (error.name === 'AbortError' || error.code === 'ABORT_ERR') return `no answer within ${limitMs / 1000} s`
  return error.code ?? error.errors?.[0]?.code ?? error.message
}

/** @param {string} url @param {number} limitMs @returns {Promise<string | undefined>} where the answer points to */
function ask(url, limitMs) {
  const { request } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(limitMs)
    const asking = request(url, {
      method: 'HEAD',
      agent: false,
      signal,
      headers: { 'user-agent': 'event-stream-console' },
    })
    asking.on('error', reject)
    asking.on('response', (response) => {
      response.destroy()
      const { statusCode = 0, headers } = response
      resolve(statusCode >= 300 && statusCode < 400 ? headers.location : undefined)
    })
    asking.end()
  })
}

/** @param {string} proxy @param {string} url @param {number} limitMs @returns {Promise<undefined>} */
function connectThrough(proxy, url, limitMs) {
  const { hostname, port, protocol, username, password } = new URL(proxy)
  const target = new URL(url)
  const { request } = protocol === 'https:' ? https : http
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      hostname,
      port,
      path: `${target.hostname}:${target.port || (target.protocol === 'https:' ? 443 : 80)}`,
      headers: username ? { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` } : {},
      agent: false,
      signal: AbortSignal.timeout(limitMs),
    })
    asking.on('error', reject)
    asking.on('connect', (response, socket) => {
      socket.destroy()
      if (response.statusCode === 200) resolve(undefined)
      else reject(new Error(`the proxy answered ${response.statusCode}`))
    })
    asking.end()
  })
}

/**
 * What is known to be out of reach, kept for a day.
 * @param {string} file
 * @param {() => number} [now]
 */
export function reachabilityMemory(file, now = Date.now) {
  const read = () => {
    const entries = Object.entries(readJson(file) ?? {})
    return Object.fromEntries(entries.filter(([, entry]) => entry?.at <= now() && now() - entry.at < DAY_MS))
  }
  /** @param {object} entries */
  const write = (entries) => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(entries))
    renameSync(`${file}.${process.pid}`, file)
  }
  return {
    /** @param {string} key @returns {string | undefined} why it was out of reach */
    recall: (key) => read()[key]?.reason,
    /** @param {string} key @param {string} reason */
    remember: (key, reason) => write({ ...read(), [key]: { at: now(), reason } }),
  }
}
