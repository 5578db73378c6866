import type { IntegrationSummary } from '@shared/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { toastError, toastSuccess } from '../../ui/toast'

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

export function useDeletion(onDeleted: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => call('integrations.delete', { id }),
    onSuccess: (_, id) => {
      toastSuccess(`Integration ${id} was deleted`)
      onDeleted()
      return client.invalidateQueries({ queryKey: keys.integrationList })
    },
  })
}
