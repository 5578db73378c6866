import { safeStorage } from 'electron'
import type { Keychain } from '../host/workspace-key'

/**
 * The system keychain, or null where secrets would not be protected: on Linux without a keyring, Electron falls back to a fixed
 * password (`basic_text`).
 */
export function systemKeychain(): Keychain | null {
  if (!safeStorage.isEncryptionAvailable()) return null
  if (process.platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') return null
  return {
    encrypt: (text) => safeStorage.encryptString(text),
    decrypt: (bytes) => safeStorage.decryptString(bytes),
  }
}
