import type { Integration, S3Target, Target } from '@shared/domain'
import { formatDate } from '../../ui/format'

export function typeText({ integrationType, endsAt }: Integration): string {
  if (integrationType === 'permanent') return 'Permanent'
  return endsAt === null ? 'Temporary' : `Temporary to ${formatDate(endsAt)}`
}

/** Why a paused integration does not run; null for an active one. */
export function pausedBecause({ stopCause }: Integration): string | null {
  switch (stopCause) {
    case null:
      return null
    case 'operator':
      return 'by operator'
    case 'failure':
      return 'after failures'
    case 'ended':
      return 'ended'
  }
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
