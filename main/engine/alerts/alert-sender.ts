import { request } from 'undici'
import type { Alert } from '../../../shared/domain'
import type { Clock, Timer } from '../clock'

/** Pauses before the tries after the first. */
export const ALERT_RETRY_AFTER_MS = [5_000, 30_000] as const
const TIMEOUT_MS = 10_000

export interface AlertSenderPorts {
  readonly clock: Clock
  readonly userAgent: string
  /** Address to post to; null = none. */
  readonly url: () => string | null
  /** An alert could not be posted: the operator's own address does not answer. */
  readonly onLost: (alert: Alert, why: string) => void
}

/** Posts alerts to an address of the operator's, `{"type":"alert","alert":{…}}` as JSON, with a few tries each. */
export class AlertSender {
  readonly #ports: AlertSenderPorts
  readonly #timers = new Set<Timer>()
  #stopped = false

  constructor(ports: AlertSenderPorts) {
    this.#ports = ports
  }

  send(alert: Alert): void {
    const url = this.#ports.url()
    if (url !== null) void this.#try(alert, url, 0)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) timer.cancel()
  }

  async #try(alert: Alert, url: string, failures: number): Promise<void> {
    let why: string
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': this.#ports.userAgent },
        body: JSON.stringify({ type: 'alert', alert }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      })
      await body.dump({ limit: 16_384 })
      if (statusCode >= 200 && statusCode < 300) return
      why = `it answered ${statusCode}`
    } catch (error) {
      why = error instanceof Error ? error.message : 'it cannot be reached'
    }
    if (this.#stopped) return
    const wait = ALERT_RETRY_AFTER_MS[failures]
    if (wait === undefined) return this.#ports.onLost(alert, why)
    const timer = this.#ports.clock.setTimer(this.#ports.clock.now() + wait, () => {
      this.#timers.delete(timer)
      void this.#try(alert, url, failures + 1)
    })
    this.#timers.add(timer)
  }
}
