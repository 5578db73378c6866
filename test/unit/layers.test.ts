import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scanImports } from '../support/import-scan'
import { checkLayers, checkNames, readCode } from '../support/layer-rules'

const project = join(import.meta.dirname, '../..')

describe('the code of the project', () => {
  const code = readCode(project)

  it('is read at all', () => {
    for (const path of ['shared/contract/index.ts', 'main/store/event-log.ts', 'main/engine/clock.ts']) {
      expect(code.get(path)).toBeTruthy()
    }
    const imported = scanImports(code.get('main/store/event-log.ts')!).map((ref) => ref.specifier)
    expect(imported).toContain('./database')
  })

  it('keeps the import rules', () => {
    expect(checkLayers(code)).toEqual([])
  })

  it('is named in kebab-case', () => {
    expect(checkNames(code.keys())).toEqual([])
  })
})

describe('the import rules', () => {
  const check = (files: Record<string, string>) => checkLayers(new Map(Object.entries(files)))

  it.each([
    ['shared/a.ts', "import type { A } from '../main/store/b'"],
    ['shared/a.ts', "import { readFileSync } from 'node:fs'"],
    ['shared/a.ts', "import { join } from 'path'"],
    ['shared/a.ts', "import type { App } from 'electron'"],
    ['shared/schemas/a.ts', "import { x } from '../../renderer/x'"],
    ['shared/a.ts', "const fs = process.getBuiltinModule('fs')"],
    ['main/store/a.ts', "import { Engine } from '../engine/engine'"],
    ['main/store/a.ts', "export { Engine } from '../engine/engine'"],
    ['main/store/a.ts', "export * from '../engine/engine'"],
    ['main/store/a.ts', "export type { Engine } from '../engine/engine'"],
    ['main/store/a.ts', "const { Engine } = await import('../engine/engine')"],
    ['main/store/a.ts', 'const { Engine } = await import(`../engine/engine`)'],
    ['main/store/a.ts', "type E = import('../engine/engine').Engine"],
    ['main/store/a.ts', "import '../engine/engine'"],
    ['main/store/a.ts', "import engine = require('../engine/engine')"],
    ['main/store/a.ts', "const engine = require('../engine/engine')"],
    ['main/store/a.ts', "const at = require.resolve('../engine/engine')"],
    ['main/store/a.ts', "import worker from '../engine/thread?modulePath'"],
    ['main/store/a.ts', "import {\n  // comment with 'quotes'\n  a,\n  b as c,\n} from '../engine/engine'"],
    ['main/store/a.ts', 'const e = await import(name)'],
    ['main/store/a.ts', "import { x } from '..'"],
    ['main/engine/a.ts', "import { app } from 'electron'"],
    ['main/engine/a.ts', "import { app } from 'electron/main'"],
    ['main/engine/a.ts', "import { route } from '../ipc/dispatch'"],
    ['main/engine/delivery/a.ts', "import { menu } from '../../app/menu'"],
    ['main/engine/a.ts', "import { tempDir } from '../../test/support/temp-dir'"],
    ['main/engine/a.ts', "import { run } from '../dev/run.mjs'"],
    ['main/ipc/other.ts', "import { ipc } from 'electron'"],
    ['main/ipc/other.ts', "import { x } from '../../renderer/x'"],
    ['main/index.ts', "import { app } from 'electron'"],
    ['main/headless.ts', "import { menu } from './app/menu'"],
    ['main/host/a.ts', "import { menu } from '../app/menu'"],
    ['main/host/a.ts', "import { app } from 'electron'"],
    ['main/cli/a.ts', "import { menu } from '../app/menu'"],
    ['renderer/a.tsx', "import { Engine } from '../main/engine/engine'"],
    ['renderer/a.tsx', "import { bridge } from '../preload/index'"],
    ['renderer/a.tsx', "import { shell } from 'electron'"],
    ['renderer/a.tsx', "import { join } from 'node:path'"],
    ['preload/index.ts', "import { Engine } from '../main/engine/engine'"],
    ['preload/index.ts', "import { join } from 'node:path'"],
  ])('refuse in %s: %s', (path, source) => {
    expect(check({ [path]: source })).toHaveLength(1)
  })

  it.each([
    ['shared/contract/a.ts', "import { z } from 'zod'\nimport { b } from '../schemas/b'"],
    [
      'main/store/a.ts',
      "import Database from 'better-sqlite3'\nimport { b } from './b'\nimport { c } from '@shared/c'",
    ],
    ['main/engine/a.ts', "import { Pool } from 'undici'\nimport { b } from '../store/b'\nimport 'node:fs'"],
    ['main/ipc/router.ts', "import { ipcMain } from 'electron'\nimport { h } from '../host/h'"],
    ['main/app/a.ts', "import { app } from 'electron'\nimport { h } from '../ipc/h'\nimport { e } from '../engine/e'"],
    ['main/index.ts', "import { start } from './app/start'"],
    ['main/headless.ts', "import { dispatch } from './ipc/dispatch'\nimport { e } from './engine/engine'"],
    ['main/dev/a.mjs', "import { x } from '../../test/support/x'\nimport electron from 'electron'"],
    ['renderer/a.tsx', "import { b } from './b'\nimport { c } from '../shared/c'\nimport './a.module.css'"],
    ['preload/index.ts', "import { ipcRenderer } from 'electron'\nimport { c } from '../shared/contract'"],
    ['test/e2e/a.ts', "import { app } from 'electron'\nimport { x } from '../../main/app/x'"],
  ])('allow in %s: %s', (path, source) => {
    expect(check({ [path]: source })).toEqual([])
  })

  it.each([
    ['main/engine/a.ts', 'export const send = (w: any) => w.ipcMain'],
    ['renderer/a.tsx', "const { ipcRenderer } = window.require('x')"],
    ['shared/a.ts', '// goes through ipcRenderer\nexport const a = 1'],
    ['main/app/a.ts', "import { ipcMain } from 'electron'"],
    ['preload/other.ts', "import { ipcRenderer } from 'electron'"],
  ])('let only the router and the preload file name the ends of IPC: %s', (path, source) => {
    expect(check({ [path]: source })).toMatchObject([{ where: path, what: expect.stringContaining('ipcRenderer') }])
  })

  it('find electron behind files that may import it', () => {
    const files = {
      'main/ipc/router.ts': "import { ipcMain } from 'electron'",
      'main/ipc/index.ts': "export { route } from './router'",
    }
    const where = 'main/headless.ts'
    expect(check({ ...files, [where]: "import { route } from './ipc'" })).toEqual([
      { where, what: expect.stringContaining('main/ipc/index.ts -> main/ipc/router.ts') },
    ])
    expect(check({ ...files, [where]: "import type { Route } from './ipc'" })).toEqual([])
  })

  it('name file and line', () => {
    expect(check({ 'main/store/a.ts': "const a = 1\n\nimport { app } from 'electron'" })).toMatchObject([
      { where: 'main/store/a.ts:3' },
    ])
  })

  it.each([
    'main/app/mainWindow.ts',
    'main/Store/a.ts',
    'renderer/ui/Button.tsx',
    'test/unit/a_b.test.ts',
    'main/dev/aB.mjs',
  ])('refuse the name %s', (path) => {
    expect(checkNames([path])).toHaveLength(1)
  })

  it('allow the names in use', () => {
    const names = [
      'main/electron.vite.config.ts',
      'preload/bridge.d.ts',
      'test/fixtures/README.md',
      'main/store/0001-a.sql',
    ]
    expect(checkNames(names)).toEqual([])
  })
})

