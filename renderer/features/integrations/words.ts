import { attemptErrors } from '@shared/attempt-errors'
import type { EpochMs, Integration, IntegrationSummary, MinuteCount, S3Target, Target } from '@shared/domain'
import { countOf, formatDate, formatDateTime, formatNumber, formatRelative, formatSpan } from '../../ui/format'

export function typeText({ integrationType, endsAt }: Integration): string {
  if (integrationType === 'permanent') return 'Permanent'
  return endsAt === null ? 'Temporary' : `Temporary to ${formatDate(endsAt)}`
}

/** How long a temporary integration still takes events, or that it takes none any more; null for a permanent one. */
export function timeLeft({ endsAt, stopCause }: Integration, now: EpochMs): string | null {
  if (endsAt === null) return null
  if (stopCause === 'ended') return 'ended'
  return endsAt > now ? `${formatSpan(endsAt - now)} left` : 'end date passed'
}

/** Why a paused integration does not run, in two or three words; null for an active one. */
export function pausedBecause({ stopCause, restartPending }: Integration): string | null {
  switch (stopCause) {
    case null:
      return null
    case 'operator':
      return 'by operator'
    case 'failure':
      return restartPending ? 'after failures, restarts' : 'after failures'
    case 'ended':
      return 'ended'
  }
}

/** The same as a sentence that says what happens next. */
export function pausedSentence(integration: Integration): string | null {
  const { stopCause, restartPending, endsAt } = integration
  switch (stopCause) {
    case null:
      return null
    case 'operator':
      return 'Paused by an operator. It goes on where it was when it is activated.'
    case 'failure':
      return restartPending
        ? 'Stopped after failures. It tries its target now and then, and starts again by itself when the target answers.'
        : 'Stopped after failures. Find the cause, then activate it: it goes on where it was.'
    case 'ended':
      return `Ended: every event before ${endsAt === null ? 'its end date' : formatDateTime(endsAt)} is settled. It cannot be started again.`
  }
}

/** What an operator has to know of an integration beyond its figures. */
export interface Note {
  readonly tone: 'danger' | 'warning' | 'neutral'
  readonly text: string
}

/** Remarks on an integration, the most urgent first. */
export function notesOf(integration: IntegrationSummary, now: EpochMs): readonly Note[] {
  const { outage, status, expired } = integration
  const notes: Note[] = []
  const paused = pausedSentence(integration)
  if (outage !== null && (status === 'running' || integration.restartPending)) {
    const probe =
      outage.nextProbeAt === null
        ? ''
        : outage.nextProbeAt > now
          ? `, next probe ${formatRelative(outage.nextProbeAt, now)}`
          : ', probing now'
    const code = outage.lastStatus === null ? '' : `${outage.lastStatus}: `
    notes.push({
      tone: 'danger',
      text: `Nothing gets through since ${formatDateTime(outage.since)}${probe}. ${code}${attemptErrors[outage.lastCode]}`,
    })
  }
  if (paused !== null && integration.stopCause !== 'operator') {
    notes.push({ tone: integration.stopCause === 'failure' ? 'danger' : 'neutral', text: paused })
  }
  if (expired > 0) {
    notes.push({
      tone: 'warning',
      text: `${countOf(expired, 'event was', 'events were')} too old to be delivered: ${expired === 1 ? 'it' : 'they'} left the event log while the integration was paused.`,
    })
  }
  return notes
}

/** What each kind of target is called and where it delivers to. */
export function targetText(target: Target): {
  readonly kind: string
  readonly place: string
  readonly address: string
} {
  switch (target.kind) {
    case 'webhook':
      return { kind: 'Webhook', place: hostOf(target.callbackUrl), address: target.callbackUrl }
    case 's3':
      return { kind: 'S3', place: target.bucket, address: s3Address(target) }
  }
}

function s3Address({ bucket, keyPrefix, region, endpoint }: S3Target): string {
  const path = keyPrefix === '' ? bucket : `${bucket}/${keyPrefix}`
  return `s3://${path} (${endpoint ?? region})`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** The sums of a health strip. */
export function healthOf(minutes: readonly MinuteCount[] | undefined): {
  readonly delivered: number
  readonly failed: number
} {
  let delivered = 0
  let failed = 0
  for (const minute of minutes ?? []) {
    delivered += minute.delivered
    failed += minute.failed
  }
  return { delivered, failed }
}

/** What a health strip shows, in words. */
export function healthText(minutes: readonly MinuteCount[] | undefined): string {
  const { delivered, failed } = healthOf(minutes)
  if (delivered + failed === 0) return 'Idle for the last 60 minutes'
  const of = failed === 0 ? 'no failure' : countOf(failed, 'failure')
  return `Last 60 minutes: ${formatNumber(delivered)} delivered, ${of}`
}

/** True when an integration is what a search in the list means: its ID, target or one of its events. */
export function listMatches(integration: Integration, search: string): boolean {
  const { id, selection, target } = integration
  const { kind, address } = targetText(target)
  const texts = [id, kind, address, ...selection.entities, ...selection.events]
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => texts.some((text) => text.toLowerCase().includes(word)))
}
