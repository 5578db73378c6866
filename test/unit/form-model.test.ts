import { describe, expect, it } from 'vitest'
import {
  boundsText,
  changedOptions,
  duplicateOf,
  emptyForm,
  type FormValues,
  fieldOf,
  formOf,
  hasChanges,
  numberOptionNames,
  optionTexts,
  problemsOf,
  type Surroundings,
  toNewIntegration,
  toPreciseInput,
  toTargetTest,
  toUpdate,
  typed,
} from '../../renderer/features/integration-form/form-model'
import { newSigningSecret } from '../../renderer/features/integration-form/new-signing-secret'
import type { Integration } from '../../shared/domain'
import {
  deliveryDefaults,
  deliveryOptions,
  INTEGRATION_ID_MAX,
  integrationUpdate,
  newIntegrationNow,
  signingSecret,
} from '../../shared/schemas/integration'

const free: Surroundings = { takenIds: [], protection: 'key-file' }

const webhook: FormValues = {
  ...emptyForm('https://example.com/events'),
  id: 'erp-orders',
  chosen: ['order.created'],
  apiKey: typed('a-key'),
}
const s3: FormValues = {
  ...emptyForm(),
  id: 'warehouse',
  chosen: ['order.created'],
  accessKeyId: typed('AKIAEXAMPLE'),
  secretAccessKey: typed('a-secret'),
  region: 'eu-central-1',
  bucket: 'a-bucket',
}

const savedWebhook: Integration = {
  id: 'erp-orders',
  integrationType: 'permanent',
  status: 'running',
  stopCause: null,
  restartPending: false,
  startsAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  endsAt: null,
  selection: { entities: ['return'], events: ['order.created', 'order.opened'] },
  target: { kind: 'webhook', callbackUrl: 'https://example.com/events', hasApiKey: true, signingSecrets: 1 },
  options: { ...deliveryDefaults, concurrency: 4 },
  createdAt: 1,
  updatedAt: 1,
}
const savedS3: Integration = {
  ...savedWebhook,
  target: {
    kind: 's3',
    region: 'eu-central-1',
    bucket: 'a-bucket',
    keyPrefix: 'a/b',
    endpoint: null,
    pathStyle: false,
    accessKeyHint: 'MPLE',
    hasSessionToken: true,
  },
}

describe('a new integration', () => {
  it('begins with S3, as the specification recommends, and with a webhook where an address is given', () => {
    expect(emptyForm().kind).toBe('s3')
    expect(emptyForm('http://127.0.0.1:1/').kind).toBe('webhook')
  })

  it('becomes what the contract takes', () => {
    expect(problemsOf(webhook, free)).toEqual({})
    expect(toNewIntegration(webhook)).toEqual({
      id: 'erp-orders',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: [], events: ['order.created'] },
      target: { kind: 'webhook', callbackUrl: 'https://example.com/events', apiKey: 'a-key' },
    })
    expect(problemsOf(s3, free)).toEqual({})
    const filled = {
      ...s3,
      keyPrefix: ' a/b ',
      endpoint: ' http://localhost:9000 ',
      pathStyle: true,
      sessionToken: typed('t'),
    }
    expect(toNewIntegration(filled).target).toEqual({
      kind: 's3',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'a-secret',
      sessionToken: 't',
      region: 'eu-central-1',
      bucket: 'a-bucket',
      keyPrefix: 'a/b',
      endpoint: 'http://localhost:9000',
      pathStyle: true,
    })
    expect(newIntegrationNow.safeParse(toNewIntegration(filled)).success).toBe(true)
  })

  it('sends only the target that is chosen', () => {
    const both = { ...webhook, bucket: 'NOT A BUCKET', region: '' }
    expect(problemsOf(both, free)).toEqual({})
    expect(problemsOf({ ...s3, callbackUrl: 'nonsense' }, free)).toEqual({})
  })

  it('says at each empty field what is missing', () => {
    const none = { ...emptyForm(), id: '' }
    expect(Object.keys(problemsOf(none, free)).sort()).toEqual(
      ['accessKeyId', 'bucket', 'chosen', 'id', 'region', 'secretAccessKey'].sort(),
    )
    expect(Object.keys(problemsOf({ ...none, kind: 'webhook' }, free)).sort()).toEqual(
      ['apiKey', 'callbackUrl', 'chosen', 'id'].sort(),
    )
  })

  it.each([
    [{ id: 'Has Capitals' }, 'id', /lower-case/],
    [{ id: 'taken' }, 'id', /Another integration/],
    [{ callbackUrl: 'example.com' }, 'callbackUrl', /https:/],
    [{ apiKey: typed('two words') }, 'apiKey', /spaces/],
    [{ deliver: 'from', startsAt: '' }, 'startsAt', /moment/],
    [{ deliver: 'from', startsAt: '2999-01-01T00:00' }, 'startsAt', /future/],
    [{ integrationType: 'temporary', startsAt: '2026-01-02T00:00' }, 'endsAt', /needs an end/],
    [
      { integrationType: 'temporary', startsAt: '2026-01-02T00:00', endsAt: '2026-01-01T00:00' },
      'endsAt',
      /after the start/,
    ],
    [{ signingSecrets: ['whsec_short'] }, 'signingSecrets', /24 to 64/],
    [{ signingSecrets: [''] }, 'signingSecrets', /Enter/],
    [{ concurrency: '0' }, 'concurrency', /whole number from 1 to 256/],
    [{ concurrency: '2.5' }, 'concurrency', /whole number/],
    [{ concurrency: 'many' }, 'concurrency', /whole number/],
    [{ connectTimeoutMs: '' }, 'connectTimeoutMs', /from 0.5 to 60 seconds/],
    [{ ratePerSecond: '0' }, 'ratePerSecond', /nothing for no limit/],
  ] as const)('refuses %j at its field', (change, field, message) => {
    const found = problemsOf({ ...webhook, ...(change as Partial<FormValues>) }, { ...free, takenIds: ['taken'] })
    expect(Object.keys(found)).toEqual([field])
    expect(found[field as keyof typeof found]).toMatch(message)
  })

  it('refuses wrong dates although other fields are wrong as well', () => {
    const found = problemsOf({ ...webhook, concurrency: 'many', deliver: 'from', startsAt: '2999-01-01T00:00' }, free)
    expect(Object.keys(found).sort()).toEqual(['concurrency', 'startsAt'])
  })

  it.each(['none', 'locked'] as const)('says that secrets cannot be saved while protection is %s', (protection) => {
    expect(Object.keys(problemsOf(webhook, { ...free, protection }))).toEqual(['apiKey'])
    expect(Object.keys(problemsOf(s3, { ...free, protection })).sort()).toEqual(['accessKeyId', 'secretAccessKey'])
  })

  it('sends the delivery options of its target that are not the defaults', () => {
    const changed = { ...webhook, connectTimeoutMs: '2.5', ratePerSecond: ' 20 ', batchBytes: '7', gzip: true }
    expect(toNewIntegration(changed).options).toEqual({ connectTimeoutMs: 2500, ratePerSecond: 20 })
    expect(changedOptions(changed)).toBe(2)
    expect(toNewIntegration({ ...s3, batchBytes: '7', gzip: true, concurrency: '3' }).options).toEqual({
      batchBytes: 7 * 1024 * 1024,
      gzip: true,
    })
  })
})

