import { expect, test } from 'vitest'
import { parseOsRelease, planInstall } from '../../main/dev/system-packages.mjs'

const GTK = 'libgtk-3.so.0'
const BOOKWORM = { ID: 'debian', VERSION_CODENAME: 'bookworm' }
const has =
  (...programs: string[]) =>
  (program: string) =>
    programs.includes(program)
const apt = has('apt-get')

test('nothing missing, nothing to do', () => {
  expect(planInstall({ missing: [], osRelease: BOOKWORM, uid: 0, has: apt })).toEqual({ action: 'none' })
})

test.each([
  [BOOKWORM, ['libgtk-3-0', 'libasound2', 'libgbm1', 'xvfb', 'xauth']],
  [{ ID: 'debian', VERSION_CODENAME: 'trixie' }, ['libgtk-3-0t64', 'libasound2t64', 'libgbm1', 'xvfb', 'xauth']],
  [{ ID: 'debian' }, ['libgtk-3-0t64', 'libasound2t64', 'libgbm1', 'xvfb', 'xauth']],
  [{ ID: 'ubuntu', VERSION_CODENAME: 'jammy' }, ['libgtk-3-0', 'libasound2', 'libgbm1', 'xvfb', 'xauth']],
  [{ ID: 'ubuntu', VERSION_CODENAME: 'noble' }, ['libgtk-3-0t64', 'libasound2t64', 'libgbm1', 'xvfb', 'xauth']],
  [
    { ID: 'linuxmint', VERSION_CODENAME: 'wilma', UBUNTU_CODENAME: 'noble' },
    ['libgtk-3-0t64', 'libasound2t64', 'libgbm1', 'xvfb', 'xauth'],
  ],
  [
    { ID: 'linuxmint', VERSION_CODENAME: 'victoria', UBUNTU_CODENAME: 'jammy' },
    ['libgtk-3-0', 'libasound2', 'libgbm1', 'xvfb', 'xauth'],
  ],
])('root on %j installs %j', (osRelease, packages) => {
  const missing = [GTK, 'libasound.so.2', 'libgbm.so.1', 'Xvfb']
  expect(planInstall({ missing, osRelease, uid: 0, has: apt })).toEqual({ action: 'install', packages })
})

test.each([
  ['apt-get', 1000, 'sudo apt-get update && sudo apt-get install --no-install-recommends libgtk-3-0 libnss3'],
  ['dnf', 1000, 'sudo dnf install gtk3 nss'],
  ['dnf', 0, 'dnf install gtk3 nss'],
  ['pacman', 1000, 'sudo pacman -S gtk3 nss'],
])('with %s user %i is given the line to run', (manager, uid, line) => {
  expect(planInstall({ missing: [GTK, 'libnss3.so'], osRelease: BOOKWORM, uid, has: has(manager) })).toEqual({
    action: 'say',
    line,
    unknown: [],
  })
})

test('a library that is in no table is named, next to the line for the rest', () => {
  expect(planInstall({ missing: [GTK, 'libodd.so.3'], osRelease: BOOKWORM, uid: 1000, has: apt })).toEqual({
    action: 'say',
    line: expect.stringContaining('libgtk-3-0'),
    unknown: ['libodd.so.3'],
  })
})

test.each([
  ['no known package manager', [GTK], has('zypper')],
  ['only unknown libraries', ['libodd.so.3'], apt],
])('%s: no line is made up, not even for root', (_, missing, programs) => {
  expect(planInstall({ missing, osRelease: BOOKWORM, uid: 0, has: programs })).toEqual({
    action: 'say',
    line: undefined,
    unknown: missing,
  })
})

test('os-release is read with and without quotes', () => {
  expect(
    parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n\n# remark\nID=debian\nVERSION_ID=\'12\'\n'),
  ).toEqual({
    PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)',
    ID: 'debian',
    VERSION_ID: '12',
  })
})
