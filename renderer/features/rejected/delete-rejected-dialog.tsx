import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { ConfirmDialog } from '../../ui/confirm-dialog'
import { countOf } from '../../ui/format'
import { toastSuccess } from '../../ui/toast'

interface Props {
  readonly id: string
  readonly eventIds: readonly string[] | 'all'
  readonly onClose: () => void
  readonly onDeleted: () => void
}

/** Takes rejected events off the list for good. */
export function DeleteRejectedDialog({ id, eventIds, onClose, onDeleted }: Props) {
  const client = useQueryClient()
  const deletion = useMutation({
    mutationFn: () => call('rejected.delete', { id, eventIds }),
    onSuccess: ({ deleted }) => {
      toastSuccess(`${countOf(deleted, 'rejected event')} deleted`)
      onDeleted()
      return client.invalidateQueries({ queryKey: keys.integrations })
    },
  })
  const what = eventIds === 'all' ? 'all rejected events' : countOf(eventIds.length, 'rejected event')
  return (
    <ConfirmDialog
      open
      title={`Delete ${what}?`}
      confirmLabel="Delete"
      pending={deletion.isPending}
      error={deletion.isError ? sentenceOf(deletion.error) : undefined}
      onCancel={onClose}
      onConfirm={() => deletion.mutate()}
    >
      <p>
        {eventIds.length === 1
          ? 'It leaves this list for good and is not sent again. The counters keep it, and the event itself stays in the event log as long as that keeps events.'
          : 'They leave this list for good and are not sent again. The counters keep them, and the events themselves stay in the event log as long as that keeps events.'}
      </p>
    </ConfirmDialog>
  )
}
