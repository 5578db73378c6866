import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { withLock } from '../../main/dev/lock.mjs'
import { tempDir } from '../support/temp-dir'

const MODULE = resolve(import.meta.dirname, '../../main/dev/lock.mjs')
let file: string

beforeEach(() => {
  file = join(tempDir(), 'folder', 'lock')
})

const silent = () => {}

test('the lock is there while the task runs and gone afterwards', async () => {
  expect(await withLock(file, silent, async () => existsSync(file))).toBe(true)
  expect(existsSync(file)).toBe(false)
})

test('a task that fails gives the lock back', async () => {
  await expect(withLock(file, silent, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

test('tasks of several processes do not overlap', async () => {
  const book = join(tempDir(), 'book')
  writeFileSync(book, '')
  const code = `
    const { withLock } = await import(${JSON.stringify(`file://${MODULE}`)})
    const { appendFileSync } = await import('node:fs')
    for (let i = 0; i < 5; i += 1) {
      await withLock(${JSON.stringify(file)}, () => {}, async () => {
        appendFileSync(${JSON.stringify(book)}, 'in ')
        await new Promise(setImmediate)
        appendFileSync(${JSON.stringify(book)}, 'out ')
      })
    }`
  const children = Array.from({ length: 3 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' }),
  )
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]))
  expect(codes).toEqual([0, 0, 0])
  expect(readFileSync(book, 'utf8')).toBe('in out '.repeat(15))
})

test('the lock of a process that was killed is taken over', async () => {
  const code = `
    const { withLock } = await import(${JSON.stringify(`file://${MODULE}`)})
    await withLock(${JSON.stringify(file)}, () => {}, async () => {
      console.log('held')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(existsSync(file)).toBe(true)
  expect(await withLock(file, silent, async () => 'taken')).toBe('taken')
})

test.each([
  ['a damaged lock', '{"pid"'],
  ['an empty lock', ''],
  [
    'one of a number that another process has by now',
    JSON.stringify({ pid: process.pid, host: hostname(), born: '1' }),
  ],
])('%s is taken over', async (_, text) => {
  await withLock(file, silent, async () => {})
  writeFileSync(file, text)
  utimesSync(file, 1, 1)
  expect(await withLock(file, silent, async () => 'taken')).toBe('taken')
})

test('a lock that is just being written is respected, and the wait is told', async () => {
  await withLock(file, silent, async () => {})
  writeFileSync(file, '')
  const said: string[] = []
  const release = (line: string) => {
    said.push(line)
    rmSync(file)
  }
  expect(await withLock(file, release, async () => existsSync(file))).toBe(true)
  expect(said).toEqual(['another set-up is at work, waiting for it'])
})
