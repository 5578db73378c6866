import { selects } from '../../../shared/event-catalog'
import type { WritableDb } from '../../store/database'
import type { DeliveryStore } from '../../store/delivery'
import type { EventLog } from '../../store/event-log'
import type { IntegrationRecord, IntegrationStore } from '../../store/integrations'
import type { ResendStore } from '../../store/resends'
import type { Clock } from '../clock'
import type { IntegrationServicePorts, LaneEvents, OpenLane } from '../integrations/integration-service'
import { RetryBursts } from '../integrations/retry-bursts'
import type { SplitTarget } from '../integrations/targets'
import type { Committer } from './committer'
import { WebhookClient } from './webhook'
import { WebhookLane } from './webhook-lane'

export interface LanesPorts {
  /** Folder of the workspace. */
  readonly workspace: string
  readonly db: WritableDb
  readonly log: EventLog
  readonly store: IntegrationStore
  readonly delivery: DeliveryStore
  readonly resends: ResendStore
  readonly clock: Clock
  readonly random: () => number
  readonly userAgent: string
  readonly committer: Committer
  readonly onLogChanged: () => void
  readonly onError: (error: unknown) => void
}

/** Gives the function that opens the lane of an integration, whatever its target. */
export function createLanes(ports: LanesPorts): IntegrationServicePorts['openLane'] {
  return (record, target, events) => openWebhookLane(ports, record, target, events)
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
  split: SplitTarget,
  events: LaneEvents,
): OpenLane {
  const { log, clock, store, committer } = ports
  const { no, integration } = record
  const { options, selection } = integration
  if (split.target.kind !== 'webhook') throw new Error('not a webhook')
  const { callbackUrl } = split.target
  const client = new WebhookClient({
    callbackUrl,
    apiKey: split.secrets?.apiKey,
    signingSecrets: split.secrets?.signingSecrets ?? [],
    connections: options.concurrency,
    userAgent: ports.userAgent,
    connectTimeoutMs: options.connectTimeoutMs,
    totalTimeoutMs: options.totalTimeoutMs,
    keepBodies: options.keepAnswers,
    clock,
  })
  const bursts = new RetryBursts({
    add: (reason, now) => store.addRetryLog(no, reason, now),
    update: (entry, reason) => store.updateLog(entry, reason),
    address: callbackUrl,
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
      onRetries: (retries) => {
        try {
          if (bursts.note(retries, clock.now())) ports.onLogChanged()
        } catch (error) {
          ports.onError(error)
        }
      },
    },
  )
  return { lane, close: () => client.destroy() }
}
