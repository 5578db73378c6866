import { type PostOutcome, WebhookClient, type WebhookOptions } from '../../main/engine/delivery/webhook'
import { FakeClock } from './fake-clock'

/** A webhook client for tests, with what a test does not care about filled in. The clock stands still unless one is given. */
export function webhookClient(callbackUrl: string, options: Partial<WebhookOptions> = {}): WebhookClient {
  return new WebhookClient({
    callbackUrl,
    apiKey: 'key-of-the-test',
    signingSecrets: [],
    connections: 4,
    userAgent: 'test/1',
    connectTimeoutMs: 5000,
    totalTimeoutMs: 10_000,
    keepBodies: 'failures',
    clock: new FakeClock(),
    ...options,
  })
}

/** The 16 bytes of an event id whose text ends with the number. */
export function eventId(n: number): Buffer {
  const id = Buffer.alloc(16)
  id.writeUInt32BE(n, 12)
  return id
}

/** Posts one event and waits for the outcome; rejects when a second one is told. */
export function post(client: WebhookClient, n = 1, body: string | Buffer = '{}'): Promise<PostOutcome> {
  return new Promise((resolve, reject) => {
    let told = false
    client.post(eventId(n), Buffer.from(body), (outcome) => {
      if (told) reject(new Error('A second outcome was told.'))
      told = true
      // After all that could tell another one.
      setImmediate(() => resolve(outcome))
    })
  })
}
