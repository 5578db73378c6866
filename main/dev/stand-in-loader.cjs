// The `resources/app` of the stand-in Electron. It does what Electron's own default app does for `electron <folder>`,
// which this build lacks, so that the product's code cannot tell the difference.
'use strict'

const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const { app } = require('electron')
require('./stand-in-redirect.cjs')

const preloads = []
let target
for (let i = 1; i < process.argv.length && target === undefined; i += 1) {
  const arg = process.argv[i]
  if (arg === '-r' || arg === '--require') {
    i += 1
    preloads.push(process.argv[i])
  } else if (arg.startsWith('--require=')) preloads.push(arg.slice('--require='.length))
  else if (!arg.startsWith('-')) target = path.resolve(arg)
}

if (target === undefined) {
  console.error('Usage: electron [-r module] <path of the app> [arguments]')
  process.exit(2)
}

Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true })
if (preloads.length) Module._preloadModules(preloads)

const manifestFile = path.join(target, 'package.json')
const isFolder = fs.existsSync(manifestFile)
const manifest = isFolder ? JSON.parse(fs.readFileSync(manifestFile, 'utf8')) : {}
if (manifest.version) app.setVersion(manifest.version)
app.setName(manifest.productName ?? manifest.name ?? 'Electron')
app.setDesktopName?.(manifest.desktopName ?? `${app.getName()}.desktop`)
app.setPath('userData', path.join(app.getPath('appData'), app.getName()))

const main = require.resolve(target)
app.setAppPath(isFolder ? target : path.dirname(main))
Module._load(main, module, true)
