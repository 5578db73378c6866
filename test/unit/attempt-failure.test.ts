import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../main/engine/delivery/attempt-failure'
import type { AttemptErrorCode } from '../../shared/attempt-errors'

const withCode = (code: string, message = `it was ${code}`) => Object.assign(new Error(message), { code })

describe('the failure behind an error', () => {
  it.each<[string, AttemptErrorCode]>([
    ['ECONNREFUSED', 'connection_refused'],
    ['ECONNRESET', 'connection_reset'],
    ['EPIPE', 'connection_reset'],
    ['ENOTFOUND', 'host_not_found'],
    ['EAI_AGAIN', 'host_not_found'],
    ['EHOSTUNREACH', 'network_unreachable'],
    ['EACCES', 'network_unreachable'],
    ['ETIMEDOUT', 'connect_timeout'],
    ['EMFILE', 'local_limit'],
    ['EADDRNOTAVAIL', 'local_limit'],
    ['CERT_HAS_EXPIRED', 'tls_failed'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed'],
    ['EPROTO', 'tls_failed'],
    ['ESOMETHING', 'unknown'],
  ])('of %s is %s', (code, errorCode) => {
    expect(failureOf(withCode(code))).toEqual({ errorCode, errorDetail: `it was ${code}` })
  })

  it('of the HTTP client is told apart', () => {
    expect(failureOf(new errors.ConnectTimeoutError()).errorCode).toBe('connect_timeout')
    expect(failureOf(new errors.ClientDestroyedError()).errorCode).toBe('cancelled')
    expect(failureOf(new errors.InvalidArgumentError('invalid header')).errorCode).toBe('request_invalid')
    expect(failureOf(new errors.SocketError('other side closed')).errorCode).toBe('connection_reset')
    expect(failureOf(new errors.SocketError('bad upgrade')).errorCode).toBe('bad_response')
    expect(failureOf(new errors.HeadersOverflowError()).errorCode).toBe('bad_response')
  })

  it('after a status code is an answer that broke off', () => {
    expect(failureOf(withCode('ECONNRESET'), true).errorCode).toBe('response_incomplete')
    expect(failureOf(withCode('ETIMEDOUT'), true).errorCode).toBe('response_incomplete')
    expect(failureOf(new errors.ResponseContentLengthMismatchError(), true).errorCode).toBe('response_incomplete')
    expect(failureOf(new errors.ResponseContentLengthMismatchError()).errorCode).toBe('bad_response')
  })

  it('of several is the first that is known, with all their texts', () => {
    const several = new AggregateError([
      withCode('ESOMETHING', 'one'),
      withCode('ECONNREFUSED', 'two'),
      new Error('one'),
    ])
    expect(failureOf(several)).toEqual({ errorCode: 'connection_refused', errorDetail: 'one; two' })
  })

  it('is unknown for what is no error, and its text is short', () => {
    expect(failureOf('text')).toEqual({ errorCode: 'unknown', errorDetail: 'text' })
    expect(failureOf(new Error('x'.repeat(2000))).errorDetail).toHaveLength(500)
  })
})
