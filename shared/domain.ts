import type { AttemptErrorCode } from './attempt-errors'
import type { ErrorCode } from './errors'

/** Milliseconds since 1970-01-01T00:00Z. Every time in the product is one of these until it is shown. */
export type EpochMs = number

export type IntegrationType = 'permanent' | 'temporary'

/** `running` is shown as *active*, `stopped` as *paused*: the API words of the specified system. */
export type IntegrationStatus = 'running' | 'stopped'

/** Why an integration does not run. */
export type StopCause = 'operator' | 'failure' | 'ended'

/** Which events an integration consumes: the union of both lists; both empty means every event. */
export interface Selection {
  /** Entity names; each stands for all event types of that entity. */
  readonly entities: readonly string[]
  /** Event types, `entity.moment`. */
  readonly events: readonly string[]
}

/** Where an integration delivers to, as shown: secrets are never part of it. */
export interface WebhookTarget {
  readonly kind: 'webhook'
  readonly callbackUrl: string
  readonly hasApiKey: boolean
  /** Number of signing secrets: 0 = not signed, 2 during a rotation. */
  readonly signingSecrets: number
}

export interface S3Target {
  readonly kind: 's3'
  readonly region: string
  readonly bucket: string
  /** Empty for none; without a slash at its end. */
  readonly keyPrefix: string
  /** Null = AWS itself. */
  readonly endpoint: string | null
  readonly pathStyle: boolean
  /** The last four characters of the access key id, to tell keys apart. */
  readonly accessKeyHint: string
  readonly hasSessionToken: boolean
}
export type Target = WebhookTarget | S3Target

/** How an integration delivers. Defaults and bounds are in `schemas/integration.ts`. */
export interface DeliveryOptions {
  /** Requests in flight at most. */
  readonly concurrency: number
  /** Events per second at most; null = as many as the receiver takes. */
  readonly ratePerSecond: number | null
  readonly connectTimeoutMs: number
  /** For the whole attempt, connection included. */
  readonly totalTimeoutMs: number
  /** One event that keeps failing while others succeed is rejected after this time. */
  readonly deliveryWindowHours: number
  /** The integration stops itself after this time in which nothing succeeded. */
  readonly stopAfterMinutes: number
  /** After it stopped itself, start again when the target answers. */
  readonly restartWhenBack: boolean
  /** Which answers keep their headers and the start of their body. */
  readonly keepAnswers: 'failures' | 'all'
  /** S3: an object is closed at this size... */
  readonly batchBytes: number
  /** ... or this long after the previous one. */
  readonly batchSeconds: number
  readonly gzip: boolean
}

export interface Integration {
  readonly id: string
  readonly integrationType: IntegrationType
  readonly status: IntegrationStatus
  /** Null while running. */
  readonly stopCause: StopCause | null
  /** Stopped by failure; it starts again by itself when its target answers. */
  readonly restartPending: boolean
  /** Deliver events published at or after this time, from the log too; null = events accepted after creation. */
  readonly startsAt: EpochMs | null
  /** Temporary only: events published before this time. */
  readonly endsAt: EpochMs | null
  readonly selection: Selection
  readonly target: Target
  readonly options: DeliveryOptions
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
}

/** Nothing succeeds: the stream is replaced by single probes. */
export interface Outage {
  /** First failure of the row of failures. */
  readonly since: EpochMs
  readonly lastAt: EpochMs
  readonly count: number
  readonly lastCode: AttemptErrorCode
  readonly lastStatus: number | null
  /** When the next single try may go, as known at the last one; null when it was not noted. */
  readonly nextProbeAt: EpochMs | null
}

