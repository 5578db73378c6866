import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../main/engine/clock'
import { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { openReadable, type ReadableDb, STORE_FILE } from '../../main/store/database'
import { createQueries } from '../../main/store/queries'
import type { IntegrationSummary } from '../../shared/domain'
import type { ErrorInfo } from '../../shared/errors'
import type { NewIntegration } from '../../shared/schemas/integration'

export interface LocalEngineOptions {
  readonly workspace: string
  readonly clock?: Clock
  readonly random?: () => number
}

/** An engine in the test's own process, with a reader beside it; both are closed when the running test ends. */
export class LocalEngine {
  readonly engine: Engine
  readonly reader: ReadableDb
  /** What the engine told its operator. */
  readonly notices: ErrorInfo[] = []
  #waiting: (() => void)[] = []
  #closed = false

  constructor({ workspace, clock, random = () => 0.02 }: LocalEngineOptions) {
    this.engine = new Engine({
      workspace,
      key: new Uint8Array(32).fill(7),
      version: 'test',
      onChanged: () => {
        for (const look of this.#waiting.splice(0)) look()
      },
      onNotice: (notice) => this.notices.push(notice),
      random,
      ...(clock === undefined ? {} : { clock }),
    })
    this.reader = openReadable(join(workspace, STORE_FILE))
    onTestFinished(() => this.close(0))
  }

  publish(lines: readonly string[]) {
    return this.engine.publish(lines.map((line) => parseEnvelope(Buffer.from(line))))
  }

  create(change: Pick<NewIntegration, 'id'> & Partial<NewIntegration>, callbackUrl: string) {
    return this.engine.call('integrations.create', {
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: [], events: [] },
      target: { kind: 'webhook', callbackUrl, apiKey: 'key' },
      ...change,
    })
  }

  summary(id: string): IntegrationSummary {
    return createQueries(this.reader)['integrations.get']({ id }) as IntegrationSummary
  }

  /** Waits until the predicate holds; asked after every change that the engine tells of. */
  async until(holds: () => boolean, limitMs = 15_000): Promise<void> {
    const limit = performance.now() + limitMs
    while (!holds()) {
      if (performance.now() > limit) throw new Error(`Waited ${limitMs} ms in vain for: ${holds}`)
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        new Promise((resolve) => setTimeout(resolve, 100)),
      ])
    }
  }

  async close(graceMs = 5_000): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.reader.close()
    await this.engine.close(graceMs)
  }
}
