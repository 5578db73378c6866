import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { electronFlags, needsVirtualDisplay, onPath, withDisplay } from '../../main/dev/virtual-display.mjs'
import { tempDir } from '../support/temp-dir'

test.each([
  [{}, 'linux', true],
  [{ DISPLAY: '' }, 'linux', true],
  [{ DISPLAY: ':0' }, 'linux', false],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', false],
  [{}, 'darwin', false],
  [{}, 'win32', false],
])('with %j on %s a virtual display is needed: %s', (env, platform, needed) => {
  expect(needsVirtualDisplay(env, platform)).toBe(needed)
})

test.each([
  [{ virtual: true, platform: 'linux', uid: 0 }, ['--no-sandbox', '--disable-gpu', '--log-level=3']],
  [{ virtual: true, platform: 'linux', uid: 1000 }, ['--disable-gpu', '--log-level=3']],
  [{ virtual: false, platform: 'linux', uid: 0 }, ['--no-sandbox']],
  [{ virtual: false, platform: 'linux', uid: 1000 }, []],
  [{ virtual: false, platform: 'darwin', uid: 0 }, []],
])('%j asks for %j', (where, flags) => {
  expect(electronFlags(where)).toEqual(flags)
})

test('a display that is there is used', async () => {
  expect(await withDisplay(async (display) => display, { ...process.env, DISPLAY: ':7' })).toEqual({
    env: {},
    virtual: false,
  })
})

const hasServer = process.platform === 'linux' && onPath('Xvfb')
const bare = { PATH: process.env.PATH }

/** Says hello in the X protocol; the first byte of the answer is 1 for a client that is let in. */
async function greet(name: string, cookie?: Buffer) {
  const socket = net.connect(`/tmp/.X11-unix/X${name.slice(1)}`)
  const method = Buffer.from(cookie ? 'MIT-MAGIC-COOKIE-1\0\0' : '')
  const head = Buffer.from([0x6c, 0, 11, 0, 0, 0, cookie ? 18 : 0, 0, cookie?.length ?? 0, 0, 0, 0])
  socket.end(Buffer.concat([head, method, cookie ?? Buffer.alloc(0)]))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)[0]
}

test.skipIf(!hasServer)('a virtual display lets in who has its key, and ends with the task', async () => {
  const seen = await withDisplay(async ({ env, virtual, name = '' }) => {
    const cookie = (await readFile(env.XAUTHORITY ?? '')).subarray(-16)
    return { env, virtual, name, withKey: await greet(name, cookie), withoutKey: await greet(name) }
  }, bare)
  expect(seen).toMatchObject({ virtual: true, withKey: 1, withoutKey: 0, env: { DISPLAY: seen.name } })
  expect(seen.name).toMatch(/^:\d+$/)
  expect(existsSync(`/tmp/.X11-unix/X${seen.name.slice(1)}`)).toBe(false)
  expect(existsSync(seen.env.XAUTHORITY ?? '')).toBe(false)
})

test.skipIf(!hasServer)('it ends with a task that fails too', async () => {
  let name = ''
  const failing = withDisplay(async (display) => {
    name = display.name ?? ''
    throw new Error('task failed')
  }, bare)
  await expect(failing).rejects.toThrow('task failed')
  expect(existsSync(`/tmp/.X11-unix/X${name.slice(1)}`)).toBe(false)
})

test.skipIf(!hasServer)('two displays at once have names and keys of their own', async () => {
  const [one, two] = await withDisplay(async (outer) => {
    const about = async (display: typeof outer) => [display.name, await readFile(display.env.XAUTHORITY ?? '', 'hex')]
    return [await about(outer), await withDisplay(about, bare)]
  }, bare)
  expect(one?.[0]).not.toBe(two?.[0])
  expect(one?.[1]).not.toBe(two?.[1])
})

test('a server that cannot start is a sentence, not a hang', async () => {
  await expect(withDisplay(async () => 'up', { PATH: '/nowhere' })).rejects.toThrow(
    'The virtual display (Xvfb) did not start',
  )
})

test.skipIf(!hasServer || !onPath('setpriv'))('it does not outlive a process that is killed', async () => {
  const module = new URL('../../main/dev/virtual-display.mjs', import.meta.url).href
  const code = `
    const { withDisplay } = await import(${JSON.stringify(module)})
    await withDisplay(async ({ name }) => {
      console.log(name)
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    }, { PATH: process.env.PATH })`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, TMPDIR: tempDir() },
  })
  const name: string = await run.catch((error) => error.stdout.trim())
  await expect.poll(() => existsSync(`/tmp/.X11-unix/X${name.slice(1)}`)).toBe(false)
})
