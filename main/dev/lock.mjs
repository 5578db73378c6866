import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readJson } from './project.mjs'

const POLL_MS = 50
const TELL_AFTER_MS = 1000
const WRITTEN_WITHIN_MS = 2000

/**
 * Runs `task` while no other process runs one under the same lock file. The lock of a process that died is taken over.
 * @template T
 * @param {string} file
 * @param {(line: string) => void} log
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export async function withLock(file, log, task) {
  await mkdir(dirname(file), { recursive: true })
  for (let waited = 0; !take(file); ) {
    if (removeIfDead(file)) continue
    await pause(POLL_MS)
    waited += POLL_MS
    if (waited === TELL_AFTER_MS) log('another set-up is at work, waiting for it')
  }
  try {
    return await task()
  } finally {
    rmSync(file, { force: true })
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), born: born(process.pid) }), { flag: 'wx' })
    return true
  } catch (error) {
    if (/** @type {any} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/** @param {string} file */
function removeIfDead(file) {
  const seen = text(file)
  if (seen === undefined) return true
  const holder = readJson(file)
  if (holder ? isAlive(holder) : isFresh(file)) return false
  // Moved aside before it is removed: if another process took over in between, its lock goes back in place.
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return true
  }
  if (text(aside) !== seen) renameSync(aside, file)
  else rmSync(aside, { force: true })
  return true
}

/** @param {string} file */
function text(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Another process may be about to write its name into the file that it has just made. @param {string} file */
function isFresh(file) {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < WRITTEN_WITHIN_MS
}

/** @param {{ pid: number, host: string, born: string }} holder */
function isAlive(holder) {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'EPERM') return false
  }
  return born(holder.pid) === holder.born
}

/**
 * When a process started, as Linux tells it: process numbers come round again, quickly so in containers.
 * @param {number} pid
 */
function born(pid) {
  const stat = text(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
