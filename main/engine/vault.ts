import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors'

/** What a target keeps secret. */
export interface TargetSecrets {
  readonly apiKey?: string | undefined
  readonly signingSecrets?: readonly string[] | undefined
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
}

const ALGORITHM = 'aes-256-gcm'
const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts secrets for the store with the workspace key (32 bytes), which the host unlocks through the keychain or a key file
 * and which is never stored beside them in the clear. Each seal is bound to its integration's id.
 */
export class Vault {
  #key: Buffer | null

  constructor(key: Uint8Array | null) {
    this.#key = key === null ? null : Buffer.from(key)
  }

  /** Gives the vault its key, once the operator has consented to a key file. */
  unlock(key: Uint8Array): void {
    this.#key = Buffer.from(key)
  }

  /** @throws AppError `secret_consent_required` while there is no key */
  seal(integrationId: string, secrets: TargetSecrets): Buffer {
    if (this.#key === null)
      throw new AppError('secret_consent_required', undefined, {
        field: 'target.apiKey',
      })
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(integrationId))
    const text = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), text])
  }

  /** @throws AppError `secret_unreadable` when the key is missing, another one, or the bytes were changed */
  open(integrationId: string, sealed: Uint8Array): TargetSecrets {
    try {
      if (this.#key === null || sealed[0] !== VERSION) throw new Error('no key, or written by a newer version')
      const bytes = Buffer.from(sealed)
      const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
      const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
      // The length is given since a shortened tag would otherwise be accepted.
      const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(integrationId)).setAuthTag(tag)
      const text = Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES + TAG_BYTES)), decipher.final()])
      return JSON.parse(text.toString('utf8')) as TargetSecrets
    } catch (cause) {
      throw new AppError('secret_unreadable', undefined, { cause })
    }
  }
}
