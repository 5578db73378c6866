import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Engine } from '../../main/engine/engine.ts'
import { openReadable, STORE_FILE } from '../../main/store/database.ts'
import { createQueries, type ReaderCall } from '../../main/store/queries.ts'
import type { Parsed } from '../../shared/contract/index.ts'
import type { Attempt } from '../../shared/domain.ts'

export interface ProbeResult {
  readonly sqlite: string
  readonly electron: string | undefined
  /** What each query of the reader answered to each of its inputs, and all attempts as they came in pages. */
  readonly answers: Readonly<Record<ReaderCall | 'pages', unknown>>
}

export const PROBE_EVENTS = 8

/** What the probe's receiver has to answer to a body: one event is refused, one fails, all others are taken. */
export function probeStatus(body: string): number {
  return body.includes('order-2') ? 400 : body.includes('order-5') ? 503 : 200
}

/**
 * Takes a new workspace through what the product does with the driver: migrations, import, deliveries with all three outcomes,
 * pause and deletion of an integration, then every query of the reader.
 */
export async function probe(workspace: string, callbackUrl: string): Promise<ProbeResult> {
  const file = join(workspace, 'events.ndjson')
  const line = (n: number) =>
    `{"tenant":"t","name":"order.${n % 2 ? 'created' : 'completed'}","published_at":"2026-01-01T00:00:0${n}Z","payload":{"id":"order-${n}"}}`
  const lines = Array.from({ length: PROBE_EVENTS }, (_, n) => line(n))
  writeFileSync(file, `${[...lines, lines[0], 'not an event', 'temp'].join('\n')}\n`)
  let changed = () => {}
  const engine = new Engine({
    workspace,
    key: new Uint8Array(32),
    version: 'probe',
    // The failed event then waits for its next try until the probe has looked at it.
    random: () => 0.999,
    onChanged: () => changed(),
    onNotice: ({ message }) => {
      throw new Error(message)
    },
  })
  const job = await engine.call('imports.start', { path: file })
  await engine.importEnded(job.id)
  const integration = (id: string) => ({
    id,
    integrationType: 'permanent' as const,
    startsAt: 0,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook' as const, callbackUrl, apiKey: 'the-key' },
  })
  await engine.call('integrations.create', integration('deleted'))
  await engine.call('integrations.delete', { id: 'deleted' })
  await engine.call('integrations.create', integration('orders'))

  const db = openReadable(join(workspace, STORE_FILE))
  const queries = createQueries(db)
  const settled = async () => {
    const { delivered, rejected, waiting } = await queries['integrations.get']({ id: 'orders' })
    return delivered + rejected + waiting === PROBE_EVENTS
  }
  while (!(await settled())) {
    await new Promise<void>((resolve) => {
      changed = resolve
    })
  }
  await engine.call('integrations.stop', { id: 'orders' })

  const page = { limit: 100, after: null }
  // In pages, so that the positions between them are used.
  const attempts: Attempt[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const { rows, next } = await queries['attempts.list']({ id: 'orders', filter: {}, limit: 3, after })
    attempts.push(...rows)
    after = next
  }
  const failed = attempts.find((row) => row.errorCode === 'server_error')!
  const inputs: { readonly [K in ReaderCall]: readonly Parsed<K>[] } = {
    'integrations.list': [{}],
    'integrations.get': [{ id: 'orders' }],
    'integrations.logs': [{ id: 'orders', ...page }],
    'integrations.rejected': [{ id: 'orders', ...page }],
    'attempts.list': [
      { id: 'orders', filter: {}, ...page },
      { id: 'orders', filter: { outcome: 'failure' }, ...page },
      { id: 'orders', filter: { domainEntityId: 'order-3', outcome: 'success', from: 0, to: 8e15 }, ...page },
    ],
    'attempts.get': [{ id: 'orders', attemptId: failed.id }],
    'events.figures': [{}],
    'events.matching': [{ selection: { entities: ['order'], events: [] } }],
    'resends.preview': [{ id: 'orders', filter: { kind: 'range', from: 0, to: 8e15 } }],
    'resends.list': [{ id: 'orders' }],
    'alerts.list': [page],
    'alerts.unseen': [{}],
    'entities.story': [{ domainEntityId: 'order-3' }],
    'integrations.minutes': [{ from: 0, to: 1000 }],
    'audit.list': [page],
    'audit.verify': [{}],
    'imports.list': [{}],
    'imports.problems': [{ importId: job.id }],
  }
  const answers: Record<string, unknown> = { pages: attempts }
  for (const name of Object.keys(queries) as ReaderCall[]) {
    const query = queries[name] as (input: unknown) => unknown
    answers[name] = await Promise.all(inputs[name].map((input) => query(input)))
  }
  const sqlite = db.prepare('SELECT sqlite_version()').pluck().get() as string
  db.close()
  await engine.close()
  return { sqlite, electron: process.versions.electron, answers: answers as ProbeResult['answers'] }
}