describe('delivery options', () => {
  it('are shown in units that hold the defaults exactly', () => {
    const texts = optionTexts(deliveryDefaults)
    expect(texts).toMatchObject({ connectTimeoutMs: '5', totalTimeoutMs: '30', batchBytes: '50', ratePerSecond: '' })
    expect(changedOptions({ ...webhook, ...texts })).toBe(0)
    expect(changedOptions({ ...s3, ...texts })).toBe(0)
  })

  it('name the bounds of the shared schema', () => {
    for (const name of numberOptionNames) {
      const [, min, max] = /from ([\d.,]+) to ([\d.,]+)/
        .exec(boundsText(name))!
        .map((t) => Number(t.replaceAll(',', '')))
      const scale =
        deliveryDefaults[name] === null ? 1 : deliveryDefaults[name]! / Number(optionTexts(deliveryDefaults)[name])
      const takes = (value: number) => deliveryOptions.safeParse({ [name]: value }).success
      expect([takes(min! * scale), takes(max! * scale)], name).toEqual([true, true])
      expect([takes(min! * scale - 1), takes(max! * scale + 1)], name).toEqual([false, false])
    }
  })
})

describe('a saved integration', () => {
  it.each([savedWebhook, savedS3])('has nothing to save before something changes', (saved) => {
    const form = formOf(saved)
    expect(toUpdate(form, saved)).toEqual({ id: saved.id })
    expect(hasChanges(form, saved)).toBe(false)
    expect(problemsOf(form, { ...free, saved, protection: 'locked' })).toEqual({})
  })

  it('changes only what differs', () => {
    const form = { ...formOf(savedWebhook), callbackUrl: 'https://other.example/', concurrency: '8' }
    expect(toUpdate(form, savedWebhook)).toEqual({
      id: 'erp-orders',
      target: { kind: 'webhook', callbackUrl: 'https://other.example/' },
      options: { concurrency: 8 },
    })
    const moved = { ...formOf(savedS3), endpoint: 'http://localhost:1', keyPrefix: '' }
    expect(toUpdate(moved, savedS3)).toEqual({
      id: 'erp-orders',
      target: { kind: 's3', endpoint: 'http://localhost:1', keyPrefix: '' },
    })
  })

  it('keeps its selection when only the order of the names differs', () => {
    const form = { ...formOf(savedWebhook), chosen: ['order.opened', 'order.created'] }
    expect(hasChanges(form, savedWebhook)).toBe(false)
    const all = toUpdate({ ...form, scope: 'all' }, savedWebhook)
    expect(all.selection).toEqual({ entities: [], events: [] })
  })

  it('goes back to a default when that is asked for', () => {
    const form = { ...formOf(savedWebhook), concurrency: '16' }
    expect(toUpdate(form, savedWebhook).options).toEqual({ concurrency: 16 })
  })

  it('replaces and removes secrets, and never sends one that was not touched', () => {
    const form = formOf(savedWebhook)
    const target = (change: Partial<FormValues>, saved = savedWebhook) =>
      toUpdate({ ...formOf(saved), ...change }, saved).target
    expect(form.apiKey).toEqual({ state: 'saved' })
    expect(target({ apiKey: typed('new') })).toEqual({ kind: 'webhook', apiKey: 'new' })
    expect(target({ apiKey: { state: 'removed' } })).toEqual({ kind: 'webhook', apiKey: '' })
    expect(target({ signingSecrets: [] })).toEqual({ kind: 'webhook', signingSecrets: [] })
    const secret = newSigningSecret()
    const rotated = target({ signingSecrets: [secret, { saved: 0 }] })
    expect(rotated).toEqual({ kind: 'webhook', signingSecrets: [secret, { saved: 0 }] })
    expect(integrationUpdate.safeParse({ id: 'erp-orders', target: rotated }).success).toBe(true)
    expect(target({ sessionToken: { state: 'removed' } }, savedS3)).toEqual({ kind: 's3', sessionToken: '' })
    expect(target({ accessKeyId: typed('A'), secretAccessKey: typed('S') }, savedS3)).toEqual({
      kind: 's3',
      accessKeyId: 'A',
      secretAccessKey: 'S',
    })
  })

  it('does not take a replacement that is left empty for a removal', () => {
    const found = (change: Partial<FormValues>, saved: Integration) =>
      Object.keys(problemsOf({ ...formOf(saved), ...change }, { ...free, saved }))
    expect(found({ apiKey: typed('') }, savedWebhook)).toEqual(['apiKey'])
    expect(found({ sessionToken: typed('') }, savedS3)).toEqual(['sessionToken'])
    expect(found({ accessKeyId: typed('') }, savedS3)).toEqual(['accessKeyId'])
    const without = { ...savedWebhook, target: { ...savedWebhook.target, hasApiKey: false } } as Integration
    expect(found({ apiKey: typed('') }, without)).toEqual([])
  })

  it('is tested with what is in the form, its saved secrets left to the engine', () => {
    const form = { ...formOf(savedWebhook), callbackUrl: 'https://other.example/' }
    expect(toTargetTest(form, savedWebhook, true)).toEqual({
      id: 'erp-orders',
      target: { kind: 'webhook', callbackUrl: 'https://other.example/' },
      sendTestEvent: true,
    })
    expect(toTargetTest(webhook, undefined, false)).toEqual({
      target: { kind: 'webhook', callbackUrl: 'https://example.com/events', apiKey: 'a-key' },
      sendTestEvent: false,
    })
  })
})

