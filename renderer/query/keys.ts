import type { AttemptFilter } from '@shared/contract'

/** Every key of cached data. A key that starts with another one is made stale together with it. */
export const keys = {
  info: ['info'],
  integrations: ['integrations'],
  integrationList: ['integrations', 'list'],
  integration: (id: string) => ['integrations', 'one', id],
  attemptDetails: ['attempt'],
  attempt: (id: string, attemptId: number) => ['attempt', id, attemptId],
  attemptFeed: (id: string, filter: AttemptFilter, period: string | undefined) => ['attempt-feed', id, filter, period],
  rejectedFeed: (id: string) => ['rejected-feed', id],
  logFeed: (id: string) => ['log-feed', id],
  figures: ['figures'],
  matchings: ['matching'],
  matching: (selection: string) => ['matching', selection],
  imports: ['imports'],
  importList: ['imports', 'list'],
  importProblems: (importId: number) => ['imports', 'problems', importId],
  inbox: ['inbox'],
  inboxStatus: ['inbox', 'status'],
  inboxList: ['inbox', 'list'],
  inboxRequest: (no: number) => ['inbox-request', no],
} as const
