import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import {
  apiKey,
  callbackUrl,
  entityName,
  eventName,
  integrationId,
  type NewIntegration,
  newIntegration,
  newIntegrationNow,
  selection,
} from '../../shared/schemas/integration'

const NOW = Date.UTC(2026, 0, 12, 8)
const DAY = 86_400_000
const schema = newIntegration(() => NOW)

const permanent: NewIntegration = {
  id: 'erp-netsuite-integration-002',
  integrationType: 'permanent',
  startsAt: null,
  endsAt: null,
  selection: {
    entities: ['fulfillment_request', 'return'],
    events: ['order.created', 'refund_request.issued'],
  },
  target: { kind: 'webhook', callbackUrl: 'https://sap01.example.com/two/events', apiKey: 'a-key' },
}
const temporary: NewIntegration = {
  ...permanent,
  integrationType: 'temporary',
  startsAt: NOW - 7 * DAY,
  endsAt: NOW - DAY,
}

const accepts = (type: z.ZodType, value: unknown) => type.safeParse(value).success
/** The fields that are at fault, as dotted paths. */
const faults = (value: unknown) => schema.safeParse(value).error?.issues.map((issue) => issue.path.join('.')) ?? []

describe('the ID', () => {
  it.each(['a', '0', '-', 'erp-netsuite-integration-002', 'a'.repeat(50)])('may be %s', (id) => {
    expect(accepts(integrationId, id)).toBe(true)
  })

  it.each([
    '',
    'a'.repeat(51),
    'Erp',
    'erp_netsuite',
    'erp netsuite',
    'erp.netsuite',
    'érp',
    ' erp',
    'erp\n',
    'erp/..',
    7,
    null,
  ])('may not be %j', (id) => {
    expect(accepts(integrationId, id)).toBe(false)
  })

  it('is accepted exactly when it has 1 to 50 characters of the allowed ones', () => {
    const id = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcxyz0189-'), maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'az09-A_. \n'), maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
    )
    const property = fc.property(id, (text) => {
      const allowed =
        text.length >= 1 &&
        text.length <= 50 &&
        [...text].every((c) => 'abcdefghijklmnopqrstuvwxyz0123456789-'.includes(c))
      expect(accepts(integrationId, text)).toBe(allowed)
    })
    fc.assert(property)
  })
})