describe('a duplicate', () => {
  it('is like the original but for ID and secrets', () => {
    const copy = duplicateOf(savedWebhook, ['erp-orders', 'erp-orders-copy'])
    expect(copy).toMatchObject({ id: 'erp-orders-copy-2', apiKey: typed(''), signingSecrets: [], concurrency: '4' })
    const input = toNewIntegration({ ...copy, apiKey: typed('key') })
    expect(input).toMatchObject({
      startsAt: savedWebhook.startsAt,
      selection: savedWebhook.selection,
      options: { concurrency: 4 },
    })
    expect(problemsOf(copy, free)).toHaveProperty('apiKey')
    expect(Object.keys(problemsOf(duplicateOf(savedS3, []), free)).sort()).toEqual(['accessKeyId', 'secretAccessKey'])
  })

  it('has an ID that is short enough', () => {
    const long = { ...savedWebhook, id: 'a'.repeat(INTEGRATION_ID_MAX) }
    expect(duplicateOf(long, []).id).toHaveLength(INTEGRATION_ID_MAX)
    expect(problemsOf(duplicateOf(long, []), free)).not.toHaveProperty('id')
  })
})

describe('small parts', () => {
  it('finds the field of a path of the contract', () => {
    const paths = [
      'id',
      'selection.events.0',
      'target.bucket',
      'target.signingSecrets.1',
      'options.concurrency',
      'other',
    ]
    expect(paths.map(fieldOf)).toEqual(['id', 'chosen', 'bucket', 'signingSecrets', 'concurrency', undefined])
  })

  it('shows a moment to the millisecond where it has any', () => {
    for (const at of [Date.UTC(2026, 0, 2, 3, 4), Date.UTC(2026, 0, 2, 3, 4, 5), Date.UTC(2026, 0, 2, 3, 4, 5, 6)]) {
      expect(new Date(toPreciseInput(at)).getTime()).toBe(at)
    }
    expect(toPreciseInput(Date.UTC(2026, 0, 2, 3, 4))).toMatch(/T\d\d:\d\d$/)
  })

  it('makes signing secrets that the contract takes and that differ', () => {
    const secrets = Array.from({ length: 20 }, newSigningSecret)
    for (const secret of secrets) expect(signingSecret.safeParse(secret).success).toBe(true)
    expect(new Set(secrets).size).toBe(20)
  })
})
