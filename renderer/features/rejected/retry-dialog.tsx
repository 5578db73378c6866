import type { ResendFilter } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { sentenceOf } from '../../bridge/client'
import { resendPreviewQuery } from '../../query/queries'
import { ConfirmDialog } from '../../ui/confirm-dialog'
import { countOf } from '../../ui/format'
import { Spinner } from '../../ui/spinner'
import { toastSuccess } from '../../ui/toast'
import { useStartResend } from '../resends/use-resends'

interface Props {
  readonly id: string
  readonly filter: ResendFilter
  /** What is about to be sent, e.g. `the 3 chosen events`. */
  readonly what: string
  readonly onClose: () => void
  readonly onStarted: () => void
}

/** Says how many events a re-send takes before it begins. */
export function RetryDialog({ id, filter, what, onClose, onStarted }: Props) {
  const preview = useQuery(resendPreviewQuery(id, filter))
  const start = useStartResend(id, (resend) => {
    toastSuccess(`${countOf(resend.total, 'event is', 'events are')} sent again`)
    onStarted()
  })
  const count = preview.data?.count
  const failure = start.error ?? preview.error
  return (
    <ConfirmDialog
      open
      title="Send rejected events again?"
      confirmLabel={count === undefined ? 'Send again' : `Send ${countOf(count, 'event')} again`}
      confirmVariant="primary"
      pending={start.isPending || preview.isPending}
      disabled={count === 0}
      error={failure === null ? undefined : sentenceOf(failure)}
      onCancel={onClose}
      onConfirm={() => start.mutate(filter)}
    >
      {count === undefined ? (
        <p>
          {preview.isPending && <Spinner />} Counting {what}…
        </p>
      ) : count === 0 ? (
        <p>No rejected event matches any more.</p>
      ) : (
        <>
          <p>
            {countOf(count, 'event')}: {what}. An event that the receiver takes now leaves this list; one that it
            refuses again stays.
          </p>
          <p>The re-send works next to the stream and can be paused or cancelled.</p>
        </>
      )}
    </ConfirmDialog>
  )
}
