import type { Resend, ResendFilter } from '@shared/domain'
import { countOf, formatDateTime, formatNumber } from '../../ui/format'

/** What a re-send takes, in words. */
export function resendText(filter: ResendFilter): string {
  switch (filter.kind) {
    case 'attempt':
      return 'One event'
    case 'events':
      return countOf(filter.eventIds.length, 'chosen event')
    case 'rejected':
      return `Rejected events${fieldsText(filter)}${filter.from === undefined ? '' : ` from ${formatDateTime(filter.from)}`}`
    case 'range':
      return `Events published from ${formatDateTime(filter.from)} to ${formatDateTime(filter.to)}${fieldsText(filter)}`
  }
}

function fieldsText({
  eventName,
  domainEntityId,
}: {
  readonly eventName?: string | undefined
  readonly domainEntityId?: string | undefined
}): string {
  return `${eventName === undefined ? '' : ` of type ${eventName}`}${domainEntityId === undefined ? '' : ` of ${domainEntityId}`}`
}

/** Events that a re-send is done with. */
export function handledOf({ succeeded, failed, skipped }: Resend): number {
  return succeeded + failed + skipped
}

/** What became of the events of a re-send so far. */
export function progressText(resend: Resend): string {
  const { succeeded, failed, skipped, total } = resend
  const parts = [
    `${formatNumber(handledOf(resend))} of ${formatNumber(total)}`,
    succeeded > 0 && `${formatNumber(succeeded)} delivered`,
    failed > 0 && `${formatNumber(failed)} failed`,
    skipped > 0 && `${formatNumber(skipped)} skipped`,
  ]
  return parts.filter(Boolean).join(', ')
}
