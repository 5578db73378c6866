import type { IntegrationSummary } from '@shared/domain'
import { sentenceOf } from '../../bridge/client'
import { ConfirmDialog } from '../../ui/confirm-dialog'
import { countOf } from '../../ui/format'
import { useDeletion } from './use-actions'

interface Props {
  readonly integration: IntegrationSummary
  readonly onClose: () => void
}

export function DeleteDialog({ integration, onClose }: Props) {
  const deletion = useDeletion(onClose)
  const { id, rejected, backlog } = integration
  return (
    <ConfirmDialog
      open
      title={`Delete integration ${id}?`}
      confirmLabel="Delete integration"
      pending={deletion.isPending}
      error={deletion.isError ? sentenceOf(deletion.error) : undefined}
      onCancel={onClose}
      onConfirm={() => deletion.mutate(id)}
    >
      <p>
        Delivery stops, and its attempts, its logs and its{' '}
        {rejected === 0 ? 'rejected events' : countOf(rejected, 'rejected event')} are removed. This cannot be undone.
      </p>
      {backlog > 0 && (
        <p>
          {countOf(backlog, 'event')} in its backlog will not be delivered. The events themselves stay in the event log.
        </p>
      )}
    </ConfirmDialog>
  )
}
