import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { toastError } from '../../ui/toast'

/** Starts an import of each file; those that cannot be read are reported one by one. */
export function useStartImports(): (paths: readonly string[]) => void {
  const client = useQueryClient()
  return useCallback(
    (paths) => {
      for (const path of paths) {
        call('imports.start', { path })
          .catch((error: unknown) => toastError(`${path} was not imported`, sentenceOf(error)))
          .finally(() => void client.invalidateQueries({ queryKey: keys.imports }))
      }
    },
    [client],
  )
}

/** Lets the operator choose files; goes to the list of imports when one was chosen. */
export function useChooseImports() {
  const client = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => call('imports.choose', {}),
    onSuccess: ({ jobs }) => {
      void client.invalidateQueries({ queryKey: keys.imports })
      if (jobs.length > 0) void navigate({ to: '/imports' })
    },
    onError: (error) => toastError('The import could not be started', sentenceOf(error)),
  })
}

export function useCancelImport(importId: number) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call('imports.cancel', { importId }),
    onError: (error) => toastError('The import could not be cancelled', sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.imports }),
  })
}
