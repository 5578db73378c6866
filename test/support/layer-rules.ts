import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { type ImportRef, scanImports } from './import-scan'

/** The folders that hold code of ours. */
export const CODE_FOLDERS = ['main', 'preload', 'renderer', 'shared', 'test'] as const

export interface Violation {
  /** Path from the project folder, with the line where there is one. */
  readonly where: string
  readonly what: string
}

interface Layer {
  /** Path from the project folder: a folder (ends with a slash) or a file. */
  readonly of: string
  /** What its files may import of ours; a later entry of `not` takes some of it away. */
  readonly may: readonly string[]
  readonly not?: readonly string[]
  /** True where no module of Node is there at run time, or must not be relied on. */
  readonly withoutNode?: boolean
}

/** Developer tooling, for which no import rule is made and which the product never imports. */
const TOOLING = 'main/dev/'

/** The first that fits a path counts. */
const LAYERS: readonly Layer[] = [
  { of: 'shared/', may: ['shared/'], withoutNode: true },
  { of: 'main/store/', may: ['main/store/', 'shared/'] },
  { of: 'main/engine/', may: ['main/engine/', 'main/store/', 'shared/'] },
  { of: 'main/ipc/', may: ['main/', 'shared/'] },
  { of: 'main/app/', may: ['main/', 'shared/'] },
  { of: 'main/index.ts', may: ['main/', 'shared/'] },
  // The command line entry, main/host and whatever else comes to lie in main: runs on plain Node.
  { of: 'main/', may: ['main/', 'shared/'], not: ['main/app/'] },
  { of: 'renderer/', may: ['renderer/', 'shared/'], withoutNode: true },
  { of: 'preload/', may: ['preload/', 'shared/'], withoutNode: true },
]

/** Where `electron` may be imported. */
const ELECTRON_AT = ['main/app/', 'main/ipc/router.ts', 'preload/']
/** Where the two ends of Electron's IPC may be named. */
const IPC_AT = ['preload/index.ts', 'main/ipc/router.ts', 'shared/contract/']
/** What runs on plain Node and therefore must not load electron on any way. */
const PLAIN_NODE = ['main/headless.ts', 'main/host/', 'main/engine/', 'main/store/']

const SOURCE = /\.[cm]?[jt]sx?$/
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/
/** Names that are given from outside: the usual name of a read-me, and samples named after their event types. */
const NAMES_GIVEN = [/(^|\/)README\.md$/, /^test\/fixtures\/samples\/[^/]+$/]

const lies = (path: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place))

/**
 * Checks the import rules of the project.
 *
 * @param sources path from the project folder (with `/`) to text; files of other kinds than TypeScript and JavaScript are passed over
 */
export function checkLayers(sources: ReadonlyMap<string, string>): Violation[] {
  const violations: Violation[] = []
  const imports = new Map<string, ImportRef[]>()
  for (const [path, text] of sources) {
    const layer = LAYERS.find(({ of }) => lies(path, [of]))
    if (!SOURCE.test(path) || layer === undefined || path.startsWith(TOOLING)) continue
    const refs = scanImports(text)
    imports.set(path, refs)
    for (const ref of refs) {
      const what = refuse(path, layer, ref.specifier)
      if (what !== null) violations.push({ where: `${path}:${ref.line}`, what })
    }
    if (/\bipc(Renderer|Main)\b/.test(text) && !lies(path, IPC_AT)) {
      violations.push({ where: path, what: 'names ipcRenderer or ipcMain; only the preload file and the router may' })
    }
  }
  for (const path of imports.keys()) {
    if (!lies(path, PLAIN_NODE)) continue
    const way = wayToElectron(path, imports)
    // A direct import is refused above.
    if (way !== null && way.length > 1) {
      violations.push({
        where: path,
        what: `runs on plain Node but loads electron through ${way.slice(1).join(' -> ')}`,
      })
    }
  }
  return violations
}

/** Why a file may not import this, or null when it may. */
function refuse(path: string, layer: Layer, specifier: string | null): string | null {
  if (specifier === null) return 'imports a module that is worked out at run time, which no rule can be checked for'
  if (isElectron(specifier)) {
    return lies(path, ELECTRON_AT) ? null : 'imports electron, which only main/app, main/ipc/router.ts and preload may'
  }
  if (isBuiltin(specifier)) return layer.withoutNode ? `imports ${specifier}, but must work without Node` : null
  const target = targetOf(path, specifier)
  if (target === null) return null
  if (lies(target, [TOOLING])) return `imports ${target}, which is developer tooling`
  if (lies(target, layer.may) && !lies(target, layer.not ?? [])) return null
  return `imports ${target}, but ${layer.of} may import of ours only ${layer.may.join(', ')}${layer.not ? ` without ${layer.not.join(', ')}` : ''}`
}

function isElectron(specifier: string): boolean {
  return specifier === 'electron' || specifier.startsWith('electron/')
}

/** The path from the project folder that a specifier stands for; null for a package. A bundler's `?query` is not part of it. */
function targetOf(path: string, specifier: string): string | null {
  const bare = specifier.replace(/\?.*$/, '')
  if (bare.startsWith('@shared/')) return `shared/${bare.slice('@shared/'.length)}`
  if (bare === '@shared') return 'shared/'
  if (bare.startsWith('/')) return bare
  if (!/^\.\.?(\/|$)/.test(bare)) return null
  const target = posix.join(posix.dirname(path), bare)
  // `..` from a folder's file means the folder: keep the slash that the rules go by.
  return /(^|\/)\.\.?\/?$/.test(bare) && !target.endsWith('/') ? `${target}/` : target
}

/** The files from `start` to one that imports electron, over what is there at run time; null when there is no such way. */
function wayToElectron(start: string, imports: ReadonlyMap<string, readonly ImportRef[]>): string[] | null {
  const cameFrom = new Map<string, string | null>([[start, null]])
  for (const path of cameFrom.keys()) {
    for (const { specifier, typeOnly } of imports.get(path) ?? []) {
      if (typeOnly || specifier === null) continue
      if (isElectron(specifier)) {
        const way = [path]
        for (let at = cameFrom.get(path); at; at = cameFrom.get(at)) way.unshift(at)
        return way
      }
      const target = targetOf(path, specifier)
      const file = target === null ? undefined : candidates(target).find((name) => imports.has(name))
      if (file !== undefined && !cameFrom.has(file)) cameFrom.set(file, path)
    }
  }
  return null
}

function candidates(target: string): string[] {
  const bare = target.replace(/\/$/, '')
  const endings = ['', '.ts', '.tsx', '.mts', '.cts', '.mjs', '.cjs', '.js', '/index.ts', '/index.tsx']
  return endings.map((ending) => bare + ending)
}

/** Checks that the names of files and folders are in kebab-case. */
export function checkNames(paths: Iterable<string>): Violation[] {
  const bad = [...paths].filter(
    (path) => !NAMES_GIVEN.some((given) => given.test(path)) && !path.split('/').every((name) => KEBAB.test(name)),
  )
  return bad.map((where) => ({ where, what: 'is not named in kebab-case' }))
}

/** Every file of the code folders by its path from the project folder; texts of sources only, others are empty. */
export function readCode(project: string): Map<string, string> {
  const code = new Map<string, string>()
  for (const folder of CODE_FOLDERS) {
    for (const entry of readdirSync(join(project, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const path = file.slice(project.length + 1).replaceAll('\\', '/')
      code.set(path, SOURCE.test(path) ? readFileSync(file, 'utf8') : '')
    }
  }
  return code
}
