import { describe, expect, it } from 'vitest'
import { SourceError, s3FailureOf } from '../../main/engine/delivery/s3/s3-errors'
import type { AttemptErrorCode } from '../../shared/attempt-errors'

interface Answer {
  readonly name?: string
  readonly message?: string
  readonly status?: number
  readonly reason?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly more?: object
}

function failure(
  { name = 'Error', message = 'why', status, reason, headers = {}, body, more = {} }: Answer,
  secrets = ['hush'],
) {
  const error = Object.assign(new Error(message), { name, ...more })
  if (status !== undefined) {
    const kept = body === undefined ? {} : { keptBody: body }
    Object.assign(error, { $response: { statusCode: status, reason, headers, ...kept } })
    Object.assign(error, { $metadata: { httpStatusCode: status, requestId: 'R1' } })
  }
  return s3FailureOf(error, Date.UTC(2026, 0, 1), secrets)
}

describe('the code of a failed S3 request', () => {
  it.each<[string, number, AttemptErrorCode]>([
    ['AccessDenied', 403, 'access_denied'],
    ['AllAccessDisabled', 403, 'access_denied'],
    ['UnknownError', 403, 'access_denied'],
    ['InvalidAccessKeyId', 403, 'invalid_access_key'],
    ['SignatureDoesNotMatch', 403, 'signature_mismatch'],
    ['NoSuchBucket', 404, 'bucket_not_found'],
    ['InvalidBucketName', 400, 'bucket_not_found'],
    ['UnknownError', 404, 'not_found'],
    ['PermanentRedirect', 301, 'wrong_region'],
    ['AuthorizationHeaderMalformed', 400, 'wrong_region'],
    ['UnknownError', 301, 'redirect'],
    ['RequestTimeTooSkewed', 403, 'clock_skew'],
    ['ExpiredToken', 400, 'token_expired'],
    ['InvalidToken', 400, 'token_expired'],
    ['SlowDown', 503, 'throttled'],
    ['RequestLimitExceeded', 400, 'throttled'],
    ['UnknownError', 429, 'throttled'],
    ['ServiceUnavailable', 503, 'server_error'],
    ['InternalError', 500, 'server_error'],
    ['RequestTimeout', 400, 'upload_interrupted'],
    ['NoSuchUpload', 404, 'upload_interrupted'],
    ['IncompleteBody', 400, 'upload_interrupted'],
    ['XMinioStorageFull', 507, 'bucket_full'],
    ['UnknownError', 507, 'bucket_full'],
    ['InvalidRequest', 400, 'client_error'],
    ['UnknownError', 401, 'unauthorized'],
    ['UnknownError', 410, 'gone'],
    ['SyntaxError', 200, 'bad_response'],
  ])('%s with status %i is %s', (name, status, code) => {
    expect(failure({ name, status })).toMatchObject({ errorCode: code, statusCode: status, requestId: 'R1' })
  })

  it('is throttled for a status line that says so', () => {
    expect(failure({ status: 503, reason: 'Slow Down' }).errorCode).toBe('throttled')
  })

  it('is never that of a receiver which refuses an event for good', () => {
    for (let status = 300; status < 600; status++) expect(failure({ status }).errorCode).not.toBe('rejected')
  })

  it.each<[string, object, AttemptErrorCode]>([
    [
      'TimeoutError',
      { message: 'the request socket did not establish a connection with the server' },
      'connect_timeout',
    ],
    ['TimeoutError', { message: 'the request socket timed out after 300 ms of inactivity' }, 'response_timeout'],
    ['TimeoutError', { code: 'ECONNRESET' }, 'upload_interrupted'],
    ['Error', { code: 'EPIPE' }, 'upload_interrupted'],
    ['Error', { code: 'ECONNREFUSED' }, 'connection_refused'],
    ['Error', { code: 'ENOTFOUND' }, 'host_not_found'],
    ['Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'tls_failed'],
    ['AbortError', {}, 'upload_interrupted'],
    ['TypeError', {}, 'unknown'],
  ])('without an answer: %s %j is %s', (name, more, code) => {
    expect(failure({ name, more })).toMatchObject({ errorCode: code, statusCode: null, responseBody: null })
  })

  it('is that of the source where the events could not be read', () => {
    expect(s3FailureOf(new SourceError('gone'), 0, [])).toMatchObject({
      errorCode: 'source_unreadable',
      errorDetail: 'gone',
    })
  })

  it('stands for whatever is thrown', () => {
    expect(s3FailureOf('text', 0, [])).toMatchObject({ errorCode: 'unknown', errorDetail: null })
  })
})

describe('the right region', () => {
  it.each<[string, Answer]>([
    ['the body', { more: { Region: 'eu-west-1' } }],
    ['a header', { headers: { 'x-amz-bucket-region': 'eu-west-1' } }],
    ['the sentence', { message: "the region 'us-east-1' is wrong; expecting 'eu-west-1'" }],
  ])('is named when %s holds it', (_, answer) => {
    const { errorCode, errorDetail } = failure({ name: 'AuthorizationHeaderMalformed', status: 400, ...answer })
    expect(errorCode).toBe('wrong_region')
    expect(errorDetail).toContain('The bucket is in the region eu-west-1.')
  })

  it('makes a redirect without a body clear', () => {
    const { errorCode } = failure({ status: 307, headers: { 'x-amz-bucket-region': 'eu-west-1' } })
    expect(errorCode).toBe('wrong_region')
  })

  it('is not named when it is no region', () => {
    const { errorDetail } = failure({ name: 'PermanentRedirect', status: 301, more: { Region: '<b>no</b>' } })
    expect(errorDetail).toBe('PermanentRedirect: why')
  })
})

describe('the wait that a server asks for', () => {
  it.each([
    ['7', 7000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thu, 01 Jan 2015 00:00:00 GMT', 0],
    ['999999', 3_600_000],
    ['soon', null],
    ['', null],
  ])('%j is %j ms', (header, ms) => {
    expect(failure({ status: 503, headers: { 'retry-after': header } }).retryAfterMs).toBe(ms)
  })
})

it('shows no secret, in whatever form the server quotes it', () => {
  const secret = 'a+b/c=&d'
  const told = `plain ${secret} url ${encodeURIComponent(secret)} xml ${secret.replaceAll('&', '&amp;')}`
  const { errorDetail, responseBody } = failure({ status: 403, message: told, body: told }, [secret])
  expect(errorDetail).toBe('plain *** url *** xml ***')
  expect(responseBody).toBe('plain *** url *** xml ***')
})