/** An integration with the figures that the list shows. */
export interface IntegrationSummary extends Integration {
  readonly delivered: number
  /** Refused for good, those deleted by an operator included. */
  readonly rejected: number
  /** Part of `rejected` that an operator deleted. */
  readonly rejectedDeleted: number
  /** Events that the log gave up before a paused integration took them. */
  readonly expired: number
  readonly outage: Outage | null
  /** Matching events not yet settled. */
  readonly backlog: number
  /** Part of the backlog that failed at least once and waits for its next try. */
  readonly waiting: number
  /** Since when the oldest event of the backlog waits: its acceptance, or the integration's creation if that is later. */
  readonly oldestPendingAt: EpochMs | null
  readonly lastAttemptAt: EpochMs | null
  readonly lastAttemptFailed: boolean
}

export interface IntegrationCounts {
  readonly all: number
  readonly active: number
  readonly paused: number
}

/** `success` = delivered. A rejected event is a `failure` with error code `rejected`. */
export type Outcome = 'success' | 'failure'

/** One row of View Events: one try to hand one event to a target; for S3, one event of a batch that was tried. */
export interface Attempt {
  readonly id: number
  /** Place of the event in the log. Tells the rows of one S3 batch apart, which share the attempt. */
  readonly seq: number
  readonly eventId: string
  readonly eventName: string
  readonly domainEntityId: string | null
  readonly outcome: Outcome
  readonly errorCode: AttemptErrorCode | null
  /** HTTP status code; null when no answer came. */
  readonly statusCode: number | null
  /** Start of the attempt. */
  readonly attemptedAt: EpochMs
  readonly durationMs: number
  /** 1 for the first try. */
  readonly number: number
  /** An operator asked for it. */
  readonly manual: boolean
}

/** Where the time of an attempt went, in milliseconds; null = not known or did not happen. */
export interface AttemptPhases {
  readonly dnsMs: number | null
  readonly connectMs: number | null
  readonly tlsMs: number | null
  readonly firstByteMs: number | null
  /** True when an open connection was used again; null when none was made. */
  readonly reused: boolean | null
}

/** Where an S3 target holds an event. */
export interface ObjectPlace {
  readonly batchId: number
  readonly key: string
  /** 1-based. */
  readonly line: number
  /** Of the uncompressed lines, without the line feed: from inclusive, to exclusive. */
  readonly byteFrom: number
  readonly byteTo: number
  /** Null while the object is not stored. */
  readonly storedAt: EpochMs | null
  /** `not-verifiable`: the key may not read, so the size could not be compared. */
  readonly verification: 'same-size' | 'not-verifiable' | null
}

export interface AttemptDetail extends Attempt {
  readonly integrationId: string
  /** Start of the body that the receiver answered a failure with (at most 16 KiB), null for a success or no answer. */
  readonly responseBody: string | null
  /** Names and values; null where they are not kept. */
  readonly responseHeaders: readonly (readonly [string, string])[] | null
  readonly phases: AttemptPhases
  /** S3 only. */
  readonly object: ObjectPlace | null
  /** What the system said of a failure without an answer, e.g. `ECONNREFUSED 127.0.0.1:9`. */
  readonly errorDetail: string | null
  /** When the event is tried next; null when it is settled. */
  readonly nextTryAt: EpochMs | null
  readonly publishedAt: EpochMs
  readonly acceptedAt: EpochMs
  /** The stored envelope, exactly as it was accepted. */
  readonly body: string
  /** All attempts of this event by this integration, oldest first. */
  readonly history: readonly Attempt[]
}

/** What one integration attempted in one minute; of S3, the events of the batches. */
export interface MinuteCount {
  /** Start of the minute. */
  readonly at: EpochMs
  readonly delivered: number
  readonly failed: number
}

/** An attempt seen from its event, whichever integration made it. */
export interface EntityAttempt extends Attempt {
  readonly integrationId: string
}

/** One event of a domain entity with everything that was tried with it. */
export interface EntityEvent {
  readonly seq: number
  readonly eventId: string
  readonly eventName: string
  readonly publishedAt: EpochMs
  readonly acceptedAt: EpochMs
  /** Oldest first; integrations that are deleted are left out. */
  readonly attempts: readonly EntityAttempt[]
}

