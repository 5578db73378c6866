import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { objectKey, testObjectKey } from '../../main/engine/delivery/s3/object-key'

const key = (keyPrefix: string | null, tenant: string) =>
  objectKey({ keyPrefix, tenant, createdAt: 1_700_000_000_123, random: '0a1b' })
const tenantOf = (tenant: string) => key(null, tenant).split('/')[0]

describe('the key of a batch', () => {
  it.each<[string | null, string, string]>([
    ['exports/eu', 'acme', 'exports/eu/acme/1700000000123-data-0a1b.export'],
    [null, 'acme', 'acme/1700000000123-data-0a1b.export'],
    ['', 'acme', 'acme/1700000000123-data-0a1b.export'],
    ['/exports/', 'acme', 'exports/acme/1700000000123-data-0a1b.export'],
    ['a//b', 'acme', 'a/b/acme/1700000000123-data-0a1b.export'],
    ['../a/./b', 'acme', 'a/b/acme/1700000000123-data-0a1b.export'],
    ['with space/é', 'acme', 'with space/é/acme/1700000000123-data-0a1b.export'],
  ])('with the prefix %j and the tenant %j is %s', (prefix, tenant, expected) => {
    expect(key(prefix, tenant)).toBe(expected)
  })

  it.each([
    ['Acme-1_b.de', 'Acme-1_b.de'],
    ['a/b', 'a!2fb'],
    ['..', '!2e!2e'],
    ['.', '!2e'],
    ['', '!'],
    ['!', '!21'],
    ['a b', 'a!20b'],
    ['é', '!c3!a9'],
    ['../../other', '..!2f..!2fother'],
  ])('has for the tenant %j the segment %s', (tenant, segment) => {
    expect(tenantOf(tenant)).toBe(segment)
  })

  it('has one safe, short segment for every tenant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (tenant) => {
        const parts = key('p', tenant).split('/')
        expect(parts).toHaveLength(3)
        expect(parts[1]).toMatch(/^[\w.!-]{1,200}$/)
        expect(parts[1]).not.toMatch(/^\.+$/)
      }),
    )
  })

  it('never gives two tenants the same segment', () => {
    const alphabet = fc.constantFrom('a', '!', '2', 'f', '/', '.', 'é', ' ')
    const tenant = fc.string({ unit: alphabet, maxLength: 6 })
    const long = fc.string({ unit: alphabet, minLength: 195, maxLength: 210 })
    fc.assert(
      fc.property(fc.oneof(tenant, long), fc.oneof(tenant, long), (a, b) => {
        fc.pre(a !== b)
        expect(tenantOf(a)).not.toBe(tenantOf(b))
      }),
      { numRuns: 2000 },
    )
  })

  it('tells long tenants apart that begin alike', () => {
    const long = 'x'.repeat(300)
    expect(tenantOf(`${long}1`)).not.toBe(tenantOf(`${long}2`))
    expect(tenantOf(long)?.startsWith('x'.repeat(160))).toBe(true)
  })
})

describe('the key of the test object', () => {
  it('lies under the prefix and names itself', () => {
    expect(testObjectKey('a/b/', 'ff')).toBe('a/b/event-stream-console-test-ff.temp')
    expect(testObjectKey(null, 'ff')).toBe('event-stream-console-test-ff.temp')
  })
})
