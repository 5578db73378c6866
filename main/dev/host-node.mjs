import { SetupError } from './project.mjs'

// Debian 12 machines have Node 20, which starts the set-up; everything after it runs on the Node among the dependencies.
const OLDEST_ON_LINUX = [20, 9]
const OLDEST_ELSEWHERE = [22, 0]

/**
 * Refuses a host Node that cannot carry the set-up.
 * @param {string} [version] e.g. '20.20.2'
 * @param {string} [platform]
 */
export function checkHostNode(version = process.versions.node, platform = process.platform) {
  const oldest = platform === 'linux' ? OLDEST_ON_LINUX : OLDEST_ELSEWHERE
  const [oldestMajor = 0, oldestMinor = 0] = oldest
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new SetupError(
    `This needs Node ${oldest.join('.')} or later; the one that started it is ${version}.
Install a current Node (https://nodejs.org), then run the same command again.`,
    2,
  )
}
