import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { ensureBuilt, isBuilt, recordBuild } from '../../main/dev/app-build.mjs'
import { tempDir } from '../support/temp-dir'

let root: string

function put(path: string, text = path) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

beforeEach(() => {
  root = tempDir()
  put('main/index.ts')
  put('preload/index.ts')
  put('renderer/page/index.html')
  put('shared/contract.ts')
  put('package.json', JSON.stringify({ scripts: { build: 'node build.cjs' } }))
  put('package-lock.json')
})

async function build() {
  put('out/main/index.cjs')
  put('out/renderer/index.html')
  return 0
}

test('out/ is current after a build, and was not before', async () => {
  expect(isBuilt(root)).toBe(false)
  expect(await recordBuild(root, build)).toBe(0)
  expect(isBuilt(root)).toBe(true)
})

const changes: [string, () => void][] = [
  ['a changed source', () => put('shared/contract.ts', 'other')],
  ['a new source', () => put('main/store/new.ts')],
  ['a removed source', () => rmSync(join(root, 'preload/index.ts'))],
  [
    'a source that moved',
    () => {
      rmSync(join(root, 'shared/contract.ts'))
      put('shared/moved.ts', 'shared/contract.ts')
    },
  ],
  ['another lock file', () => put('package-lock.json', 'other')],
  ['a missing output', () => rmSync(join(root, 'out/renderer/index.html'))],
  ['a truncated output', () => put('out/main/index.cjs', 'out')],
  ['a damaged stamp', () => put('out/.build-stamp.json', '{"sources"')],
]

test.each(changes)('%s makes out/ stale', async (_, change) => {
  await recordBuild(root, build)
  change()
  expect(isBuilt(root)).toBe(false)
})

const harmless: [string, () => void][] = [
  ['a touched source', () => utimesSync(join(root, 'main/index.ts'), 1, 1)],
  ['the development scripts', () => put('main/dev/start.mjs')],
  ['tests', () => put('test/unit/some.test.ts')],
]

test.each(harmless)('%s does not', async (_, change) => {
  await recordBuild(root, build)
  change()
  expect(isBuilt(root)).toBe(true)
})

test('a failed build counts for nothing, even over an older good one', async () => {
  await recordBuild(root, build)
  expect(await recordBuild(root, async () => 3)).toBe(3)
  expect(isBuilt(root)).toBe(false)
})

test('a build that made nothing counts for nothing', async () => {
  await recordBuild(root, async () => 0)
  expect(isBuilt(root)).toBe(false)
})

test('a source that is edited during the build counts as not built', async () => {
  await recordBuild(root, async () => {
    put('main/index.ts', 'edited meanwhile')
    return build()
  })
  expect(isBuilt(root)).toBe(false)
})

test('the build script runs once and only when it is needed', async () => {
  put(
    'build.cjs',
    `const fs = require('node:fs')
     fs.mkdirSync('out/main', { recursive: true })
     fs.appendFileSync('out/main/index.cjs', 'built ')`,
  )
  const said: string[] = []
  const options = { root, log: (line: string) => said.push(line) }
  await ensureBuilt(options)
  await ensureBuilt(options)
  expect(said).toEqual(['building the console'])
})

test('a build that fails shows why', async () => {
  put('build.cjs', `console.error('cannot find what it needs'); process.exit(4)`)
  await expect(ensureBuilt({ root, log: () => {} })).rejects.toThrow('cannot find what it needs')
  expect(isBuilt(root)).toBe(false)
})
