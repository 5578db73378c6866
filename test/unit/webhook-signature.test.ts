import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { newSigningSecret, signingKey, webhookSignature } from '../../main/engine/delivery/signature'
import { signingSecret } from '../../shared/schemas/integration'

const BODY = Buffer.from('{"tenant":"t","name":"order.created","payload":{"id":"ä"}}')

function signed(secrets: readonly string[]) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const keys = secrets.map((secret) => signingKey(secret)!)
  return {
    'webhook-id': '0b0c',
    'webhook-timestamp': timestamp,
    'webhook-signature': webhookSignature(keys, '0b0c', timestamp, BODY),
  }
}

describe('a signature', () => {
  it('is one that the library of Standard Webhooks accepts, with either secret of a rotation', () => {
    const secrets = [newSigningSecret(), newSigningSecret()]
    const headers = signed(secrets)
    for (const secret of secrets) expect(new Webhook(secret).verify(BODY.toString(), headers)).toBeTruthy()
    expect(() => new Webhook(newSigningSecret()).verify(BODY.toString(), headers)).toThrow()
    expect(() => new Webhook(secrets[0]!).verify(`${BODY.toString()} `, headers)).toThrow()
  })

  it('takes new secrets that differ and that the schema accepts', () => {
    const secrets = Array.from({ length: 20 }, newSigningSecret)
    expect(new Set(secrets).size).toBe(20)
    for (const secret of secrets) expect(signingSecret.safeParse(secret).success).toBe(true)
  })
})
