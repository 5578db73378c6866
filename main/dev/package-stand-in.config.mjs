// electron-builder.yml with the stand-in Electron: a package to test with. The runtime is that folder without its loader, and
// better-sqlite3 is the one that was built for it. It has to be swapped among `files`: the header of the asar lists what is packed.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './project.mjs'
import { SOURCE, standInFolder } from './stand-in.mjs'

const folder = standInFolder(cacheFolder())
const modules = join(folder, 'resources', 'app', 'node_modules')

/** What runs, without what it was built from. @param {string} name */
function moduleFiles(name) {
  return { from: join(modules, name), to: `node_modules/${name}`, filter: ['**/*.{js,json,node}', 'LICENSE*'] }
}

/** @type {import('electron-builder').Configuration} */
export default {
  extends: 'file:electron-builder.yml',
  electronDist: folder,
  electronVersion: SOURCE.electron,
  files: ['!node_modules/better-sqlite3/**/*', ...readdirSync(modules).map(moduleFiles)],
  // Its file is read once, by a test: speed counts, size does not.
  deb: { compression: 'gz' },
  afterPack: async ({ appOutDir }) => {
    for (const left of ['resources/app', 'complete.json'])
      rmSync(join(appOutDir, left), { recursive: true, force: true })
  },
}
