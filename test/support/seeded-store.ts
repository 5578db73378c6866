import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import { BatchStore } from '../../main/store/batches'
import { openReadable, openWritable, STORE_FILE, type WritableDb } from '../../main/store/database'
import { type AttemptFindings, DeliveryStore, type LaneCommit } from '../../main/store/delivery'
import { EventLog } from '../../main/store/event-log'
import { IntegrationStore } from '../../main/store/integrations'
import { migrate } from '../../main/store/migrate'
import { createQueries } from '../../main/store/queries'
import type { Selection, Target } from '../../shared/domain'
import { tempDir } from './temp-dir'

const S3: Target = {
  kind: 's3',
  region: 'eu-central-1',
  bucket: 'lake',
  keyPrefix: 'in',
  endpoint: null,
  pathStyle: false,
  accessKeyHint: 'MPLE',
  hasSessionToken: false,
}
const WEBHOOK: Target = {
  kind: 'webhook',
  callbackUrl: 'https://example.com/hook',
  hasApiKey: false,
  signingSecrets: 0,
}

/** What an attempt found, for a success or a failure. */
export function findings(errorCode: AttemptFindings['errorCode'] = null): AttemptFindings {
  return {
    statusCode: errorCode === null ? 200 : errorCode === 'rejected' ? 400 : 503,
    errorCode,
    errorDetail: null,
    responseBody: errorCode === null ? null : `{"error":"${errorCode}"}`,
    responseHeaders: null,
    timings: { reused: true, dnsUs: null, connectUs: null, tlsUs: null, firstByteUs: 500 },
  }
}

/** A store without an engine: the stores of the engine write it, and the queries of the viewers read it. */
export class SeededStore {
  readonly folder = tempDir()
  readonly db: WritableDb
  readonly log: EventLog
  readonly integrations: IntegrationStore
  readonly delivery: DeliveryStore
  readonly batches: BatchStore

  constructor() {
    const path = join(this.folder, STORE_FILE)
    this.db = openWritable(path)
    onTestFinished(() => void this.db.close())
    migrate(this.db, path)
    this.log = new EventLog(this.db)
    this.integrations = new IntegrationStore(this.db)
    this.delivery = new DeliveryStore(this.db)
    this.batches = new BatchStore(this.db)
  }

  /** The queries, over a connection of their own. */
  queries() {
    return createQueries(this.readable())
  }

  readable() {
    const db = openReadable(join(this.folder, STORE_FILE))
    onTestFinished(() => void db.close())
    return db
  }

  /** Adds an integration. @returns its number */
  integration(
    id: string,
    kind: 'webhook' | 's3' = 'webhook',
    selection: Selection = { entities: [], events: [] },
  ): number {
    return this.integrations.create(
      {
        id,
        integrationType: 'permanent',
        startsAt: null,
        endsAt: null,
        selection,
        target: kind === 's3' ? S3 : WEBHOOK,
        options: {},
        secrets: null,
        cursor: 0,
        matchedBase: 0,
      },
      'Created and started.',
      1000,
    ).no
  }

  /** Adds events of a type, one second apart, each for the entity that `entityOf` names. */
  events(count: number, name: string, entityOf: (i: number) => string, from = 0): void {
    const lines = Array.from({ length: count }, (_, i) =>
      JSON.stringify({
        tenant: 't',
        name,
        published_at: new Date(from + i * 1000).toISOString(),
        payload: { id: entityOf(i), no: i },
      }),
    )
    this.log.append(
      lines.map((line) => parseEnvelope(Buffer.from(line))),
      from,
    )
  }

  /** Records what one lane did. */
  commit(integration: number, change: Partial<LaneCommit>): void {
    this.delivery.commit([
      {
        integration,
        attempts: [],
        parked: [],
        cursor: 0,
        passedOver: 0,
        possibleMs: 0,
        resends: [],
        batches: [],
        ...change,
      },
    ])
  }

  /** Records one attempt for each of these events, all started at `at(i)`. */
  attempt(
    integration: number,
    seqs: readonly number[],
    at: (i: number) => number,
    errorOf: (seq: number) => AttemptFindings['errorCode'] = () => null,
  ): void {
    this.commit(integration, {
      attempts: seqs.map((seq, i) => {
        const code = errorOf(seq)
        return {
          seq,
          number: 1,
          startedAt: at(i),
          durationUs: 1000,
          findings: findings(code),
          origin: 'stream',
          settlement:
            code === null
              ? { to: 'delivered' }
              : code === 'rejected'
                ? { to: 'rejected', reason: 'rejected_by_receiver' }
                : { to: 'waiting', dueAt: 1e12, windowFrom: 0 },
          manual: false,
        }
      }),
      cursor: seqs.at(-1) ?? 0,
    })
  }
}
