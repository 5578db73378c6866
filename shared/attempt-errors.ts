/**
 * Why an attempt failed. Closed list, kept in the store by its word; the sentence is what the console shows.
 * Source of the rules: docs of the specified system as collected in the product specification (400 rejects, all other
 * failures are retried); 3xx is never followed because a redirect could move events and the API key to another host.
 */
export const attemptErrors = {
  rejected: 'The receiver refused this event for good (400). It is kept under rejected events and the stream goes on.',
  too_many_requests: 'The receiver asked for fewer requests (429).',
  unauthorized: 'The receiver did not accept the API key (401).',
  forbidden: 'The receiver understood the request but forbids it (403).',
  not_found: 'The receiver has nothing at this address (404).',
  gone: 'The receiver says that this address is gone for good (410).',
  client_error: 'The receiver found fault with the request.',
  server_error: 'The receiver failed while handling the request.',
  redirect: 'The receiver redirected the request. Redirects are not followed.',
  unexpected_status: 'The receiver answered with a status code that means neither success nor failure.',
  connect_timeout: 'No connection to the receiver within the time limit.',
  response_timeout: 'The receiver did not finish its answer within the time limit.',
  connection_refused: 'Nothing listens at the host and port of the target.',
  connection_reset: 'The receiver closed the connection before it answered.',
  host_not_found: 'The host name of the target cannot be resolved.',
  network_unreachable: 'There is no network path to the receiver.',
  tls_failed: 'No trusted TLS connection could be made to the receiver.',
  bad_response: 'The answer of the receiver is not valid HTTP.',
  response_incomplete: 'The connection broke off in the middle of the answer of the receiver.',
  local_limit: 'This machine could not open another connection.',
  request_invalid: 'The callback URL or the API key holds characters that cannot be sent in a request.',
  cancelled: 'The console ended the attempt before the receiver had answered.',
  access_denied: 'The access key may not write here. Allow it s3:PutObject on the bucket and the key prefix.',
  invalid_access_key: 'The server does not know this access key ID. Check it, and that the key is still active.',
  signature_mismatch: 'The secret access key does not belong to the access key ID. Enter it again.',
  bucket_not_found: 'There is no bucket with this name. Check the name and the endpoint, or create the bucket.',
  bucket_full: 'The bucket takes no more data: its storage is full or its quota is used up.',
  wrong_region: 'The bucket is in another region than the one set here.',
  clock_skew: 'The clock of this computer is too far from the server’s. Set the time of this computer right.',
  token_expired: 'The session token has expired or is not valid. Enter new temporary credentials.',
  throttled: 'The server asked for fewer requests.',
  size_mismatch: 'The server stored another number of bytes than were sent. The object is written again.',
  object_missing: 'The server confirmed the upload, but the object is not there. It is written again.',
  upload_interrupted: 'The upload broke off before the server had confirmed the object.',
  source_unreadable: 'The stored events of this batch could not be read.',
  secret_unreadable: 'The stored API key cannot be decrypted on this machine.',
  unknown: 'The attempt failed for a reason that the console does not know.',
} as const

export type AttemptErrorCode = keyof typeof attemptErrors

/** The failure that a status code stands for, or null for a delivered event (2xx). */
export function attemptErrorOfStatus(status: number): AttemptErrorCode | null {
  if (status >= 200 && status < 300) return null
  switch (status) {
    case 400:
      return 'rejected'
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 410:
      return 'gone'
    case 429:
      return 'too_many_requests'
  }
  if (status >= 300 && status < 400) return 'redirect'
  if (status >= 400 && status < 500) return 'client_error'
  if (status >= 500 && status < 600) return 'server_error'
  return 'unexpected_status'
}
