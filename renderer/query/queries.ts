import type { ResendFilter } from '@shared/domain'
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

/** @param seq which event of an S3 batch; undefined for a webhook */
export const attemptQuery = (id: string, attemptId: number, seq: number | undefined) =>
  queryOptions({
    queryKey: keys.attempt(id, attemptId, seq),
    queryFn: () => call('attempts.get', { id, attemptId, ...(seq === undefined ? {} : { seq }) }),
  })

const STORY_EVERY_MS = 3_000

export const storyQuery = (domainEntityId: string) =>
  queryOptions({
    queryKey: keys.story(domainEntityId),
    queryFn: () => call('entities.story', { domainEntityId }),
    // Not with every change: a long story is a costly query.
    refetchInterval: STORY_EVERY_MS,
  })

/** Minutes of the health strips. */
export const HEALTH_MINUTES = 60
const MINUTE = 60_000

/** What every integration attempted in the last hour, by its id. The strip moves on although nothing is attempted. */
export const minutesQuery = queryOptions({
  queryKey: keys.minutes,
  queryFn: async () => {
    const to = (Math.floor(Date.now() / MINUTE) + 1) * MINUTE
    const { rows } = await call('integrations.minutes', { from: to - HEALTH_MINUTES * MINUTE, to })
    return { to, byId: Object.fromEntries(rows.map((row) => [row.id, row.minutes])) }
  },
  refetchInterval: MINUTE / 2,
})

export const resendListQuery = (id: string) =>
  queryOptions({ queryKey: keys.resendList(id), queryFn: () => call('resends.list', { id }) })

/** A count that is asked for when it is about to be acted on, so never an old one. */
export const resendPreviewQuery = (id: string, filter: ResendFilter) =>
  queryOptions({
    queryKey: keys.resendPreview(id, filter),
    queryFn: () => call('resends.preview', { id, filter }),
    gcTime: 0,
  })

export const unseenAlertsQuery = queryOptions({
  queryKey: keys.unseenAlerts,
  queryFn: () => call('alerts.unseen', {}),
})

export const settingsQuery = queryOptions({ queryKey: keys.settings, queryFn: () => call('settings.get', {}) })

export const exportListQuery = queryOptions({ queryKey: keys.exports, queryFn: () => call('exports.list', {}) })

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
