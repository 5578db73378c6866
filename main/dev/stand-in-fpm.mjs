// Does what electron-builder asks of fpm for a deb: `-s dir -t deb …` with dpkg-deb.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { capture } from './run.mjs'

const text = /** @type {const} */ ({ type: 'string' })
const list = /** @type {const} */ ({ type: 'string', multiple: true })

/**
 * The `control` file of a package.
 * @param {Record<string, string | undefined>} fields left out where there is no value
 */
export function controlOf(fields) {
  // A description goes on in lines that begin with a space; an empty one of them is a dot.
  const folded = (/** @type {string} */ value) =>
    value
      .trim()
      .replace(/\n\s*/g, '\n ')
      .replace(/\n (?=\n|$)/g, '\n .')
  const lines = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}: ${folded(value)}`] : []))
  return `${lines.join('\n')}\n`
}

/** @param {string[]} args */
async function build(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      source: { ...text, short: 's' },
      type: { ...text, short: 't' },
      force: { type: 'boolean' },
      depends: { ...list, short: 'd' },
      'deb-recommends': list,
      'deb-compression': text,
      'deb-priority': text,
      architecture: text,
      'after-install': text,
      'after-remove': text,
      description: text,
      version: text,
      package: text,
      name: text,
      maintainer: text,
      vendor: text,
      url: text,
      category: text,
      license: text,
    },
  })
  if (values.source !== 'dir' || values.type !== 'deb' || !values.package) {
    throw new Error(`this stand-in for fpm only makes a deb of folders, not: ${args.join(' ')}`)
  }
  const stage = mkdtempSync(join(tmpdir(), 'event-stream-console-deb-'))
  try {
    chmodSync(stage, 0o755)
    for (const pair of positionals) {
      const [from = '', to = ''] = pair.split(/=(?=\/)/)
      const place = join(stage, to)
      mkdirSync(dirname(place), { recursive: true })
      if (from.endsWith('/')) cpSync(from, place, { recursive: true, verbatimSymlinks: true })
      else copyFileSync(from, place)
      if (!from.endsWith('/')) chmodSync(place, 0o644)
    }
    const files = filesUnder(stage)
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
    const meta = join(stage, 'DEBIAN')
    mkdirSync(meta)
    const control = controlOf({
      Package: values.name,
      Version: values.version,
      Architecture: values.architecture,
      Maintainer: values.maintainer,
      'Installed-Size': String(Math.ceil(bytes / 1024)),
      Depends: values.depends?.join(', '),
      Recommends: values['deb-recommends']?.join(', '),
      Section: values.category,
      Priority: values['deb-priority'],
      Homepage: values.url,
      Description: values.description,
    })
    writeFileSync(join(meta, 'control'), control)
    const sums = files.map(
      (file) => `${createHash('md5').update(readFileSync(file)).digest('hex')}  ${relative(stage, file)}\n`,
    )
    writeFileSync(join(meta, 'md5sums'), sums.join(''))
    for (const [script, source] of [
      ['postinst', values['after-install']],
      ['postrm', values['after-remove']],
    ]) {
      if (script && source) writeFileSync(join(meta, script), readFileSync(source), { mode: 0o755 })
    }
    const compress = [`-Z${values['deb-compression'] === 'gz' ? 'gzip' : (values['deb-compression'] ?? 'xz')}`]
    const { code, output } = await capture('dpkg-deb', [
      ...compress,
      '--root-owner-group',
      '--build',
      stage,
      values.package,
    ])
    if (code !== 0) throw new Error(output.trim())
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile())
  return entries.map((entry) => join(entry.parentPath, entry.name)).sort()
}

if (process.argv[1] === import.meta.filename) await build(process.argv.slice(2))
