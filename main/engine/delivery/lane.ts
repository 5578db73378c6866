import type { LaneCommit } from '../../store/delivery'
import type { LoggedEvent } from '../../store/event-log'

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
