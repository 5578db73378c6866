import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretProtection } from '../../shared/domain'

/** The operating system's keychain as far as it is needed; null where there is none that protects anything. */
export interface Keychain {
  encrypt(text: string): Buffer
  decrypt(bytes: Buffer): string
}

/** The key that encrypts the secrets of one workspace, and how it is kept. */
export interface WorkspaceKey {
  readonly key: Uint8Array | null
  readonly protection: SecretProtection
}

type KeyFile = { readonly version: 1; readonly protection: 'keychain' | 'key-file'; readonly key: string }

const FILE = 'secrets.key'
const KEY_BYTES = 32

/**
 * Finds the workspace's key. With a keychain a missing one is made at once and stored encrypted by it; without one
 * nothing is made until `consentToKeyFile`.
 */
export function openWorkspaceKey(workspace: string, keychain: Keychain | null): WorkspaceKey {
  const path = join(workspace, FILE)
  if (existsSync(path)) {
    try {
      const stored = JSON.parse(readFileSync(path, 'utf8')) as KeyFile
      const bytes = Buffer.from(stored.key, 'base64')
      if (stored.protection === 'key-file') return checked(bytes, 'key-file')
      if (stored.protection === 'keychain' && keychain !== null) {
        return checked(Buffer.from(keychain.decrypt(bytes), 'base64'), 'keychain')
      }
    } catch {
      // Another user's keychain, another machine, or a damaged file: the key exists but cannot be had here.
    }
    return { key: null, protection: 'locked' }
  }
  if (keychain === null) return { key: null, protection: 'none' }
  const key = randomBytes(KEY_BYTES)
  write(workspace, {
    version: 1,
    protection: 'keychain',
    key: keychain.encrypt(key.toString('base64')).toString('base64'),
  })
  return { key, protection: 'keychain' }
}

/** Makes a key in a file that only the owner can read. Called after the operator agreed to it. */
export function consentToKeyFile(workspace: string): WorkspaceKey {
  const key = randomBytes(KEY_BYTES)
  write(workspace, { version: 1, protection: 'key-file', key: key.toString('base64') })
  return { key, protection: 'key-file' }
}

function checked(key: Buffer, protection: 'keychain' | 'key-file'): WorkspaceKey {
  return key.length === KEY_BYTES ? { key, protection } : { key: null, protection: 'locked' }
}

function write(workspace: string, file: KeyFile): void {
  mkdirSync(workspace, { recursive: true, mode: 0o700 })
  const path = join(workspace, FILE)
  // Written beside and renamed, so that a crash leaves either no key or a whole one.
  writeFileSync(`${path}.new`, JSON.stringify(file), { mode: 0o600 })
  chmodSync(`${path}.new`, 0o600)
  renameSync(`${path}.new`, path)
}
