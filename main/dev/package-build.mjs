// Runs electron-builder for this system: `package-build.mjs CONFIG [TARGET…]`. Started by package.mjs on the project's Node.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build, Platform } from 'electron-builder'
import { ROOT } from './project.mjs'

const [config, ...targets] = process.argv.slice(2)
// Left from another version, they would be counted and taken for this one's.
rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
await build({ projectDir: ROOT, config, targets: Platform.current().createTarget(targets), publish: 'never' })
