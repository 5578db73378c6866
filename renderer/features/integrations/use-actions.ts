import type { IntegrationSummary } from '@shared/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { integrationListQuery } from '../../query/queries'
import { toastError, toastOffer } from '../../ui/toast'

/** How long the offer to undo a deletion stands: a little less than the engine waits, so that Undo never comes too late. */
const UNDO_MS = 9_500

/** Starts or stops an integration; the switch shows where it goes until the answer is there. */
export function useActivation({ id }: IntegrationSummary) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (active: boolean) => call(active ? 'integrations.start' : 'integrations.stop', { id }),
    onError: (error, active) =>
      toastError(active ? `${id} could not be activated` : `${id} could not be paused`, sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.integrations }),
  })
}

/** Deletes at once and offers to take it back. */
export function useDeletion() {
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: keys.integrations })
  const restore = async (id: string) => {
    try {
      await call('integrations.restore', { id })
    } catch (error) {
      toastError(`${id} could not be brought back`, sentenceOf(error))
    }
    await refresh()
  }
  return useMutation({
    mutationFn: ({ id }: IntegrationSummary) => call('integrations.delete', { id }),
    onMutate: ({ id }) => {
      // The row goes at once; the answer of the list that follows says whether that was right.
      client.setQueryData(
        integrationListQuery.queryKey,
        (list) => list && { ...list, rows: list.rows.filter((row) => row.id !== id) },
      )
    },
    onSuccess: (_, { id, backlog, rejected }) => {
      toastOffer({
        title: `${id} was deleted`,
        description: lossOf(backlog, rejected),
        action: 'Undo',
        timeoutMs: UNDO_MS,
        strict: true,
        onAction: () => void restore(id),
      })
    },
    onError: (error, { id }) => toastError(`${id} could not be deleted`, sentenceOf(error)),
    onSettled: refresh,
  })
}

function lossOf(backlog: number, rejected: number): string {
  const parts = [
    backlog > 0 && `${backlog.toLocaleString()} undelivered`,
    rejected > 0 && `${rejected.toLocaleString()} rejected`,
  ].filter(Boolean)
  return parts.length === 0
    ? 'Its attempts and logs go with it.'
    : `Its attempts, logs and ${parts.join(' and ')} events go with it.`
}