describe('type and dates', () => {
  it('accept a permanent integration without dates, and with a start in the past or now', () => {
    expect(faults(permanent)).toEqual([])
    for (const startsAt of [0, NOW - DAY, NOW]) expect(faults({ ...permanent, startsAt })).toEqual([])
  })

  it('refuse a start in the future, whatever the type', () => {
    expect(faults({ ...permanent, startsAt: NOW + 1 })).toEqual(['startsAt'])
    expect(faults({ ...temporary, startsAt: NOW + 1, endsAt: NOW + DAY })).toEqual(['startsAt'])
  })

  it('refuse an end for a permanent integration', () => {
    expect(faults({ ...permanent, endsAt: NOW + DAY })).toEqual(['endsAt'])
    expect(faults({ ...permanent, startsAt: NOW - DAY, endsAt: NOW })).toEqual(['endsAt'])
  })

  it('accept a temporary integration that ends in the past, now or in the future', () => {
    for (const endsAt of [NOW - DAY, NOW, NOW + 365 * DAY]) expect(faults({ ...temporary, endsAt })).toEqual([])
  })

  it('demand both dates of a temporary integration', () => {
    expect(faults({ ...temporary, startsAt: null })).toEqual(['startsAt'])
    expect(faults({ ...temporary, endsAt: null })).toEqual(['endsAt'])
    expect(faults({ ...temporary, startsAt: null, endsAt: null })).toEqual(['startsAt', 'endsAt'])
  })

  it('demand that the end comes after the start', () => {
    const startsAt = NOW - DAY
    expect(faults({ ...temporary, startsAt, endsAt: startsAt })).toEqual(['endsAt'])
    expect(faults({ ...temporary, startsAt, endsAt: startsAt - 1 })).toEqual(['endsAt'])
    expect(faults({ ...temporary, startsAt, endsAt: startsAt + 1 })).toEqual([])
  })

  it('accept dates exactly when the rules do', () => {
    const date = fc.option(fc.integer({ min: NOW - 5, max: NOW + 5 }))
    const type = fc.constantFrom('permanent' as const, 'temporary' as const)
    const property = fc.property(type, date, date, (integrationType, startsAt, endsAt) => {
      const started = startsAt === null || startsAt <= NOW
      const allowed =
        integrationType === 'permanent'
          ? started && endsAt === null
          : started && startsAt !== null && endsAt !== null && endsAt > startsAt
      expect(accepts(schema, { ...permanent, integrationType, startsAt, endsAt })).toBe(allowed)
    })
    fc.assert(property)
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, '2019-01-17T12:00:00.000Z', new Date(NOW)])(
    'refuse %s as a time',
    (startsAt) => {
      expect(faults({ ...permanent, startsAt })).toContain('startsAt')
    },
  )

  it('refuse any other type', () => {
    expect(faults({ ...permanent, integrationType: 'eternal' })).toContain('integrationType')
  })

  it('go by the clock of the moment when they are checked', () => {
    let now = NOW
    const moving = newIntegration(() => now)
    const early = { ...permanent, startsAt: NOW + DAY }
    expect(accepts(moving, early)).toBe(false)
    now += DAY
    expect(accepts(moving, early)).toBe(true)
    const today = Date.now()
    expect(accepts(newIntegrationNow, { ...permanent, startsAt: today - DAY })).toBe(true)
    expect(accepts(newIntegrationNow, { ...permanent, startsAt: today + DAY })).toBe(false)
  })
})

describe('the callback URL', () => {
  it.each([
    'https://sap01.example.com/two/events',
    'http://127.0.0.1:8080/events',
    'http://localhost',
    'https://[::1]:8443/a?b=c&d=e',
    'https://xn--mnchen-3ya.example/',
    `https://example.com/${'a'.repeat(2048 - 'https://example.com/'.length)}`,
  ])('may be %s', (url) => {
    expect(accepts(callbackUrl, url)).toBe(true)
  })

  it.each([
    '',
    'example.com/events',
    '//example.com/events',
    '/events',
    'https://',
    'https://exa mple.com/',
    'https://example.com:99999/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'ws://example.com/',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://:secret@example.com/',
    'https://example.com/#part',
    `https://example.com/${'a'.repeat(2049 - 'https://example.com/'.length)}`,
    null,
    42,
  ])('may not be %s', (url) => {
    expect(accepts(callbackUrl, url)).toBe(false)
  })

  it('says one thing that is wrong, and never repeats a password', () => {
    for (const url of [
      '',
      'nonsense',
      'ftp://example.com/',
      'https://user:s3cret@example.com/#x',
      'https://example.com/#x',
    ]) {
      const issues = callbackUrl.safeParse(url).error?.issues ?? []
      expect(issues, url).toHaveLength(1)
      expect(issues[0]?.message).not.toContain('s3cret')
    }
  })

  it('takes any http or https address that the platform can parse', () => {
    const property = fc.property(fc.webUrl({ withQueryParameters: true }), (url) => accepts(callbackUrl, url))
    fc.assert(property)
  })

  it('never lets another scheme through', () => {
    const scheme = fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}$/).filter((s) => s !== 'http' && s !== 'https')
    fc.assert(fc.property(scheme, (s) => !accepts(callbackUrl, `${s}://example.com/`)))
  })
})

