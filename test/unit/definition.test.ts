import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  definitionOf,
  looksLikeDefinition,
  type Reading,
  readPasted,
} from '../../renderer/features/integration-form/definition'
import {
  emptyForm,
  type FormValues,
  formOf,
  toNewIntegration,
  typed,
} from '../../renderer/features/integration-form/form-model'
import type { Integration } from '../../shared/domain'
import { deliveryDefaults } from '../../shared/schemas/integration'

function read(given: unknown): Reading {
  const reading = readPasted(typeof given === 'string' ? given : JSON.stringify(given))
  if (typeof reading === 'string') throw new Error(reading)
  return reading
}

const filledWith = (reading: Reading): FormValues => ({ ...emptyForm(), ...reading.values })

const saved: Integration = {
  id: 'erp-orders',
  integrationType: 'temporary',
  status: 'running',
  stopCause: null,
  restartPending: false,
  startsAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  endsAt: Date.UTC(2026, 1, 2),
  selection: { entities: ['return'], events: ['order.created', 'order.opened'] },
  target: { kind: 'webhook', callbackUrl: 'https://example.com/events', hasApiKey: true, signingSecrets: 1 },
  options: { ...deliveryDefaults, concurrency: 4, ratePerSecond: 10, restartWhenBack: false, keepAnswers: 'all' },
  createdAt: 1,
  updatedAt: 1,
}
const savedS3: Integration = {
  ...saved,
  integrationType: 'permanent',
  startsAt: null,
  endsAt: null,
  selection: { entities: [], events: [] },
  target: {
    kind: 's3',
    region: 'eu-central-1',
    bucket: 'a-bucket',
    keyPrefix: 'a/b',
    endpoint: 'http://localhost:9000',
    pathStyle: true,
    accessKeyHint: 'MPLE',
    hasSessionToken: true,
  },
  options: { ...deliveryDefaults, batchBytes: 10 * 1024 * 1024, gzip: true },
}

/** The example of the configuration API of the specified system. */
const API_EXAMPLE = {
  id: 'erp-netsuite-integration-002',
  integration_type: 'permanent',
  starts_at: '2019-01-17T12:00:00.000Z',
  callback_parameters: { callback_url: 'https://sap01.example.com/two/events', api_key: 'the-key' },
  filter_conditions: {
    event_filter: ['order.created', 'refund_request.issued'],
    entity_filter: ['fulfillment_request', 'return'],
  },
}

describe('Copy as JSON', () => {
  it.each([saved, savedS3])('is read back as the same integration, without its secrets', (integration) => {
    const text = definitionOf(integration)
    expect(text).not.toMatch(/apiKey|hint|secret|session|token/i)
    const reading = read(text)
    expect(reading.notes).toEqual([])
    const { target, ...rest } = toNewIntegration(filledWith(reading))
    const { target: was, ...before } = toNewIntegration(formOf(integration))
    expect(rest).toEqual(before)
    expect({ ...was, ...target }).toEqual({ ...target })
  })
})

