import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { ensureDependencies, inspectDependencies } from '../../main/dev/dependencies.mjs'
import { tempDir } from '../support/temp-dir'

const PACKAGES = {
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/a/node_modules/b': { version: '2.0.0', integrity: 'sha512-b' },
}
const OPTIONAL = { 'node_modules/other-platform': { version: '1.0.0', optional: true } }

let root: string
let calls: string[][]

function writeLock(packages: object) {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages, ...OPTIONAL } }))
}

function installByHand(packages: object) {
  for (const path of Object.keys(packages)) {
    mkdirSync(join(root, path), { recursive: true })
    writeFileSync(join(root, path, 'package.json'), '{}')
  }
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

beforeEach(() => {
  root = tempDir()
  calls = []
  writeLock(PACKAGES)
})

async function npm(args: string[]) {
  calls.push(args)
  installByHand(PACKAGES)
  return { code: 0, output: '', stdout: '' }
}

function ensure(options: object = {}) {
  return ensureDependencies({ root, log: () => {}, npm, ...options })
}

test('a fresh clone is installed from the lock file, development tools included, once', async () => {
  expect(inspectDependencies(root)).toBe('lacking')
  await ensure()
  await ensure()
  expect(calls).toEqual([['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']])
})

test('an interrupted installation is done again', async () => {
  const interrupted = async () => {
    installByHand({ 'node_modules/a': PACKAGES['node_modules/a'] })
    rmSync(join(root, 'node_modules', '.package-lock.json'))
    throw new Error('killed')
  }
  await expect(ensure({ npm: interrupted })).rejects.toThrow('killed')
  expect(inspectDependencies(root)).toBe('lacking')
  await ensure()
  expect(inspectDependencies(root)).toBe('ready')
})

test('a package that disappeared is noticed', async () => {
  await ensure()
  rmSync(join(root, 'node_modules/a/node_modules/b'), { recursive: true })
  expect(inspectDependencies(root)).toBe('lacking')
})

test('a lock file with another version is installed', async () => {
  await ensure()
  writeLock({ ...PACKAGES, 'node_modules/a': { version: '1.0.1', integrity: 'sha512-a1' } })
  expect(inspectDependencies(root)).toBe('lacking')
})

test('the same version with another hash is installed', async () => {
  await ensure()
  writeLock({ ...PACKAGES, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-other' } })
  expect(inspectDependencies(root)).toBe('lacking')
})

test('what somebody installed by hand is taken over when it is what the lock file says', async () => {
  installByHand(PACKAGES)
  expect(inspectDependencies(root)).toBe('unstamped')
  await ensure()
  expect(calls).toEqual([])
  expect(inspectDependencies(root)).toBe('ready')
})

test("npm's reason is shown when it fails", async () => {
  const failing = async () => ({ code: 1, output: 'npm error code ENOTFOUND\n', stdout: '' })
  await expect(ensure({ npm: failing })).rejects.toThrow('(npm ci):\nnpm error code ENOTFOUND')
})

test('an installation without what it should have brought is not taken for one', async () => {
  const empty = async () => ({ code: 0, output: '', stdout: '' })
  await expect(ensure({ npm: empty })).rejects.toThrow('packages are missing')
  expect(inspectDependencies(root)).toBe('lacking')
})

test('a damaged lock file is said to be one', () => {
  writeFileSync(join(root, 'package-lock.json'), '{"packages":')
  expect(() => inspectDependencies(root)).toThrow('package-lock.json is missing or damaged')
})
