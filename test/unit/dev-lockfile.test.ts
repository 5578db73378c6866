import { expect, test } from 'vitest'
import { completeLock, platformOf } from '../../main/dev/complete-lockfile.mjs'

test.each([
  ['@biomejs/cli-linux-x64-musl', { os: ['linux'], cpu: ['x64'] }],
  ['@rolldown/binding-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'] }],
  ['@x/binding-android-armv7-eabi', { os: ['android'], cpu: ['arm'] }],
  ['@rolldown/binding-linux-ppc64le-gnu', { os: ['linux'], cpu: ['ppc64'] }],
  ['@rolldown/binding-win32-arm64-msvc', { os: ['win32'], cpu: ['arm64'] }],
  ['@rolldown/binding-wasm32-wasi', { cpu: ['wasm32'] }],
  ['fsevents', {}],
  ['constructor', {}],
])('the name %s spells out its platform', (name, platform) => {
  expect(platformOf(name)).toEqual(platform)
})

function lockWith(optionalDependencies: Record<string, string>, extra: object = {}) {
  return {
    packages: { 'node_modules/tool': { version: '1.0.0', optionalDependencies, ...extra } } as Record<string, object>,
  }
}

test('a platform package that the registry lacks gets an entry by its name alone', () => {
  const lock = lockWith({ '@t/cli-darwin-arm64': '1.2.3' }, { dev: true })
  expect(completeLock(lock, () => undefined)).toEqual(['@t/cli-darwin-arm64'])
  expect(lock.packages['node_modules/@t/cli-darwin-arm64']).toEqual({
    version: '1.2.3',
    os: ['darwin'],
    cpu: ['arm64'],
    dev: true,
    optional: true,
  })
})

test('what the registry says wins over what the name suggests', () => {
  const lock = lockWith({ '@t/cli-linux-x64': '1.2.3' })
  completeLock(lock, () => ({ os: ['linux'], cpu: ['x64', 'ia32'], integrity: 'sha512-x' }))
  expect(lock.packages['node_modules/@t/cli-linux-x64']).toEqual({
    version: '1.2.3',
    os: ['linux'],
    cpu: ['x64', 'ia32'],
    integrity: 'sha512-x',
    optional: true,
  })
})

test('entries that are there, ranges and packages for every platform are left alone', () => {
  const lock = lockWith({ '@t/cli-linux-x64': '^1.0.0', fsevents: '2.3.3', '@t/cli-win32-x64': '1.0.0' })
  lock.packages['node_modules/@t/cli-win32-x64'] = { version: '1.0.0', integrity: 'sha512-kept' }
  const before = structuredClone(lock)
  expect(completeLock(lock, () => ({ integrity: 'sha512-new' }))).toEqual([])
  expect(lock).toEqual(before)
})

test('the entries stay in the order that npm writes', () => {
  const lock = lockWith({ '@t/cli-linux-x64': '1.0.0' })
  completeLock(lock, () => undefined)
  expect(Object.keys(lock.packages)).toEqual(['node_modules/@t/cli-linux-x64', 'node_modules/tool'])
})
