import { describe, expect, it } from 'vitest'
import { headerValue, keptHeaders, MASK, RESPONSE_HEADERS_KEPT } from '../../main/engine/delivery/response-headers'

const same = (text: string) => text
const raw = (headers: readonly (readonly [string, string])[]) =>
  headers.flat().map((part) => Buffer.from(part, 'latin1'))

describe('kept headers', () => {
  it('are those that came, in their order and spelling', () => {
    const headers = [
      ['Content-Type', 'text/plain'],
      ['X-B', '1'],
      ['x-b', '2'],
      ['x-ü', 'é'],
    ] as const
    expect(keptHeaders(raw(headers), same)).toEqual(headers)
    expect(keptHeaders([], same)).toEqual([])
  })

  it.each([
    'Set-Cookie',
    'set-cookie2',
    'Authorization',
    'Proxy-Authorization',
    'X-Api-Key',
    'x-apikey',
    'X-Auth-Token',
    'X-CSRF-Token',
    'client-secret',
    'x-session-id',
    'webhook-signature',
  ])('hide the value of %s', (name) => {
    expect(keptHeaders(raw([[name, 'value']]), same)).toEqual([[name, MASK]])
  })

  it.each(['Content-Type', 'WWW-Authenticate', 'Retry-After', 'Keep-Alive', 'x-request-id'])('show %s', (name) => {
    expect(keptHeaders(raw([[name, 'value']]), same)).toEqual([[name, 'value']])
  })

  it('are redacted', () => {
    expect(keptHeaders(raw([['x', 'a key b']]), (text) => text.replace('key', MASK))).toEqual([['x', 'a *** b']])
  })

  it('are at most 100, and at most 8 KiB together', () => {
    const many = Array.from({ length: 300 }, (_, i) => [`h${i}`, 'v'] as const)
    expect(keptHeaders(raw(many), same)).toEqual(many.slice(0, RESPONSE_HEADERS_KEPT.count))
    const long = Array.from({ length: 50 }, (_, i) => [`h${i}`, 'v'.repeat(1000)] as const)
    const kept = keptHeaders(raw(long), same)
    const characters = kept.flat().join('').length
    expect(characters).toBeLessThanOrEqual(RESPONSE_HEADERS_KEPT.characters)
    expect(characters).toBeGreaterThan(RESPONSE_HEADERS_KEPT.characters - 20)
    expect(kept.length).toBe(9)
  })
})

describe('the value of a header', () => {
  it('is found whatever the spelling, the first of several', () => {
    const headers = raw([
      ['Retry-Afte', '0'],
      ['RETRY-AFTER', '1'],
      ['retry-after', '2'],
    ])
    expect(headerValue(headers, 'retry-after')).toBe('1')
    expect(headerValue(headers, 'location')).toBeNull()
  })
})
