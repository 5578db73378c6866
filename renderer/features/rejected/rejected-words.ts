import type { RejectedEvent, RejectReason } from '@shared/domain'
import { failureText } from '../attempts/attempt-words'

const reasons: Readonly<Record<RejectReason, string>> = {
  rejected_by_receiver: 'Refused by the receiver',
  delivery_window_exceeded: 'Failed for the whole delivery window',
}

/** Why an event was rejected, in a few words. */
export function reasonText({ reason, errorCode, statusCode }: RejectedEvent): string {
  return reason === 'rejected_by_receiver'
    ? `${reasons[reason]}${statusCode === null ? '' : ` (${statusCode})`}`
    : `${reasons[reason]}, last: ${failureText(errorCode, statusCode)}`
}