/** The life of one domain entity: its events in the order of their publishing. */
export interface EntityStory {
  readonly domainEntityId: string
  readonly events: readonly EntityEvent[]
  /** There are more events or attempts than these. */
  readonly cut: boolean
}

/** Why an event was rejected. */
export type RejectReason =
  /** The receiver answered 400. */
  | 'rejected_by_receiver'
  /** It failed for the whole delivery window while others succeeded. */
  | 'delivery_window_exceeded'

export interface RejectedEvent {
  readonly reason: RejectReason
  readonly eventId: string
  readonly eventName: string
  readonly domainEntityId: string | null
  readonly rejectedAt: EpochMs
  readonly attemptId: number
  readonly statusCode: number | null
  readonly errorCode: AttemptErrorCode
  readonly responseBody: string | null
}

/** The API words of the specified system. `retry_triggered` is one entry for a whole burst of retries. */
export type LogAction = 'integration_started' | 'integration_stopped' | 'retry_triggered'

/** What an operator asks to send again. Of a range or of rejected events, those that match every given field. */
export type ResendFilter =
  | { readonly kind: 'attempt'; readonly attemptId: number }
  | { readonly kind: 'events'; readonly eventIds: readonly string[] }
  | ({
      readonly kind: 'rejected'
      /** Time of the rejection: from inclusive, to exclusive. */
      readonly from?: EpochMs | undefined
      readonly to?: EpochMs | undefined
    } & EventFields)
  | ({
      readonly kind: 'range'
      /** Publishing time: from inclusive, to exclusive. */
      readonly from: EpochMs
      readonly to: EpochMs
    } & EventFields)

interface EventFields {
  readonly eventName?: string | undefined
  readonly domainEntityId?: string | undefined
}

export type ResendState = 'running' | 'paused' | 'done' | 'cancelled'

/** A re-send that an operator asked for. It works while its integration is active, and goes on after a restart. */
export interface Resend {
  readonly id: number
  readonly integrationId: string
  readonly filter: ResendFilter
  readonly state: ResendState
  readonly total: number
  readonly succeeded: number
  readonly failed: number
  /** Events that were in the backlog, and so are delivered anyway, or are not there any more. */
  readonly skipped: number
  readonly createdAt: EpochMs
  readonly createdBy: string
  readonly endedAt: EpochMs | null
}

export type AlertKind =
  /** An integration stopped itself. */
  | 'stopped'
  /** It started again by itself. */
  | 'restarted'
  /** Events are not delivered 15 minutes after they were published. */
  | 'late'
  /** The oldest undelivered event is older than the operator's limit. */
  | 'lag'

export interface Alert {
  readonly id: number
  readonly integrationId: string | null
  readonly kind: AlertKind
  readonly message: string
  readonly raisedAt: EpochMs
  /** Null while it lasts; `restarted` is over when it is raised. */
  readonly resolvedAt: EpochMs | null
  readonly seenAt: EpochMs | null
}

/** Through which door a call came. */
export type Via = 'console' | 'command line' | 'api'

export interface AuditEntry {
  readonly id: number
  readonly at: EpochMs
  readonly actor: string
  readonly via: Via | 'engine'
  readonly action: string
  /** Id of what was changed; null for the workspace as a whole. */
  readonly subject: string | null
  /** JSON without secrets. */
  readonly before: string | null
  readonly after: string | null
}

/** Whether the audit log is whole: each entry's hash covers the entry before it. */
export interface AuditCheck {
  readonly entries: number
  /** Id of the first entry that does not fit; null when all fit. */
  readonly brokenAt: number | null
}

