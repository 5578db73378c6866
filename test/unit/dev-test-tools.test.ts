import { describe, expect, it } from 'vitest'
import { planTools } from '../../main/dev/test-tools.mjs'

const having =
  (...programs: string[]) =>
  (program: string) =>
    programs.includes(program)

describe('the tools of the tests', () => {
  it('are installed for root on Debian', () => {
    expect(planTools({ platform: 'linux', uid: 0, has: having('apt-get') })).toEqual({
      action: 'install',
      packages: ['strace'],
    })
  })

  it('are left alone when they are there, and where they do not exist', () => {
    expect(planTools({ platform: 'linux', uid: 0, has: having('apt-get', 'strace') })).toEqual({ action: 'none' })
    expect(planTools({ platform: 'darwin', uid: 501, has: having() })).toEqual({ action: 'none' })
  })

  it.each([
    [1000, ['apt-get']],
    [0, ['dnf']],
  ])('are named to user %s with %s, who can go on without them', (uid, programs) => {
    expect(planTools({ platform: 'linux', uid, has: having(...programs) })).toEqual({
      action: 'say',
      lines: ['the proofs of durability need strace, which is not installed.'],
    })
  })
})
