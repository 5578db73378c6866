import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DeliveryOptions, S3Target, WebhookTarget } from '../../../shared/domain'
import { selects } from '../../../shared/event-catalog'
import type { BatchStore } from '../../store/batches'
import type { WritableDb } from '../../store/database'
import type { DeliveryStore } from '../../store/delivery'
import type { EventLog } from '../../store/event-log'
import type { IntegrationRecord, IntegrationStore } from '../../store/integrations'
import type { ResendStore } from '../../store/resends'
import type { Clock } from '../clock'
import type { IntegrationServicePorts, LaneEvents, OpenLane } from '../integrations/integration-service'
import type { FailedAttempt } from '../integrations/reasons'
import { RetryBursts } from '../integrations/retry-bursts'
import type { TargetSecrets } from '../vault'
import type { Committer } from './committer'
import { BatchLane, type BatchLanePorts } from './s3/batch-lane'
import { S3Target as S3Client, type S3TargetOptions } from './s3/s3-target'
import { Spool } from './s3/spool'
import { WebhookClient } from './webhook'
import { WebhookLane } from './webhook-lane'

export interface LanesPorts {
  /** Folder of the workspace. */
  readonly workspace: string
  readonly db: WritableDb
  readonly log: EventLog
  readonly store: IntegrationStore
  readonly delivery: DeliveryStore
  readonly batches: BatchStore
  readonly resends: ResendStore
  readonly clock: Clock
  readonly random: () => number
  readonly userAgent: string
  readonly committer: Committer
  readonly onLogChanged: () => void
  readonly onError: (error: unknown) => void
}

/** Folder of the workspace for compressed batches that are not stored yet. */
const SPOOL_FOLDER = 'spool'

/** Gives the function that opens the lane of an integration, whatever its target. */
export function createLanes(ports: LanesPorts): IntegrationServicePorts['openLane'] {
  const spool = new Spool(join(ports.workspace, SPOOL_FOLDER))
  const ready = spool.sweep(ports.batches.spooled()).catch(ports.onError)
  return (record, split, events) => {
    const { target, secrets } = split
    return target.kind === 'webhook'
      ? openWebhookLane(ports, record, target, secrets, events)
      : openBatchLane(ports, record, target, secrets, { spool, ready }, events)
  }
}

/** Which event types a selection takes, each worked out once. */
function typeFilter(log: EventLog, { integration }: IntegrationRecord): (typeId: number) => boolean {
  const taken = new Map<number, boolean>()
  return (typeId) => {
    let takes = taken.get(typeId)
    if (takes === undefined) taken.set(typeId, (takes = selects(integration.selection, log.type(typeId).name)))
    return takes
  }
}

function openWebhookLane(
  ports: LanesPorts,
  record: IntegrationRecord,
  { callbackUrl }: WebhookTarget,
  secrets: TargetSecrets | null,
  events: LaneEvents,
): OpenLane {
  const { log, clock, committer } = ports
  const { no, integration } = record
  const { options, selection } = integration
  const client = new WebhookClient({
    callbackUrl,
    apiKey: secrets?.apiKey,
    signingSecrets: secrets?.signingSecrets ?? [],
    connections: options.concurrency,
    userAgent: ports.userAgent,
    connectTimeoutMs: options.connectTimeoutMs,
    totalTimeoutMs: options.totalTimeoutMs,
    keepBodies: options.keepAnswers,
    clock,
  })
  const lane = new WebhookLane(
    {
      no,
      cursor: record.cursor,
      startsAt: integration.startsAt,
      endsAt: integration.endsAt,
      takesAll: selection.entities.length === 0 && selection.events.length === 0,
      takes: typeFilter(log, record),
      options,
      possibleMs: record.possibleMs,
      outage: record.outage,
      send: (eventId, body, done) => client.post(eventId, body, done),
    },
    {
      log,
      store: ports.delivery,
      resends: ports.resends,
      clock,
      random: ports.random,
      requestCommit: () => committer.request(),
      blocked: () => committer.blocked,
      ...events,
      onRetries: retryLog(ports, no, callbackUrl),
    },
  )
  return { lane, close: () => client.destroy() }
}

function openBatchLane(
  ports: LanesPorts,
  record: IntegrationRecord,
  target: S3Target,
  secrets: TargetSecrets | null,
  spooling: Pick<BatchLanePorts, 'spool' | 'ready'>,
  events: LaneEvents,
): OpenLane {
  const { no, integration } = record
  const client = new S3Client(s3Options(target, secrets, integration.options, ports.userAgent))
  const lane = new BatchLane(
    {
      no,
      cursor: record.cursor,
      integration,
      keyPrefix: target.keyPrefix,
      options: integration.options,
      possibleMs: record.possibleMs,
      outage: record.outage,
      upload: (key, bytes, open, options) => client.upload(key, bytes, open, options),
      clearOrphans: (keys) => client.abortOrphans(target.keyPrefix, keys),
    },
    {
      log: ports.log,
      batches: ports.batches,
      resends: ports.resends,
      ...spooling,
      clock: ports.clock,
      random: ports.random,
      randomName: () => randomBytes(8).toString('hex'),
      requestCommit: () => ports.committer.request(),
      blocked: () => ports.committer.blocked,
      ...events,
      onRetries: retryLog(ports, no, `${target.endpoint ?? 's3'}/${target.bucket}`),
      onError: ports.onError,
    },
  )
  return { lane, close: () => client.destroy() }
}

/** What the S3 client needs of a target. */
export function s3Options(
  { region, bucket, endpoint, pathStyle }: S3Target,
  secrets: TargetSecrets | null,
  { connectTimeoutMs, totalTimeoutMs }: Pick<DeliveryOptions, 'connectTimeoutMs' | 'totalTimeoutMs'>,
  userAgent: string,
): S3TargetOptions {
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = secrets ?? {}
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
    bucket,
    endpoint,
    pathStyle,
    userAgent,
    connectTimeoutMs,
    requestTimeoutMs: totalTimeoutMs,
  }
}

/** Writes bursts of retries into the integration's log. */
function retryLog(ports: LanesPorts, no: number, address: string): (retries: readonly FailedAttempt[]) => void {
  const bursts = new RetryBursts({
    add: (reason, now) => ports.store.addRetryLog(no, reason, now),
    update: (entry, reason) => ports.store.updateLog(entry, reason),
    address,
  })
  return (retries) => {
    try {
      if (bursts.note(retries, ports.clock.now())) ports.onLogChanged()
    } catch (error) {
      ports.onError(error)
    }
  }
}
