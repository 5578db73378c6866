import type { Resend, ResendFilter } from '@shared/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { toastError } from '../../ui/toast'

export type ResendChange = 'pause' | 'resume' | 'cancel'

/** Starts a re-send of an integration. */
export function useStartResend(id: string, onStarted: (resend: Resend) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (filter: ResendFilter) => call('resends.start', { id, filter }),
    onSuccess: (resend) => {
      onStarted(resend)
      return client.invalidateQueries({ queryKey: keys.resends })
    },
  })
}

/** Pauses, resumes or cancels a re-send. */
export function useResendChange({ id }: Resend) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (change: ResendChange) => call(`resends.${change}`, { resendId: id }),
    onError: (error) => toastError('The re-send could not be changed', sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.resends }),
  })
}
