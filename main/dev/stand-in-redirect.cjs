// Loaded in the main thread by the loader, and in each worker thread through `-r`: a worker starts with a module
// system of its own and would otherwise load a better-sqlite3 that crashes this old Electron.
'use strict'

const Module = require('node:module')
const path = require('node:path')
const threads = require('node:worker_threads')

const bundled = path.join(__dirname, 'node_modules', 'better-sqlite3')
const resolveFilename = Module._resolveFilename

Module._resolveFilename = function (request, ...rest) {
  const own = request === 'better-sqlite3' || request.startsWith('better-sqlite3/')
  return resolveFilename.call(this, own ? path.join(bundled, request.slice('better-sqlite3'.length)) : request, ...rest)
}

threads.Worker = class Worker extends threads.Worker {
  constructor(file, options = {}) {
    super(file, { ...options, execArgv: ['-r', __filename, ...(options.execArgv ?? [])] })
  }
}