describe('the API key', () => {
  it('is optional', () => {
    expect(faults({ ...permanent, target: { kind: 'webhook', callbackUrl: 'https://example.com/' } })).toEqual([])
  })

  it('has at most 1024 characters', () => {
    expect(accepts(apiKey, 'k'.repeat(1024))).toBe(true)
    expect(accepts(apiKey, 'k'.repeat(1025))).toBe(false)
  })

  it.each(['a key', ' key', 'key ', 'key\r\nX-Evil: 1', 'key\n', '\u0000', 'schlüssel', '鍵', '\t', '\u007f'])(
    'may not be %j, which a header could not carry',
    (key) => {
      expect(accepts(apiKey, key)).toBe(false)
    },
  )

  it('always fits into an Authorization header unchanged when it is accepted', () => {
    const key = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }))
    const property = fc.property(key, (text) => {
      fc.pre(accepts(apiKey, text))
      const sent = new Headers({ Authorization: `Bearer ${text}x` }).get('Authorization')
      expect(sent).toBe(`Bearer ${text}x`)
    })
    fc.assert(property)
  })
})

describe('the selection', () => {
  it.each(['order.created', 'inventory_transaction.asn_created', 'unknown_entity.some_moment', 'a.b', 'v2.x9'])(
    'may name the event type %s',
    (name) => {
      expect(accepts(eventName, name)).toBe(true)
    },
  )

  it.each([
    '',
    'order',
    'order.',
    '.created',
    'Order.created',
    'order.created.twice',
    'order created',
    '1order.created',
    'order.*',
    'order.created\n',
    `a.${'b'.repeat(199)}`,
  ])('may not name the event type %j', (name) => {
    expect(accepts(eventName, name)).toBe(false)
  })

  it('names entities without a moment', () => {
    expect(accepts(entityName, 'fulfillment_request')).toBe(true)
    for (const name of ['', 'order.created', 'Order', '1order', 'order-line', 'a'.repeat(101)]) {
      expect(accepts(entityName, name), name).toBe(false)
    }
  })

  it('may be one list, both or neither', () => {
    const entities = ['order']
    const events = ['return.processed']
    for (const chosen of [
      { entities, events: [] },
      { entities: [], events },
      { entities, events },
      { entities: [], events: [] },
    ]) {
      expect(faults({ ...permanent, selection: chosen })).toEqual([])
    }
  })

  it('says which entry is wrong', () => {
    const chosen = { entities: ['order', 'Not One'], events: ['order.created', 'order'] }
    expect(faults({ ...permanent, selection: chosen })).toEqual(['selection.entities.1', 'selection.events.1'])
  })

  it('has bounds', () => {
    expect(accepts(selection, { entities: Array(201).fill('order'), events: [] })).toBe(false)
    expect(accepts(selection, { entities: [], events: Array(1001).fill('order.created') })).toBe(false)
  })
})

describe('a new integration', () => {
  it('comes through as it was given', () => {
    expect(schema.parse(permanent)).toEqual(permanent)
    expect(schema.parse(temporary)).toEqual(temporary)
  })

  it.each(['id', 'integrationType', 'startsAt', 'endsAt', 'selection', 'target'])('needs %s', (field) => {
    const { [field as keyof NewIntegration]: _, ...rest } = permanent
    expect(faults(rest)).toContain(field)
  })

  it('has exactly one target of a known kind', () => {
    expect(faults({ ...permanent, target: { kind: 'pigeon', callbackUrl: 'https://example.com/' } })).toEqual([
      'target.kind',
    ])
    expect(faults({ ...permanent, target: null })).toEqual(['target'])
  })

  it('has no status, which only the console gives', () => {
    expect(accepts(schema, { ...permanent, status: 'running' })).toBe(false)
  })

  it('answers anything at all with accepted or refused, never by throwing', () => {
    const hostile = fc.record(
      {
        id: fc.anything(),
        integrationType: fc.anything(),
        startsAt: fc.anything(),
        selection: fc.anything(),
        target: fc.anything(),
      },
      { requiredKeys: [] },
    )
    fc.assert(fc.property(fc.oneof(fc.anything(), hostile), (value) => !accepts(schema, value)))
  })
})