/** Settings of the workspace. */
export interface Settings {
  readonly integrationLimit: number
  /** An event older than this is removed, unless an active integration still has to deliver it. */
  readonly keepEventsDays: number
  readonly keepAttemptsDays: number
  readonly keepRejectedDays: number
  /** Upper bound of the store in bytes, for what may be removed; null = none. */
  readonly maxStoreBytes: number | null
  /** An event that is not delivered this long after it was published counts as late. */
  readonly lateAfterMinutes: number
  /** Alert when the oldest undelivered event is older; null = no such alert. */
  readonly lagAlertMinutes: number | null
  /** Address that alerts are posted to as JSON; null = none. */
  readonly alertUrl: string | null
}

export interface LogEntry {
  readonly id: number
  readonly action: LogAction
  readonly reason: string
  readonly createdAt: EpochMs
}

/** What an export writes: a list as its screen shows it, filters included. */
export type ExportFormat = 'csv' | 'ndjson'

export type ExportState = 'running' | 'done' | 'cancelled' | 'failed'

/** The export of one list to a file. Kept until the console closes. */
export interface ExportJob {
  readonly id: number
  readonly path: string
  readonly format: ExportFormat
  readonly kind: 'attempts' | 'rejected' | 'logs'
  readonly integrationId: string
  readonly state: ExportState
  readonly rows: number
  readonly bytes: number
  readonly startedAt: EpochMs
  readonly endedAt: EpochMs | null
  /** Why it failed. */
  readonly errorMessage: string | null
}

export type ImportState = 'running' | 'done' | 'cancelled' | 'failed' | 'interrupted'

/** The import of one file: how far it is and what it found. */
export interface ImportJob {
  readonly id: number
  readonly path: string
  readonly state: ImportState
  readonly startedAt: EpochMs
  readonly endedAt: EpochMs | null
  readonly bytesTotal: number
  readonly bytesRead: number
  readonly lines: number
  readonly accepted: number
  /** Events that were in the log already, same id and same bytes. */
  readonly duplicates: number
  /** `temp` probe lines and blank lines, which are no events. */
  readonly skipped: number
  /** Lines that were refused; the first of them are listed as problems. */
  readonly refused: number
  /** Why the import failed as a whole. */
  readonly errorCode: ErrorCode | null
  readonly errorMessage: string | null
}

/** One refused line of an import. */
export interface ImportProblem {
  /** 1-based. */
  readonly line: number
  readonly code: ErrorCode
  readonly message: string
  /** Start of the line, for recognition. */
  readonly excerpt: string
}

export interface LogFigures {
  readonly events: number
  readonly firstPublishedAt: EpochMs | null
  readonly lastPublishedAt: EpochMs | null
  readonly byType: readonly { readonly name: string; readonly count: number }[]
}

/** What a selection would have taken of the events that were accepted since a moment. */
export interface EventsMatching {
  readonly matched: number
  /** Of all types. */
  readonly total: number
  readonly sinceMs: EpochMs
}

/** A request that the built-in webhook inbox received. */
export interface InboxRequest {
  readonly no: number
  readonly receivedAt: EpochMs
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
  readonly bytes: number
  readonly eventId: string | null
  readonly eventName: string | null
  /** True when an earlier request carried the same event id. */
  readonly duplicate: boolean
}

export interface InboxRequestDetail extends InboxRequest {
  readonly body: string
}

export interface InboxStatus {
  readonly running: boolean
  /** Address to use as callback URL while it runs. */
  readonly url: string | null
  readonly received: number
}

/** Where the key that encrypts the workspace's secrets is kept. */
export type SecretProtection =
  /** The operating system's keychain. */
  | 'keychain'
  /** A file only the owner can read, after consent, because there is no keychain. */
  | 'key-file'
  /** No keychain and no consent yet: secrets cannot be saved. */
  | 'none'
  /** The key exists but this machine or user cannot unlock it. */
  | 'locked'

export interface AppInfo {
  readonly version: string
  readonly runtime: {
    readonly electron: string
    readonly chrome: string
    readonly node: string
    readonly sqlite: string
  }
  readonly platform: string
  readonly workspace: string
  readonly demo: boolean
  readonly secretProtection: SecretProtection
  readonly integrationLimit: number
}
