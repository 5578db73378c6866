import { aptInstall } from './system-packages.mjs'
import { onPath } from './virtual-display.mjs'

// Programs that only tests use, with the Debian packages that hold them.

/** @type {readonly { program: string, package: string, for: string }[]} */
const TOOLS = [{ program: 'strace', package: 'strace', for: 'the proofs of durability' }]

/**
 * What to do about missing test tools: nothing, install them, or say that their tests are skipped.
 * @param {{ platform: string, uid: number | undefined, has: (program: string) => boolean }} situation
 * @returns {{ action: 'none' } | { action: 'install', packages: string[] } | { action: 'say', lines: string[] }}
 */
export function planTools({ platform, uid, has }) {
  const missing = TOOLS.filter(({ program }) => !has(program))
  if (platform !== 'linux' || missing.length === 0) return { action: 'none' }
  if (uid === 0 && has('apt-get')) return { action: 'install', packages: missing.map((tool) => tool.package) }
  return { action: 'say', lines: missing.map((tool) => `${tool.for} need ${tool.program}, which is not installed.`) }
}

/**
 * Installs what tests need where that is possible without asking. Elsewhere, and when it fails, it says so; the tests decide
 * whether they may be skipped.
 * @param {{ log: (line: string) => void, env?: NodeJS.ProcessEnv }} options
 */
export async function ensureTestTools({ log, env = process.env }) {
  const has = (/** @type {string} */ program) => onPath(program, env)
  const plan = planTools({ platform: process.platform, uid: process.getuid?.(), has })
  if (plan.action === 'none') return
  if (plan.action === 'say') return plan.lines.forEach(log)
  log(`installing test tools: ${plan.packages.join(' ')}`)
  const output = await aptInstall(plan.packages, env)
  if (output !== '') log(`${output.trim()}\nThe test tools could not be installed: ${plan.packages.join(' ')}`)
}
