import { queryOptions } from '@tanstack/react-query'
import { call } from '../bridge/client'
import { keys } from './keys'

export const infoQuery = queryOptions({ queryKey: keys.info, queryFn: () => call('app.info', {}) })

export const integrationListQuery = queryOptions({
  queryKey: keys.integrationList,
  queryFn: () => call('integrations.list', {}),
})

export const integrationQuery = (id: string) =>
  queryOptions({ queryKey: keys.integration(id), queryFn: () => call('integrations.get', { id }) })

export const attemptQuery = (id: string, attemptId: number) =>
  queryOptions({ queryKey: keys.attempt(id, attemptId), queryFn: () => call('attempts.get', { id, attemptId }) })

export const figuresQuery = queryOptions({ queryKey: keys.figures, queryFn: () => call('events.figures', {}) })

export const importListQuery = queryOptions({ queryKey: keys.importList, queryFn: () => call('imports.list', {}) })

export const importProblemsQuery = (importId: number) =>
  queryOptions({
    queryKey: keys.importProblems(importId),
    queryFn: () => call('imports.problems', { importId }),
  })

export const inboxStatusQuery = queryOptions({ queryKey: keys.inboxStatus, queryFn: () => call('inbox.status', {}) })

export const inboxListQuery = queryOptions({ queryKey: keys.inboxList, queryFn: () => call('inbox.list', {}) })

/** A received request never changes, so it is asked for once. */
export const inboxRequestQuery = (no: number) =>
  queryOptions({
    queryKey: keys.inboxRequest(no),
    queryFn: () => call('inbox.get', { no }),
    staleTime: Number.POSITIVE_INFINITY,
  })
