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
}
export type Target = WebhookTarget

export interface Integration {
  readonly id: string
  readonly integrationType: IntegrationType
  readonly status: IntegrationStatus
  /** Null while running. */
  readonly stopCause: StopCause | null
  /** Deliver events published at or after this time, from the log too; null = events accepted after creation. */
  readonly startsAt: EpochMs | null
  /** Temporary only: events published before this time. */
  readonly endsAt: EpochMs | null
  readonly selection: Selection
  readonly target: Target
  readonly createdAt: EpochMs
  readonly updatedAt: EpochMs
}

/** An integration with the figures that the list shows. */
export interface IntegrationSummary extends Integration {
  readonly delivered: number
  readonly rejected: number
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

/** One row of View Events: one try to hand one event to a target. */
export interface Attempt {
  readonly id: number
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
}

export interface AttemptDetail extends Attempt {
  readonly integrationId: string
  /** Start of the body that the receiver answered a failure with (at most 16 KiB), null for a success or no answer. */
  readonly responseBody: string | null
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

export interface RejectedEvent {
  readonly eventId: string
  readonly eventName: string
  readonly domainEntityId: string | null
  readonly rejectedAt: EpochMs
  readonly attemptId: number
  readonly statusCode: number | null
  readonly errorCode: AttemptErrorCode
  readonly responseBody: string | null
}

export type LogAction = 'integration_started' | 'integration_stopped'

export interface LogEntry {
  readonly id: number
  readonly action: LogAction
  readonly reason: string
  readonly createdAt: EpochMs
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
