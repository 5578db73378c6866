import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planServers, withoutServices } from '../../main/dev/test-servers.mjs'
import { tempDir } from '../support/temp-dir'

const apt = (program: string) => program === 'apt-get'

describe('a missing S3 server for the tests', () => {
  test('is installed by root on Debian', () => {
    expect(planServers({ missing: true, platform: 'linux', uid: 0, has: apt })).toEqual({
      action: 'install',
      packages: ['swift-proxy', 'swift-account', 'swift-container', 'swift-object'],
    })
  })

  test('gives an ordinary user the line to run', () => {
    expect(planServers({ missing: true, platform: 'linux', uid: 1000, has: apt })).toEqual({
      action: 'say',
      line: expect.stringMatching(/sudo apt-get install --no-install-recommends swift-proxy /),
    })
  })

  test.each([
    ['linux', () => false],
    ['darwin', apt],
  ])('is no reason to make up a line on %s without Debian’s packages', (platform, has) => {
    expect(planServers({ missing: true, platform, uid: 0, has })).toMatchObject({
      action: 'say',
      line: expect.stringContaining('Debian and its derivatives only'),
    })
  })

  test('that is there needs nothing', () => {
    expect(planServers({ missing: false, platform: 'linux', uid: 0, has: apt })).toEqual({ action: 'none' })
  })
})

describe.skipIf(process.platform === 'win32')('the installation', () => {
  const run = (file: string) => spawnSync(file, ['swift-proxy', 'start']).status

  test('forbids services to start, and only while it runs', async () => {
    const file = join(tempDir(), 'policy-rc.d')
    await withoutServices(async () => expect(run(file)).toBe(101), { file })
    expect(existsSync(file)).toBe(false)
    await expect(withoutServices(() => Promise.reject(new Error('apt')), { file })).rejects.toThrow('apt')
    expect(existsSync(file)).toBe(false)
  })

  test('that was killed forbids nothing any more, and the next one takes over', async () => {
    const file = join(tempDir(), 'policy-rc.d')
    const gone = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }))
    await withoutServices(async () => expect(run(file)).toBe(0), { file, pid: gone })
    writeFileSync(file, '#!/bin/sh\n# Event Stream Console, test set-up\nexit 0\n', { mode: 0o755 })
    await withoutServices(async () => expect(run(file)).toBe(101), { file })
  })

  test('leaves the rules of an administrator alone', async () => {
    const file = join(tempDir(), 'policy-rc.d')
    const own = '#!/bin/sh\nexit 104\n'
    writeFileSync(file, own, { mode: 0o755 })
    await withoutServices(async () => expect(readFileSync(file, 'utf8')).toBe(own), { file })
    expect(readFileSync(file, 'utf8')).toBe(own)
  })
})
