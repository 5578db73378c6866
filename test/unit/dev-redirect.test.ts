import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { tempDir } from '../support/temp-dir'

const DEV = resolve(import.meta.dirname, '../../main/dev')

/** A stand-in's resources/app and a project, each with a better-sqlite3 that only says whose it is. */
function layout() {
  const top = tempDir()
  const app = join(top, 'resources', 'app')
  const project = join(top, 'project')
  for (const [folder, name] of [
    [app, 'bundled'],
    [project, 'own'],
  ] as const) {
    const module = join(folder, 'node_modules', 'better-sqlite3')
    mkdirSync(join(module, 'lib'), { recursive: true })
    writeFileSync(join(module, 'index.js'), `module.exports = ${JSON.stringify(name)}`)
    writeFileSync(join(module, 'lib', 'extra.js'), `module.exports = ${JSON.stringify(`${name} extra`)}`)
    mkdirSync(join(folder, 'node_modules', 'better-sqlite3-tools'), { recursive: true })
    writeFileSync(join(folder, 'node_modules', 'better-sqlite3-tools', 'index.js'), `module.exports = '${name} tools'`)
  }
  for (const file of ['stand-in-loader.cjs', 'stand-in-redirect.cjs']) cpSync(join(DEV, file), join(app, file))
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'p', productName: 'Pro', version: '3.2.1', main: 'main.cjs' }),
  )
  // Outside Electron there is no `electron` to require; this one writes down what the loader tells it.
  writeFileSync(
    join(top, 'electron.cjs'),
    `const Module = require('node:module')
     const said = (globalThis.said = {})
     const app = {
       setName: (name) => { said.name = name }, getName: () => said.name, setVersion: (version) => { said.version = version },
       setAppPath: (path) => { said.appPath = path }, setDesktopName: (name) => { said.desktopName = name },
       getPath: () => '/data', setPath: (name, path) => { said[name] = path },
     }
     const load = Module._load
     Module._load = (request, ...rest) => (request === 'electron' ? { app } : load(request, ...rest))
     // Electron names no script before its arguments.
     process.argv.splice(1, 1)
     require('./resources/app/stand-in-loader.cjs')`,
  )
  return { app, project, electron: join(top, 'electron.cjs') }
}

function run(args: string[]) {
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

const LOOK = `[require('better-sqlite3'), require('better-sqlite3/lib/extra.js'), require('better-sqlite3-tools')]`
const BUNDLED = ['bundled', 'bundled extra', 'own tools']

test('better-sqlite3 is the bundled one, and nothing else is', () => {
  const { app, project } = layout()
  writeFileSync(join(project, 'main.cjs'), `console.log(JSON.stringify(${LOOK}))`)
  expect(run([join(project, 'main.cjs')])).toEqual(['own', 'own extra', 'own tools'])
  expect(run(['-r', join(app, 'stand-in-redirect.cjs'), join(project, 'main.cjs')])).toEqual(BUNDLED)
})

test.each([
  [
    'CommonJS',
    'main.cjs',
    `const { Worker } = require('node:worker_threads');const start = require('./start.cjs');start(Worker)`,
  ],
  [
    'an ES module',
    'main.mjs',
    `import { Worker } from 'node:worker_threads';import start from './start.cjs';start(Worker)`,
  ],
])('it is so in worker threads that %s starts, and in theirs', (_, name, code) => {
  const { app, project } = layout()
  writeFileSync(join(project, name), code)
  writeFileSync(
    join(project, 'start.cjs'),
    `const { join } = require('node:path')
     module.exports = (Worker) => {
       const worker = new Worker(join(__dirname, 'outer.cjs'), { workerData: 7, execArgv: ['--no-warnings'] })
       worker.on('message', (found) => console.log(JSON.stringify(found)))
     }`,
  )
  writeFileSync(
    join(project, 'outer.cjs'),
    `const { Worker, parentPort, workerData } = require('node:worker_threads')
     const inner = new Worker(require('node:path').join(__dirname, 'inner.cjs'))
     inner.on('message', (found) => parentPort.postMessage({ workerData, execArgv: process.execArgv.slice(2), outer: ${LOOK}, inner: found }))`,
  )
  writeFileSync(join(project, 'inner.cjs'), `require('node:worker_threads').parentPort.postMessage(${LOOK})`)
  expect(run(['-r', join(app, 'stand-in-redirect.cjs'), join(project, name)])).toEqual({
    workerData: 7,
    execArgv: ['--no-warnings'],
    outer: BUNDLED,
    inner: BUNDLED,
  })
})

test("the loader starts the app as Electron's default app would", () => {
  const { electron, project } = layout()
  writeFileSync(
    join(project, 'main.cjs'),
    `console.log(JSON.stringify({ ...said, preloaded: globalThis.preloaded, defaultApp: process.defaultApp,
       argv: process.argv.slice(1), found: ${LOOK} }))`,
  )
  const preload = join(project, 'preload.cjs')
  writeFileSync(preload, 'globalThis.preloaded = (globalThis.preloaded ?? 0) + 1')
  const args = ['--no-sandbox', '-r', preload, project, '--demo', '-r', 'not-for-the-loader']
  expect(run([electron, ...args])).toEqual({
    name: 'Pro',
    version: '3.2.1',
    desktopName: 'Pro.desktop',
    userData: join('/data', 'Pro'),
    appPath: project,
    preloaded: 1,
    defaultApp: true,
    argv: args,
    found: BUNDLED,
  })
})

test('a single file is an app too', () => {
  const { electron, project } = layout()
  const preload = join(project, 'preload.cjs')
  writeFileSync(preload, 'globalThis.preloaded = true')
  const file = join(project, 'alone.cjs')
  writeFileSync(file, 'console.log(JSON.stringify({ ...said, preloaded }))')
  expect(run([electron, `--require=${preload}`, file])).toEqual({
    name: 'Electron',
    desktopName: 'Electron.desktop',
    userData: join('/data', 'Electron'),
    appPath: project,
    preloaded: true,
  })
})

test('without an app the loader says how it is used', () => {
  const { status, stderr } = spawnSync(process.execPath, [layout().electron, '--x'], { encoding: 'utf8' })
  expect(stderr).toContain('Usage: electron')
  expect(status).toBe(2)
})
