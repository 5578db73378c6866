import { describe, expect, it } from 'vitest'
import { Vault } from '../../main/engine/vault'

const key = new Uint8Array(32).fill(1)
const secrets = { apiKey: 'canary-ü-5521' }
const unreadable = expect.objectContaining({ code: 'secret_unreadable' })

describe('Vault', () => {
  it('opens what it sealed, also another vault with the same key', () => {
    const sealed = new Vault(key).seal('orders', secrets)
    expect(new Vault(key).open('orders', sealed)).toEqual(secrets)
    expect(new Vault(key).open('orders', new Uint8Array(sealed))).toEqual(secrets)
  })

  it('shows nothing of the secret, and never seals it the same way twice', () => {
    const vault = new Vault(key)
    const sealed = vault.seal('orders', secrets)
    expect(sealed.includes('canary')).toBe(false)
    expect(sealed.equals(vault.seal('orders', secrets))).toBe(false)
  })

  it('opens nothing with another key or for another integration', () => {
    const sealed = new Vault(key).seal('orders', secrets)
    expect(() => new Vault(new Uint8Array(32).fill(2)).open('orders', sealed)).toThrow(unreadable)
    expect(() => new Vault(key).open('returns', sealed)).toThrow(unreadable)
  })

  it('opens nothing of which a byte was changed or lost', () => {
    const vault = new Vault(key)
    const sealed = vault.seal('orders', secrets)
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed)
      changed[i] = changed[i]! ^ 1
      expect(() => vault.open('orders', changed), `byte ${i}`).toThrow(unreadable)
      expect(() => vault.open('orders', sealed.subarray(0, i)), `cut at ${i}`).toThrow(unreadable)
    }
  })

  it('seals nothing without a key, and works once it is unlocked', () => {
    const vault = new Vault(null)
    expect(() => vault.seal('orders', secrets)).toThrow(
      expect.objectContaining({ code: 'secret_consent_required', field: 'target.apiKey' }),
    )
    const sealed = new Vault(key).seal('orders', secrets)
    expect(() => vault.open('orders', sealed)).toThrow(unreadable)
    vault.unlock(key)
    expect(vault.open('orders', sealed)).toEqual(secrets)
  })
})
