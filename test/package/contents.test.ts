import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isIntact, readAsar } from './asar'
import { ARCHIVE, COMMAND_LINE, PACKAGE, PROGRAM } from './packaged-app'

const ROOT = join(import.meta.dirname, '../..')
const files = readAsar(ARCHIVE)
const paths = files.map(({ path }) => path)
const here = `${process.platform}-${process.arch}`

describe('the archive of the packaged app', () => {
  it('holds the build, whole and unchanged', () => {
    const built = ['main', 'preload', 'renderer'].flatMap((top) =>
      readdirSync(join(ROOT, 'out', top), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
        .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1)),
    )
    expect(built).toContain('out/main/engine.cjs')
    expect(paths.filter((path) => path.startsWith('out/')).sort()).toEqual(built.sort())
    for (const { path, bytes } of files.filter((file) => file.path.startsWith('out/'))) {
      expect(bytes.equals(readFileSync(join(ROOT, path))), path).toBe(true)
    }
  })

  it('holds nothing else but two resources, the manifest and better-sqlite3', () => {
    const known = /^(out\/(main|preload|renderer)\/|node_modules\/(better-sqlite3|bindings|file-uri-to-path)\/)/
    expect(paths.filter((path) => !known.test(path)).sort()).toEqual([
      'main/resources/demo-events.ndjson',
      'main/resources/icons/linux/256x256.png',
      'package.json',
    ])
  })

  it('holds no source, map, test or build input', () => {
    const unwanted =
      /\.(map|ts|tsx|c|cc|cpp|h|hpp|gyp|gypi|md|o|obj)$|(^|\/)(test|tests|deps|src|\.build-stamp)(\/|\.|$)/
    expect(paths.filter((path) => unwanted.test(path) && !path.endsWith('LICENSE.md'))).toEqual([])
  })

  it('holds one native file, the one of this system, outside the archive', () => {
    const native = files.filter(({ path }) => path.endsWith('.node'))
    expect(native).toHaveLength(1)
    expect(native[0]!.unpacked).toBe(true)
    expect(native[0]!.path).toMatch(new RegExp(`/(prebuilds/${here}|build/Release/better_sqlite3)\\.node$`))
    expect(native[0]!.bytes.subarray(0, 4)).toEqual(Buffer.from('\x7fELF', 'latin1'))
    const loose = readdirSync(`${ARCHIVE}.unpacked`, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
    expect(loose).toHaveLength(1)
  })

  it('vouches for every file with hashes that fit', () => {
    expect(files.filter((file) => !isIntact(file)).map(({ path }) => path)).toEqual([])
  })

  it('names the product, without the scripts and tools of the project', () => {
    const manifest = JSON.parse(files.find(({ path }) => path === 'package.json')!.bytes.toString())
    expect(manifest).toMatchObject({ productName: 'Event Stream Console', main: 'out/main/index.cjs' })
    expect(manifest.desktopName).toBe('event-stream-console.desktop')
    expect(manifest).not.toHaveProperty('scripts')
    expect(manifest).not.toHaveProperty('devDependencies')
  })
})

describe('the packaged program', () => {
  it('has the fuses that docs and electron-builder.yml promise', async () => {
    const wire = await getCurrentFuseWire(PROGRAM)
    const [off, on] = ['0'.charCodeAt(0), '1'.charCodeAt(0)]
    expect({
      runAsNode: wire[FuseV1Options.RunAsNode],
      cookieEncryption: wire[FuseV1Options.EnableCookieEncryption],
      nodeOptions: wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable],
      inspect: wire[FuseV1Options.EnableNodeCliInspectArguments],
      asarIntegrity: wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation],
      onlyAsar: wire[FuseV1Options.OnlyLoadAppFromAsar],
      ownSnapshot: wire[FuseV1Options.LoadBrowserProcessSpecificV8Snapshot],
      filePrivileges: wire[FuseV1Options.GrantFileProtocolExtraPrivileges],
    }).toEqual({
      runAsNode: off,
      cookieEncryption: on,
      nodeOptions: off,
      inspect: off,
      asarIntegrity: on,
      onlyAsar: on,
      ownSnapshot: off,
      filePrivileges: off,
    })
  })

  it('comes with the licences, the command line and no app but the archive', () => {
    const inside = readdirSync(join(PACKAGE, 'resources'))
    expect(inside).toEqual(expect.arrayContaining(['LICENSE.event-stream-console.txt', 'app.asar', 'bin']))
    expect(inside).not.toContain('app')
    expect(inside).not.toContain('default_app.asar')
    expect(readdirSync(PACKAGE)).toEqual(expect.arrayContaining(['LICENSE.electron.txt', 'LICENSES.chromium.html']))
    expect(readdirSync(join(PACKAGE, 'locales'))).toEqual(['en-US.pak'])
    expect(statSync(COMMAND_LINE).mode & 0o111).toBe(0o111)
  })
})