describe('a definition of the specified system', () => {
  it('fills the form', () => {
    const reading = read(API_EXAMPLE)
    expect(reading.notes).toEqual([])
    expect(reading.filled).toEqual([
      'Integration ID',
      'Integration Type',
      'Start Date',
      'Callback URL',
      'API Key',
      'Events',
    ])
    expect(toNewIntegration(filledWith(reading))).toEqual({
      id: 'erp-netsuite-integration-002',
      integrationType: 'permanent',
      startsAt: Date.UTC(2019, 0, 17, 12),
      endsAt: null,
      selection: {
        entities: ['fulfillment_request', 'return'],
        events: ['order.created', 'refund_request.issued'],
      },
      target: { kind: 'webhook', callbackUrl: 'https://sap01.example.com/two/events', apiKey: 'the-key' },
    })
  })

  it('may be an S3 bucket', () => {
    const reading = read({
      id: 'warehouse',
      integration_type: 'temporary',
      starts_at: '2026-01-01T00:00:00Z',
      ends_at: '2026-02-01T00:00:00Z',
      s3_parameters: {
        aws_access_key_id: 'AKIAEXAMPLE',
        aws_secret_access_key: 'the-secret',
        aws_region: 'eu-central-1',
        bucket: 'a-bucket',
        key_prefix: 'a/b',
      },
    })
    expect(toNewIntegration(filledWith(reading))).toMatchObject({
      endsAt: Date.UTC(2026, 1, 1),
      selection: { entities: [], events: [] },
      target: { kind: 's3', accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'the-secret', bucket: 'a-bucket' },
    })
    expect(reading.notes).toEqual(['The text has no event filter, which means all events.'])
  })

  it('is taken from an answer, and what a new integration cannot have is said', () => {
    const { api_key: _, ...callback } = API_EXAMPLE.callback_parameters
    const one = { ...API_EXAMPLE, callback_parameters: { ...callback, retries: 3 }, status: 'running', owner: 'me' }
    const reading = read({ integrations: [one, { id: 'other' }] })
    expect(reading.values.id).toBe(one.id)
    expect(reading.notes).toEqual([
      'The text holds 2 integrations; the first one was taken.',
      'callback_parameters.retries was left out: it is not known.',
      'status was left out: a new integration gets its own.',
      'owner was left out: it is not known.',
    ])
  })

  it('may be a part, which leaves the rest of the form alone', () => {
    const reading = read({ callback_parameters: { callback_url: 'https://example.com/' } })
    expect(reading.values).toEqual({ kind: 'webhook', callbackUrl: 'https://example.com/' })
  })

  it.each([
    [{ id: 7 }, null],
    [{ id: 'a', starts_at: 'yesterday' }, 'starts_at was left out: it is not a date.'],
    [{ id: 'a', integration_type: 'eternal' }, 'integration_type was left out: it must be permanent or temporary.'],
    [
      { id: 'a', callback_url: 'https://e.x/', api_key: '***' },
      'api_key was left out: it is a placeholder and not a secret.',
    ],
    [
      { id: 'a', filter_conditions: { event_filter: 'order.created' } },
      'filter_conditions was left out: its lists must hold names.',
    ],
    [{ id: 'a', options: { concurrency: 'four' } }, 'options.concurrency was left out: it is not a number.'],
    [{ id: 'a', options: { speed: 1 } }, 'options.speed was left out: it is not known.'],
    [{ id: 'a', target: { kind: 'ftp' } }, 'target was left out: its kind must be webhook or s3.'],
  ])('says what of %j it did not understand', (given, note) => {
    if (note === null) expect(readPasted(JSON.stringify(given))).toMatch(/does not describe/)
    else expect(read(given).notes).toContain(note)
  })

  it('never repeats a secret in what it says', () => {
    const reading = read({
      id: 'a',
      callback_parameters: { callback_url: 'https://e.x/', api_key: 'S3CR3T', other: 'S3CR3T' },
    })
    expect(JSON.stringify(reading.notes)).not.toContain('S3CR3T')
  })
})

