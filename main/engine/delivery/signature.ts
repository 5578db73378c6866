import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** A new signing secret: `whsec_` and 32 random bytes in base64, as Standard Webhooks recommends (24 to 64 bytes). */
export function newSigningSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/**
 * The key that a signing secret stands for, or null when the text is not `whsec_` followed by base64. The prefix may lack.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signingKey(secret: string): KeyObject | null {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret
  return BASE64.test(encoded) ? createSecretKey(encoded, 'base64') : null
}

/**
 * The value of `webhook-signature`: for each key `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, with spaces between
 * them. The body is signed as the bytes that are sent.
 *
 * @param timestamp unix seconds, the text that is sent as `webhook-timestamp`
 */
export function webhookSignature(keys: readonly KeyObject[], id: string, timestamp: string, body: Uint8Array): string {
  const signed = `${id}.${timestamp}.`
  let signatures = ''
  for (const key of keys) {
    const mac = createHmac('sha256', key).update(signed).update(body).digest('base64')
    signatures += signatures === '' ? `v1,${mac}` : ` v1,${mac}`
  }
  return signatures
}