const dist = join(ROOT, 'dist')
const deb = existsSync(dist) ? readdirSync(dist).find((name) => name.endsWith('.deb')) : undefined
const canInstall = deb !== undefined && process.getuid?.() === 0

// The deb is packed where dpkg-deb exists; installing into a root of its own needs a root user.
describe.runIf(canInstall)('the deb', () => {
  let root: string
  const dpkg = (...args: string[]) =>
    execFileSync('dpkg', [`--root=${root}`, '--force-depends', '--force-script-chrootless', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const app = () => join(root, 'opt', 'Event Stream Console')
  const link = () => join(root, 'usr', 'bin', 'event-stream-console')

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'esc-root-'))
    for (const folder of ['updates', 'info']) mkdirSync(join(root, 'var/lib/dpkg', folder), { recursive: true })
    execFileSync('touch', [join(root, 'var/lib/dpkg/status'), join(root, 'var/lib/dpkg/available')])
    dpkg('--install', join(dist, deb!))
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  it('installs the very files of the packaged folder', () => {
    const sums = (folder: string) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'apparmor-profile')
        .map((entry) => {
          const file = join(entry.parentPath, entry.name)
          return `${file.slice(folder.length)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`
        })
        .sort()
    expect(sums(app())).toEqual(sums(join(dist, 'linux-unpacked')))
    expect(dpkg('--verify', 'event-stream-console')).toBe('')
  })

  it('says what it is and needs', () => {
    const control = execFileSync('dpkg-deb', ['--field', join(dist, deb!)], { encoding: 'utf8' })
    expect(control).toMatch(/^Package: event-stream-console$/m)
    expect(control).toMatch(/^Architecture: amd64$/m)
    expect(control).toMatch(/^Depends: .*libgtk-3-0 \| libgtk-3-0t64, libnss3/m)
    expect(control).toMatch(/^Description: Run and watch outbound event integrations\n \S/m)
  })

  it('opens event files and links from the desktop', () => {
    const entry = readFileSync(join(root, 'usr/share/applications/event-stream-console.desktop'), 'utf8')
    expect(entry).toContain('Exec="/opt/Event Stream Console/event-stream-console" %U')
    expect(entry).toContain('MimeType=application/x-event-stream-export;x-scheme-handler/event-stream;')
    expect(entry).toContain('StartupWMClass=event-stream-console\n')
    expect(entry).toContain('Categories=Development;')
    expect(readFileSync(join(root, 'usr/share/mime/packages/event-stream-console.xml'), 'utf8')).toContain('*.export')
    for (const size of [16, 32, 48, 256, 512]) {
      const icon = join(root, `usr/share/icons/hicolor/${size}x${size}/apps/event-stream-console.png`)
      expect(readFileSync(icon).readUInt32BE(16)).toBe(size)
    }
  })

  it('puts the command line on the PATH, and removes all of it', () => {
    expect(readlinkSync(link())).toBe('../../opt/Event Stream Console/resources/bin/event-stream-console')
    const help = execFileSync(link(), ['--help'], { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: root } })
    expect(help).toContain('Usage: event-stream-console')
    dpkg('--remove', 'event-stream-console')
    expect(existsSync(app())).toBe(false)
    expect(() => readlinkSync(link())).toThrow()
  })
})
