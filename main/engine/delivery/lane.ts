import type { LaneCommit } from '../../store/delivery'
import type { EventLog, LoggedEvent } from '../../store/event-log'
import type { ResendStore } from '../../store/resends'
import type { Clock } from '../clock'
import type { OutageRecord } from './circuit'

/** The delivery of one integration, whatever its target. */
export interface Lane {
  /** Number of the integration in the store. */
  readonly no: number
  readonly running: boolean
  /** Begins or resumes at the cursor. `afresh` forgets an outage: somebody decided that it is worth a try. */
  start(afresh: boolean): void
  /** Tries single deliveries, far apart, until one succeeds; for an integration that was stopped by failure. */
  probe(): void
  /** After this returns no new attempt starts. Attempts in flight finish and are recorded. */
  stop(): void
  /** Forgets what is in flight: no result of it is recorded, so it is tried again when the workspace opens next. */
  abandon(): void
  /** Resolves when nothing is in flight and everything is recorded, or the lane was abandoned. */
  settled(): Promise<void>
  /** Events were accepted; `headBefore` is the position of the last one before them. */
  onAppended(events: readonly LoggedEvent[], headBefore: number): void
  /** Goes on after something that kept it from sending is over. */
  pump(): void
  /** What the next commit has to record, or null; nothing of a lane that was abandoned. */
  collect(): LaneCommit | null
  /** A collected commit is stored. */
  committed(commit: LaneCommit): void
  /** Takes up a re-send that was asked for. */
  addResend(id: number): void
  /** Lets go of a re-send that was paused or cancelled. */
  dropResend(id: number): void
  /** Events that waited were made due or taken away. */
  onWaitingChanged(): void
}

/** What every lane needs of the engine. `Retry` is its record of an attempt. */
export interface LanePorts<Retry> {
  readonly log: EventLog
  readonly resends: ResendStore
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Asks for a commit soon: the lane has something to record. */
  readonly requestCommit: () => void
  /** True while results cannot be stored; nothing is sent then, since it could not be recorded. */
  readonly blocked: () => boolean
  /** A temporary lane has settled its last event. */
  readonly onEnded: () => void
  /** Nothing succeeded for as long as the options allow, or the receiver is gone for good (`final`). */
  readonly onFailed: (outage: OutageRecord, final: boolean) => void
  /** A lane that was stopped by failure has delivered again. */
  readonly onRecovered: () => void
  /** Attempts that failed and are tried again were recorded. */
  readonly onRetries: (retries: readonly Retry[]) => void
}
