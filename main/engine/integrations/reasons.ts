import { attemptErrors } from '../../../shared/attempt-errors'
import type { EpochMs } from '../../../shared/domain'
import type { Actor } from '../../store/audit'
import type { AttemptFindings } from '../../store/delivery'
import type { OutageRecord } from '../delivery/circuit'

/** Who did something and how, as it ends a sentence of a log entry. */
export function byWhom({ name, via }: Actor): string {
  switch (via) {
    case 'api':
      // The words of the specified system.
      return 'via API'
    case 'console':
      return `by ${name} in the console`
    case 'command line':
      return `by ${name} on the command line`
    case 'engine':
      return 'by the console itself'
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

function statusText(status: number | null): string {
  return status === null ? '' : ` (HTTP status code ${status})`
}

/** Why an integration stopped itself after an outage. */
export function outageReason(outage: OutageRecord, restarts: boolean): string {
  const minutes = Math.max(1, Math.round(outage.possibleMs / 60_000))
  const attempts = outage.count === 1 ? '1 attempt' : `${outage.count.toLocaleString('en-US')} attempts`
  const next = restarts ? 'It starts again by itself when the target answers.' : 'Start it again when the target works.'
  return (
    `Stopped because nothing could be delivered for ${minutes} minutes: ${attempts} failed in a row, the first at ${iso(outage.since)}, ` +
    `the last at ${iso(outage.lastAt)} with ${outage.lastCode}${statusText(outage.lastStatus)}. ` +
    `${attemptErrors[outage.lastCode]} Nothing is lost. ${next}`
  )
}

/** Why an integration stopped at once. */
export function goneReason(outage: OutageRecord): string {
  return (
    `Stopped at ${iso(outage.lastAt)} because of ${outage.lastCode}${statusText(outage.lastStatus)}. ${attemptErrors[outage.lastCode]} ` +
    'Nothing is lost: the events wait. Change the target, or start the integration again if the answer was a mistake.'
  )
}

/** What a log entry says of an attempt. */
export interface FailedAttempt {
  readonly startedAt: EpochMs
  readonly findings: AttemptFindings
}

/** A burst of retries, in the words of the specified system. */
export function retryReason(address: string, last: FailedAttempt, count: number, since: number): string {
  const { errorCode, statusCode } = last.findings
  const sentence = errorCode === null ? '' : attemptErrors[errorCode]
  const attempts = count === 1 ? '1 attempt is' : `${count.toLocaleString('en-US')} attempts since ${iso(since)} are`
  return `Request to URL ${address} failed. Reason: ${errorCode}${statusText(statusCode)}. ${sentence} ${attempts} tried again.`
}
