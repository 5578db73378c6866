import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compact, EVENT_BYTES_MAX, parseDateTime, parseEnvelope } from '../../main/engine/sources/envelope'
import { formatUuid, uuidOfBytes } from '../../main/store/uuid'

const good = { tenant: 't', name: 'order.created', published_at: '2026-01-01T00:00:00Z', payload: { id: 'o-1' } }

function parse(value: unknown, eventId?: string) {
  return parseEnvelope(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), eventId)
}

function refused(code: string, field?: string) {
  return expect.objectContaining(field === undefined ? { code } : { code, field })
}

describe('bytes of an event', () => {
  it('stay as they are in a line', () => {
    const text =
      '{"tenant":"t", "name":"order.created","published_at":"2026-01-01T00:00:00Z","payload":{"n":1.00,"n":2e3}}'
    expect(parse(text).body.toString()).toBe(text)
  })

  it('lose a BOM, a CR and white space around them', () => {
    expect(parse(`\uFEFF${JSON.stringify(good)}\r`).body.toString()).toBe(JSON.stringify(good))
    expect(parse(` \t${JSON.stringify(good)}\r\n\n`).body.toString()).toBe(JSON.stringify(good))
  })

  it('lose line breaks between tokens, and nothing of numbers, key order and duplicate keys', () => {
    const text = `{
  "tenant": "t",
  "payload": { "z": 1.00, "a": 12345678901234567890, "z": -0.0e+2, "s": "a \\" \\\\", "t": "x  y" },\r
  "name": "order.created",
  "published_at": "2026-01-01T00:00:00Z"\r\n}`
    expect(parse(text).body.toString()).toBe(
      '{"tenant":"t","payload":{"z":1.00,"a":12345678901234567890,"z":-0.0e+2,"s":"a \\" \\\\","t":"x  y"},' +
        '"name":"order.created","published_at":"2026-01-01T00:00:00Z"}',
    )
  })

  it('are the same whether the publisher breaks lines or not', () => {
    const indents = fc.constantFrom(1, 2, '\t')
    fc.assert(
      fc.property(fc.jsonValue(), indents, (value, indent) => {
        const compacted = compact(Buffer.from(`${JSON.stringify(value, null, indent)}\n`))
        expect(compacted.toString()).toBe(JSON.stringify(value))
      }),
    )
  })

  it('never hold a line break, and stay refused when a string holds a raw one', () => {
    const broken = JSON.stringify(good).replace('"t"', '"t\n"')
    expect(() => parse(broken)).toThrow(refused('event_not_json'))
  })

  it('must be UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify({ ...good, tenant: 'X' }))
    bytes[bytes.indexOf('X')] = 0xff
    expect(() => parseEnvelope(bytes)).toThrow(refused('event_not_utf8'))
    expect(parse({ ...good, tenant: 'Ü🙂' }).body.toString()).toContain('Ü🙂')
  })

  it('may be as many as the limit, counted without what is taken out', () => {
    const sized = (bytes: number) => {
      const empty = JSON.stringify({ ...good, pad: '' })
      return JSON.stringify({ ...good, pad: 'x'.repeat(bytes - empty.length) })
    }
    expect(parse(`${sized(EVENT_BYTES_MAX)}\r\n`).body.length).toBe(EVENT_BYTES_MAX)
    expect(() => parse(sized(EVENT_BYTES_MAX + 1))).toThrow(refused('event_too_large'))
  })
})

describe('fields of an event', () => {
  it.each(['not json', '{"a":1', '{} {}', ''])('refuses %j as no JSON', (text) => {
    expect(() => parse(text)).toThrow(refused('event_not_json'))
  })

  it.each(['[]', 'null', '1', '"x"'])('refuses %s as no object', (text) => {
    expect(() => parse(text)).toThrow(refused('event_not_object'))
  })

  it.each(['tenant', 'name', 'published_at', 'payload'])('requires %s', (field) => {
    expect(() => parse({ ...good, [field]: undefined })).toThrow(refused('event_field_missing', field))
    expect(() => parse({ ...good, [field]: 7 })).toThrow(refused('event_field_invalid', field))
  })

  it.each(['tenant', 'name', 'published_at'])('requires more than an empty %s', (field) => {
    expect(() => parse({ ...good, [field]: '' })).toThrow(refused('event_field_missing', field))
    expect(() => parse({ ...good, [field]: null })).toThrow(refused('event_field_missing', field))
  })

  it('bounds tenant and name', () => {
    expect(() => parse({ ...good, tenant: 'x'.repeat(201) })).toThrow(refused('event_field_invalid', 'tenant'))
    expect(() => parse({ ...good, name: `order.${'x'.repeat(200)}` })).toThrow(refused('event_field_invalid', 'name'))
  })

  it.each(['order', 'order.', '.created', 'order created', 'a.b.c'])('refuses the name %j', (name) => {
    expect(() => parse({ ...good, name })).toThrow(refused('event_field_invalid', 'name'))
  })

  it('accepts names and fields that nobody knows', () => {
    expect(parse({ ...good, name: 'dragon.tamed', extra: 1 }).name).toBe('dragon.tamed')
  })

  it.each([[[]], ['text'], [null]])('refuses the payload %j', (payload) => {
    expect(() => parse({ ...good, payload })).toThrow(refused('event_field_invalid', 'payload'))
  })

  it.each([
    ['text', 'text'],
    [42, '42'],
    ['', null],
    [undefined, null],
    [null, null],
    [{ a: 1 }, null],
  ])('takes the payload id %j as %j', (id, expected) => {
    expect(parse({ ...good, payload: { id } }).domainEntityId).toBe(expected)
  })

  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678901Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678901', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04', '2026-01-02T03:04:00.000Z'],
    ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02T03:04:05.5-05:30', '2026-01-02T08:34:05.500Z'],
    ['2026-01-02T03:04:05+0200', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02T03:04:05.678901+0000', '2026-01-02T03:04:05.678Z'],
  ])('reads the time %s as %s', (text, expected) => {
    const time = parseDateTime(text)
    expect(time === null ? null : new Date(time).toISOString()).toBe(expected)
  })

  it.each([
    '2026-01-02',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-01-02T25:00:00Z',
    '1767312000',
    '2026-01-02T03:04:05Zx',
  ])('refuses the time %j', (text) => {
    expect(() => parse({ ...good, published_at: text })).toThrow(refused('event_field_invalid', 'published_at'))
  })
})

describe('id of an event', () => {
  const given = '0B6F0C9E-5d7b-4c8e-9a1f-2b3c4d5e6f70'

  it('is what the publisher gives, else made from the exact stored bytes', () => {
    expect(formatUuid(parse(good, given).eventId)).toBe(given.toLowerCase())
    expect(() => parse(good, 'no-uuid')).toThrow(refused('event_id_invalid', 'eventId'))
    expect(parse(good).eventId).toEqual(uuidOfBytes(Buffer.from(JSON.stringify(good))))
    expect(parse(`${JSON.stringify(good, null, 2)}\r\n`).eventId).toEqual(parse(good).eventId)
    expect(parse({ ...good, tenant: 'u' }).eventId).not.toEqual(parse(good).eventId)
  })

  it('is a valid UUIDv5 whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(formatUuid(uuidOfBytes(bytes))).toMatch(
          /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
        )
      }),
    )
  })

  it('never changes for the same bytes, so that a later version knows what an earlier one stored', () => {
    expect(formatUuid(uuidOfBytes(Buffer.from('{"a":1}')))).toBe('944eb030-0cf4-5125-a797-429621660c5d')
  })
})
