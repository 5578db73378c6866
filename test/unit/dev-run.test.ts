import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { cacheFolder, toolEnv } from '../../main/dev/project.mjs'
import { capture, converse, wasStopped } from '../../main/dev/run.mjs'

const MODULE = `file://${resolve(import.meta.dirname, '../../main/dev/run.mjs')}`
const POSIX = process.platform !== 'win32'

/** A process that runs another through `converse`, as start.mjs runs Electron, once the inner one says it is up. */
async function launcher(inner: string, options: object) {
  const code = `
    const { converse } = await import(${JSON.stringify(MODULE)})
    process.exitCode = await converse(process.execPath, ['-e', ${JSON.stringify(inner)}], ${JSON.stringify(options)})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await said(child, 'up')
  return child
}

async function said(child: ChildProcess, word: string) {
  for await (const text of child.stdout?.iterator({ destroyOnReturn: false }) ?? [])
    if (String(text).includes(word)) return
}

// Longer than any test, but not for ever: a failing test leaves nothing running.
const stay = `setTimeout(() => process.exit(99), 15_000);`

test('the exit code is passed on, and a signal as a shell would', async () => {
  expect(await converse(process.execPath, ['-e', 'process.exit(7)'], { stdio: 'ignore' })).toBe(7)
  if (POSIX)
    expect(await converse(process.execPath, ['-e', `process.kill(process.pid, 'SIGKILL')`], { stdio: 'ignore' })).toBe(
      137,
    )
})

test('a program that is not there is a sentence', async () => {
  await expect(converse('no-such-program-here', [], { stdio: 'ignore' })).rejects.toThrow(
    'Could not start no-such-program-here',
  )
  expect((await capture('no-such-program-here', [])).code).toBe(127)
})

test('the output is kept', async () => {
  const { code, output, stdout } = await capture(process.execPath, [
    '-e',
    `console.log('a'); console.error('b'); process.exitCode = 2`,
  ])
  expect([code, stdout, output.split('\n').toSorted()]).toEqual([2, 'a\n', ['', 'a', 'b']])
})

test.skipIf(!POSIX).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s reaches the program, whose answer is the result',
  async (signal) => {
    const inner = `process.on('${signal}', () => process.exit(33)); ${stay} console.log('up')`
    const child = await launcher(inner, { signals: 'leader' })
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([33, null])
  },
)

test.skipIf(!POSIX)('a program that does not listen is ended by the third signal', async () => {
  const inner = `process.on('SIGTERM', () => console.log('heard')); ${stay} console.log('up')`
  const child = await launcher(inner, { signals: 'leader' })
  for (let i = 0; i < 2; i += 1) {
    child.kill('SIGTERM')
    await said(child, 'heard')
  }
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([137, null])
})

test.skipIf(!POSIX)('a signal for the group reaches what the program started', async () => {
  const grandchild = `process.on('SIGTERM', () => process.exit(5)); ${stay} console.log('up')`
  const inner = `
    process.on('SIGTERM', () => {})
    require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' })
      .on('exit', (code) => process.exit(code + 1))`
  const child = await launcher(inner, { signals: 'group' })
  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([6, null])
})

test.each([
  [130, true],
  [143, true],
  [129, true],
  [1, false],
  [137, false],
])('exit code %i was asked for by a person: %s', (code, stopped) => {
  expect(wasStopped(code)).toBe(stopped)
})

test("tools find the project's programs first, once, and no request to be plain Node", () => {
  const bin = join('/p', 'node_modules', '.bin')
  const env = toolEnv({ PATH: ['/a', bin, '/b'].join(delimiter), ELECTRON_RUN_AS_NODE: '1', KEPT: 'x' }, '/p')
  expect(env).toEqual({ PATH: [bin, '/a', '/b'].join(delimiter), KEPT: 'x' })
  expect(toolEnv({ Path: '/a' }, '/p')).toEqual({ Path: [bin, '/a'].join(delimiter) })
})

test.each([
  [{ EVENT_STREAM_CONSOLE_CACHE: '/given', XDG_CACHE_HOME: '/x' }, 'linux', '/given'],
  [{ XDG_CACHE_HOME: '/x' }, 'linux', join('/x', 'event-stream-console')],
  [{ LOCALAPPDATA: '/local' }, 'win32', join('/local', 'event-stream-console')],
])('with %j on %s the cache is %s', (env, platform, folder) => {
  expect(cacheFolder(env, platform)).toBe(folder)
})
