import type { AttemptFilter, LogFilter, RejectedFilter } from '@shared/contract'
import type { ResendFilter } from '@shared/domain'

/** Every key of cached data. A key that starts with another one is made stale together with it. */
export const keys = {
  info: ['info'],
  integrations: ['integrations'],
  integrationList: ['integrations', 'list'],
  integration: (id: string) => ['integrations', 'one', id],
  attemptDetails: ['attempt'],
  attempt: (id: string, attemptId: number, seq: number | undefined) => ['attempt', id, attemptId, seq],
  story: (domainEntityId: string) => ['story', domainEntityId],
  minutes: ['minutes'],
  attemptFeed: (id: string, filter: AttemptFilter, period: string | undefined) => ['attempt-feed', id, filter, period],
  rejectedFeed: (id: string, filter: RejectedFilter, period: string | undefined) => [
    'rejected-feed',
    id,
    filter,
    period,
  ],
  logFeed: (id: string, filter: LogFilter, period: string | undefined) => ['log-feed', id, filter, period],
  resends: ['resends'],
  resendList: (id: string) => ['resends', id],
  resendPreview: (id: string, filter: ResendFilter) => ['resend-preview', id, filter],
  alerts: ['alerts'],
  unseenAlerts: ['alerts', 'unseen'],
  alertFeed: ['alert-feed'],
  auditFeed: ['audit-feed'],
  settings: ['settings'],
  exports: ['exports'],
  figures: ['figures'],
  imports: ['imports'],
  importList: ['imports', 'list'],
  importProblems: (importId: number) => ['imports', 'problems', importId],
  inbox: ['inbox'],
  inboxStatus: ['inbox', 'status'],
  inboxList: ['inbox', 'list'],
  inboxRequest: (no: number) => ['inbox-request', no],
} as const
