import { describe, expect, it } from 'vitest'
import { patchTarget, splitTarget } from '../../main/engine/integrations/targets'
import { targetPatch } from '../../shared/schemas/integration'

const OLD = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const NEW = `whsec_${Buffer.alloc(32, 2).toString('base64')}`

const webhook = (signingSecrets: string[]) =>
  splitTarget({ kind: 'webhook', callbackUrl: 'https://example.com/', apiKey: 'key', signingSecrets })
const s3 = splitTarget({
  kind: 's3',
  accessKeyId: 'AKIA1',
  secretAccessKey: 'secret',
  sessionToken: 'token',
  region: 'eu-central-1',
  bucket: 'a-bucket',
})

const patched = (saved: ReturnType<typeof splitTarget>, patch: object) => patchTarget(saved, targetPatch.parse(patch))

describe('a change of a target', () => {
  it('keeps what it leaves out', () => {
    expect(patched(webhook([OLD]), { kind: 'webhook', callbackUrl: 'https://other.example/' })).toEqual({
      kind: 'webhook',
      callbackUrl: 'https://other.example/',
      apiKey: 'key',
      signingSecrets: [OLD],
    })
    expect(patched(s3, { kind: 's3', bucket: 'other' })).toMatchObject({ bucket: 'other', sessionToken: 'token' })
  })

  it('takes away a secret that is given empty', () => {
    expect(splitTarget(patched(webhook([OLD]), { kind: 'webhook', apiKey: '', signingSecrets: [] })).secrets).toBeNull()
    expect(patched(s3, { kind: 's3', sessionToken: '' })).not.toHaveProperty('sessionToken')
  })

  it('rotates a signing secret that the caller cannot read', () => {
    const during = patched(webhook([OLD]), { kind: 'webhook', signingSecrets: [NEW, { saved: 0 }] })
    expect(during).toMatchObject({ signingSecrets: [NEW, OLD] })
    const after = patched(splitTarget(during), { kind: 'webhook', signingSecrets: [{ saved: 0 }] })
    expect(after).toMatchObject({ signingSecrets: [NEW] })
    const back = patched(splitTarget(during), { kind: 'webhook', signingSecrets: [{ saved: 1 }] })
    expect(back).toMatchObject({ signingSecrets: [OLD] })
  })

  it('refuses to keep a signing secret that is not there, and another kind of target', () => {
    const missing = () => patched(webhook([OLD]), { kind: 'webhook', signingSecrets: [{ saved: 1 }] })
    expect(missing).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'target.signingSecrets' }))
    const other = () => patched(webhook([]), { kind: 's3', bucket: 'a-bucket' })
    expect(other).toThrow(expect.objectContaining({ code: 'invalid_input', field: 'target.kind' }))
  })
})
