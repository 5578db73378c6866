// npm run package: builds the app and packs it for this system, after making whatever is missing for that.
// `npm run package -- dir` or other names of targets (deb, tar.gz, …) pack those only.
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureReady } from './bootstrap.mjs'
import { presentRuntime } from './electron-runtime.mjs'
import { nodeBinary, ROOT, readJson } from './project.mjs'
import { capture, converse, runMain } from './run.mjs'
import { SOURCE } from './stand-in.mjs'
import { onPath } from './virtual-display.mjs'

const DEV = join(ROOT, 'main', 'dev')
const DIST = join(ROOT, 'dist')

await runMain(async () => {
  const { env } = await ensureReady({ for: 'bench', log: (line) => console.log(`set-up: ${line}`) })
  const runtime = presentRuntime()
  const isTest = runtime?.kind === 'stand-in'
  const targets = process.argv.slice(2)
  if (targets.length === 0) targets.push(...possibleTargets(isTest, env))
  if (isTest) {
    const { devDependencies } = readJson(join(ROOT, 'package.json'))
    console.log(`
This is a TEST PACKAGE. Electron ${devDependencies.electron} could not be downloaded here, so it holds Electron ${SOURCE.electron} of
another product's package, with the better-sqlite3 built for that. It is for \`npm run package:smoke\`, not for users.
`)
  }
  const config = await configOf(runtime, env)
  const work = mkdtempSync(join(tmpdir(), 'event-stream-console-package-'))
  try {
    const code = await converse(nodeBinary(), [join(DEV, 'package-build.mjs'), config, ...targets], {
      env: {
        ...env,
        ...(isTest ? standInTools(work) : {}),
        // A link instead of a copy would flip the fuses of the runtime that developers use.
        USE_HARD_LINKS: 'false',
      },
      signals: 'group',
    })
    if (code === 0) printSizes()
    return code
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
})

/** @param {import('./electron-runtime.mjs').Runtime | undefined} runtime @param {NodeJS.ProcessEnv} env */
async function configOf(runtime, env) {
  if (runtime?.kind === 'stand-in') return 'main/dev/package-stand-in.config.mjs'
  if (process.platform === 'darwin')
    return (await canSign(env)) ? 'electron-builder.yml' : 'main/dev/package-unsigned.config.mjs'
  return runtime?.kind === 'given' ? 'main/dev/package-given.config.mjs' : 'electron-builder.yml'
}

/** Whether this Mac has a certificate to sign with. @param {NodeJS.ProcessEnv} env */
async function canSign(env) {
  if (env.CSC_LINK || env.CSC_NAME) return true
  const { stdout } = await capture('security', ['find-identity', '-v', '-p', 'codesigning'], { env })
  const found = /\b[1-9]\d* valid identit/.test(stdout)
  if (!found)
    console.log(
      'There is no certificate to sign with: the app gets an ad-hoc signature, and is not hardened or notarized.',
    )
  return found
}

/**
 * What can be packed here, of what electron-builder.yml names; nothing named means all of it.
 * @param {boolean} isTest @param {NodeJS.ProcessEnv} env
 */
function possibleTargets(isTest, env) {
  if (process.platform !== 'linux') return []
  const found = isTest ? ['tar.gz'] : ['AppImage', 'deb', 'tar.gz']
  const needs = isTest ? [['deb', 'dpkg-deb']] : [['rpm', 'rpmbuild']]
  for (const [target = '', program = ''] of needs) {
    if (onPath(program, env)) found.push(target)
    else console.log(`no ${target} is packed: ${program} is not installed`)
  }
  return found
}

/**
 * electron-builder downloads its own 7-Zip and fpm from a host that is out of reach too. What it asks of them for tar.gz and deb,
 * two scripts do with zlib and dpkg-deb.
 * @param {string} folder
 */
function standInTools(folder) {
  /** @param {string} name @param {string} script */
  const launcher = (name, script) => {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\nexec '${nodeBinary()}' '${join(DEV, script)}' "$@"\n`)
    chmodSync(file, 0o755)
    return file
  }
  return {
    ELECTRON_BUILDER_7ZIP_PATH: launcher('7za', 'stand-in-7za.mjs'),
    CUSTOM_FPM_PATH: launcher('fpm', 'stand-in-fpm.mjs'),
  }
}

function printSizes() {
  console.log('\nsizes in dist/')
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`.padStart(10)
  for (const name of readdirSync(DIST).sort()) {
    const path = join(DIST, name)
    const isFolder = statSync(path).isDirectory()
    if (isFolder || /\.(AppImage|deb|rpm|tar\.gz|dmg|zip|exe)$/.test(name)) {
      console.log(`${megabytes(isFolder ? folderSize(path) : statSync(path).size)}  ${name}${isFolder ? '/' : ''}`)
    }
  }
}

/** @param {string} folder @returns {number} */
function folderSize(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
