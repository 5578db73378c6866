// npm run icons: draws the icon files of every system from the SVG files beside them, after a change of those.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureReady } from './bootstrap.mjs'
import { icnsOf, icoOf } from './icon-files.mjs'
import { ROOT, SetupError } from './project.mjs'
import { capture, runMain } from './run.mjs'
import { electronFlags, withDisplay } from './virtual-display.mjs'

const FOLDER = join(ROOT, 'main', 'resources', 'icons')
const LINUX = [16, 24, 32, 48, 64, 128, 256, 512]
const WINDOWS = [16, 20, 24, 32, 40, 48, 64, 128, 256]
const MAC = [16, 32, 64, 128, 256, 512, 1024]
/** Up to here the drawing on the pixel grid is the clearer one. */
const SMALL_MAX = 32

/** @param {number[]} sizes @returns {Promise<import('./icon-files.mjs').Image[]>} */
async function draw(sizes) {
  const [svg, small] = ['icon.svg', 'icon-small.svg'].map((name) => readFileSync(join(FOLDER, name), 'utf8'))
  const { env, binary } = await ensureReady({ for: 'bench' })
  const work = mkdtempSync(join(tmpdir(), 'event-stream-console-icons-'))
  try {
    const file = join(work, 'icons.json')
    writeFileSync(file, JSON.stringify(sizes.map((size) => ({ size, svg: size > SMALL_MAX ? svg : small }))))
    const { code, output } = await withDisplay((display) => {
      const script = join(ROOT, 'main', 'dev', 'draw-icons.cjs')
      const args = [...electronFlags(display), script, `--user-data-dir=${work}`, file]
      return capture(binary, args, { env: { ...env, ...display.env } })
    })
    if (code !== 0) throw new SetupError(`The icons could not be drawn:\n${output.trim()}`)
    /** @type {{ size: number, png: string, rgba: string }[]} */
    const drawn = JSON.parse(readFileSync(file, 'utf8'))
    return drawn.map(({ size, png, rgba }) => ({
      size,
      png: Buffer.from(png, 'base64'),
      rgba: Buffer.from(rgba, 'base64'),
    }))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

await runMain(async () => {
  const images = await draw([...new Set([...LINUX, ...WINDOWS, ...MAC])].sort((a, b) => a - b))
  const of = (/** @type {number[]} */ sizes) => images.filter(({ size }) => sizes.includes(size))
  for (const { size, png } of of(LINUX)) writeFileSync(join(FOLDER, 'linux', `${size}x${size}.png`), png)
  writeFileSync(join(FOLDER, 'icon.ico'), icoOf(of(WINDOWS)))
  writeFileSync(join(FOLDER, 'icon.icns'), icnsOf(of(MAC)))
  console.log(`${LINUX.length} PNG files, icon.ico and icon.icns are in ${FOLDER}`)
  return 0
})
