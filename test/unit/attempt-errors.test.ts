import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AttemptErrorCode, attemptErrorOfStatus, attemptErrors } from '../../shared/attempt-errors'

describe('what a status code means', () => {
  it('is delivered for every 2xx', () => {
    fc.assert(fc.property(fc.integer({ min: 200, max: 299 }), (status) => attemptErrorOfStatus(status) === null))
  })

  it('is delivered for nothing but 2xx', () => {
    const other = fc.oneof(fc.integer({ max: 199 }), fc.integer({ min: 300 }))
    fc.assert(fc.property(other, (status) => attemptErrorOfStatus(status) !== null))
  })

  it('rejects the event for 400 and for nothing else', () => {
    for (let status = 100; status < 1000; status++) {
      expect(attemptErrorOfStatus(status) === 'rejected', `status ${status}`).toBe(status === 400)
    }
  })

  it.each<[number, AttemptErrorCode]>([
    [100, 'unexpected_status'],
    [199, 'unexpected_status'],
    [300, 'redirect'],
    [301, 'redirect'],
    [308, 'redirect'],
    [399, 'redirect'],
    [401, 'unauthorized'],
    [402, 'client_error'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [408, 'client_error'],
    [410, 'gone'],
    [422, 'client_error'],
    [429, 'too_many_requests'],
    [499, 'client_error'],
    [500, 'server_error'],
    [503, 'server_error'],
    [599, 'server_error'],
    [600, 'unexpected_status'],
    [999, 'unexpected_status'],
  ])('is for %i %s', (status, code) => {
    expect(attemptErrorOfStatus(status)).toBe(code)
  })
})

describe('the sentences', () => {
  it.each(Object.entries(attemptErrors))('explain %s to an operator', (code, sentence) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(sentence).toMatch(/^[A-Z].*\.$/)
  })

  it('differ from each other', () => {
    const sentences = Object.values(attemptErrors)
    expect(new Set(sentences).size).toBe(sentences.length)
  })
})