describe('a cURL command', () => {
  it('fills the target', () => {
    const reading = read(
      `curl -X POST 'https://example.com/events?a=1' \\\n  -H 'Authorization: Bearer the-key' -H "Content-Type: application/json" \\\n  -d '{"name":"order.created"}'`,
    )
    expect(reading.values).toEqual({
      kind: 'webhook',
      callbackUrl: 'https://example.com/events?a=1',
      apiKey: typed('the-key'),
    })
    expect(reading.notes).toEqual(['The body was left out: the body of a delivery is the event.'])
  })

  it.each([
    ['curl example.com', /no scheme/],
    ['curl -XPUT https://example.com/', /PUT was left out/],
    ['curl -u me:S3CR3T https://example.com/', /-u was left out/],
    ['curl -ume:S3CR3T https://example.com/', /-u was left out/],
    ['curl --user=me:S3CR3T https://example.com/', /--user was left out/],
    ['curl https://example.com/ -H "X-Key: S3CR3T"', /header X-Key was left out/],
    ['curl https://example.com/ -H "Authorization: Basic S3CR3T"', /only Bearer/],
    ['curl -ksS https://example.com/', /certificates are always checked/],
    ['curl -L https://example.com/', /redirects are not followed/],
    ['curl --frobnicate https://example.com/', /--frobnicate was left out/],
    ['curl -H "Authorization: Bearer $TOKEN" https://example.com/', /placeholder/],
  ])('says what of %s it did not take', (text, note) => {
    const reading = read(text)
    expect(reading.notes).toHaveLength(1)
    expect(reading.notes[0]).toMatch(note)
    expect(reading.values.callbackUrl).toMatch(/^https?:\/\/example\.com/)
    expect(JSON.stringify(reading)).not.toContain('S3CR3T')
  })

  it('that creates an integration over the API is read as that integration', () => {
    const body = JSON.stringify(API_EXAMPLE)
    const reading = read(
      `curl https://t.p.newstore.net/api/v1/org/integrations/eventstream -H 'Authorization: Bearer jwt' -d '${body}'`,
    )
    expect(reading.values).toEqual(read(API_EXAMPLE).values)
    expect(reading.notes).toEqual([expect.stringMatching(/token for that API is not needed/)])
    expect(JSON.stringify(reading)).not.toContain('jwt')
  })

  it.each([
    [`curl 'https://a.example/x y'`, 'https://a.example/x y'],
    [`curl "https://a.example/\\"q\\"\\$"`, 'https://a.example/"q"$'],
    [`curl $'https://a.example/it\\'s\\u0021'`, "https://a.example/it's!"],
    ['curl https://a.example/a\\ b', 'https://a.example/a b'],
    ['curl ^\r\n  https://a.example/', 'https://a.example/'],
    ['$ curl --url=https://a.example/ | jq .', 'https://a.example/'],
    [`curl 'https://a.example/'"b"c`, 'https://a.example/bc'],
    ['curl --request=POST --header=Accept:x https://a.example/', 'https://a.example/'],
  ])('is taken apart as a shell does: %s', (text, url) => {
    expect(read(text).values.callbackUrl).toBe(url)
    expect(read(text).notes).toEqual([])
  })

  it('says what is wrong with it', () => {
    expect(readPasted(`curl 'https://a.example/`)).toMatch(/quote/)
    expect(readPasted('curl -s')).toMatch(/no address/)
  })
})

describe('any other text', () => {
  it('is refused with a sentence', () => {
    expect(readPasted('  ')).toMatch(/Paste/)
    expect(readPasted('https://example.com/')).toMatch(/neither/)
    expect(readPasted('{"tenant":"t"}')).toMatch(/does not describe/)
    expect(readPasted('[]')).toMatch(/does not describe/)
    expect(readPasted('7')).toMatch(/does not describe/)
  })

  it('does not take the place of a paste into one field', () => {
    const texts = ['https://example.com/', 'erp-orders', 'curler', 'a{b}', '{"id":"a"}', 'curl x', ' [ 1 ] ']
    expect(texts.map(looksLikeDefinition)).toEqual([false, false, false, false, true, true, true])
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((s) => `curl ${s}`),
        ),
        (text) => {
          const reading = readPasted(text)
          return typeof reading === 'string' ? reading !== '' : reading.filled.length > 0
        },
      ),
    )
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(...Object.keys(API_EXAMPLE), 'selection', 'target', 'options', 'endsAt'),
          fc.jsonValue(),
        ),
        (json) => {
          readPasted(JSON.stringify(json))
        },
      ),
    )
  })
})
