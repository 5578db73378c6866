import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { consentToKeyFile, type Keychain, openWorkspaceKey } from '../../main/host/workspace-key'
import { tempDir } from '../support/temp-dir'

/** Reversible and recognisable: enough to see that the file holds what the keychain gave. */
const keychain: Keychain = {
  encrypt: (text) => Buffer.from(text).map((byte) => byte ^ 0x5a) as Buffer,
  decrypt: (bytes) => Buffer.from(bytes.map((byte) => byte ^ 0x5a)).toString(),
}
const othersKeychain: Keychain = {
  encrypt: keychain.encrypt,
  decrypt: () => {
    throw new Error('not your key')
  },
}
const locked = { key: null, protection: 'locked' }

let workspace: string
let file: string

beforeEach(() => {
  workspace = tempDir()
  file = join(workspace, 'secrets.key')
})

describe('with a keychain', () => {
  it('makes a key at once, keeps it encrypted, and finds it again', () => {
    const made = openWorkspaceKey(workspace, keychain)
    expect(made.protection).toBe('keychain')
    expect(made.key).toHaveLength(32)
    expect(openWorkspaceKey(workspace, keychain)).toEqual(made)
    expect(readFileSync(file, 'utf8')).not.toContain(Buffer.from(made.key!).toString('base64'))
    expect(openWorkspaceKey(tempDir(), keychain).key).not.toEqual(made.key)
  })

  it('is locked without that keychain, and stays as it is', () => {
    const made = openWorkspaceKey(workspace, keychain)
    expect(openWorkspaceKey(workspace, null)).toEqual(locked)
    expect(openWorkspaceKey(workspace, othersKeychain)).toEqual(locked)
    expect(openWorkspaceKey(workspace, keychain)).toEqual(made)
  })
})

describe('without a keychain', () => {
  it('makes nothing before consent', () => {
    expect(openWorkspaceKey(workspace, null)).toEqual({ key: null, protection: 'none' })
    expect(existsSync(file)).toBe(false)
  })

  it('keeps a key file after consent and finds it again', () => {
    const made = consentToKeyFile(workspace)
    expect(made.protection).toBe('key-file')
    expect(made.key).toHaveLength(32)
    expect(openWorkspaceKey(workspace, null)).toEqual(made)
    expect(openWorkspaceKey(workspace, keychain)).toEqual(made)
  })
})

it.each([
  ['no JSON', 'x'],
  ['null', 'null'],
  ['an empty file', ''],
  ['a short key', JSON.stringify({ version: 1, protection: 'key-file', key: 'AAAA' })],
  ['no key', JSON.stringify({ version: 1, protection: 'key-file' })],
  [
    'an unknown protection',
    JSON.stringify({ version: 1, protection: 'spell', key: Buffer.alloc(32).toString('base64') }),
  ],
])('is locked, and replaces nothing, when the file holds %s', (_, text) => {
  writeFileSync(file, text)
  expect(openWorkspaceKey(workspace, keychain)).toEqual(locked)
  expect(readFileSync(file, 'utf8')).toBe(text)
})

// Windows has no such modes; its user folders are private by their access lists.
it.skipIf(process.platform === 'win32')('lets only the owner read the key', () => {
  consentToKeyFile(workspace)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const other = tempDir()
  openWorkspaceKey(other, keychain)
  expect(statSync(join(other, 'secrets.key')).mode & 0o777).toBe(0o600)
  expect(readdirSync(workspace)).toEqual(['secrets.key'])
})