describe('the import scan', () => {
  const specifiers = (source: string) => scanImports(source).map((ref) => ref.specifier)

  it('passes over comments, strings, templates and regular expressions', () => {
    const source = [
      "// import a from 'comment'",
      "/* import b from 'block' */",
      `const s = "import c from 'string'"`,
      `const t = \`import d from 'template' \${f(\`\${import('inside')}\`)} require('tail')\``,
      "const r = /['\"`]/.test(x) ? /[/'`]+/ : a / b",
      "import real from 'real'",
      "const q = 6 / 2; import('after-division') / 1",
    ].join('\n')
    expect(specifiers(source)).toEqual(['inside', 'real', 'after-division'])
  })

  it('is not confused by the text of JSX', () => {
    const source = "const a = <p>Don't stop</p>\nconst b = <b>a `tick</b>\nconst C = lazy(() => import('./page'))"
    expect(specifiers(source)).toEqual(['./page'])
  })

  it('tells types from values', () => {
    const source = [
      "import type { A } from 'a'",
      "import { type B } from 'b'",
      "export type { C } from 'c'",
      "import type from 'd'",
      "import type D, { E } from 'e'",
      "export * as f from 'f'",
    ].join('\n')
    expect(scanImports(source).map((ref) => [ref.specifier, ref.typeOnly])).toEqual([
      ['a', true],
      ['b', false],
      ['c', true],
      ['d', false],
      ['e', true],
      ['f', false],
    ])
  })

  it('does not take a method or a property for an import', () => {
    const source = [
      'class A { import(path: string): void {} ; async require(x) {} }',
      'interface B { import(path: string): void }',
      "console.log(import.meta.url); thing.import('x')",
      "export const from = 'x'",
      "export function f() { return from }\nconst label = 'from'",
    ].join('\n')
    expect(specifiers(source)).toEqual([])
  })
})
