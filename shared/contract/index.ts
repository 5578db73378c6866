import { z } from 'zod'
import type {
  Alert,
  AppInfo,
  Attempt,
  AttemptDetail,
  AuditCheck,
  AuditEntry,
  EntityStory,
  EpochMs,
  EventsMatching,
  ExportJob,
  ImportJob,
  ImportProblem,
  InboxRequest,
  InboxRequestDetail,
  InboxStatus,
  Integration,
  IntegrationCounts,
  IntegrationSummary,
  LogEntry,
  LogFigures,
  MinuteCount,
  RejectedEvent,
  Resend,
  SecretProtection,
  Settings,
} from '../domain'
import {
  eventName,
  integrationId,
  integrationUpdate,
  newIntegrationNow,
  selection,
  targetPatch,
} from '../schemas/integration'
import { settingsUpdate } from '../schemas/settings'
import type { TargetTest } from '../target-test'

/** `tools:view` is the specification's *View tools*; who holds it may also manage, unless a policy splits the two. */
export type Permission = 'tools:view' | 'tools:manage'

export interface CallSpec<I extends z.ZodType, O> {
  readonly permission: Permission
  readonly input: I
  /** Carries the type only; never present at run time. */
  readonly output?: O
}

const view =
  <O>() =>
  <I extends z.ZodType>(input: I): CallSpec<I, O> => ({
    permission: 'tools:view',
    input,
  })
const manage =
  <O>() =>
  <I extends z.ZodType>(input: I): CallSpec<I, O> => ({
    permission: 'tools:manage',
    input,
  })

const nothing = z.strictObject({})
const byId = z.strictObject({ id: integrationId })
const epochMs = z.number().int().min(0).max(8.64e15)

/** A keyset position: opaque to callers, made by the answer before it. */
export const pageCursor = z
  .string()
  .max(64)
  .regex(/^\d+\.\d+(\.\d+)?$/)
export const PAGE_LIMIT_MAX = 500

const page = {
  after: pageCursor.nullish(),
  limit: z.number().int().min(1).max(PAGE_LIMIT_MAX).default(100),
}

/** Rows of a list, newest first; `next` is the cursor of the page after it, null at the end. */
export interface Page<T> {
  readonly rows: readonly T[]
  readonly next: string | null
}

export const attemptFilter = z.strictObject({
  /** Exact match. */
  domainEntityId: z.string().max(200).optional(),
  outcome: z.enum(['success', 'failure']).optional(),
  /** Limits on the time of the attempt: from inclusive, to exclusive. */
  from: epochMs.optional(),
  to: epochMs.optional(),
  eventName: eventName.optional(),
  /** Part of an event ID, of a domain entity ID or of an event type; small and capital letters are alike. */
  text: z.string().min(1).max(200).optional(),
})
export type AttemptFilter = z.infer<typeof attemptFilter>

/** A page of attempts. */
export interface AttemptPage extends Page<Attempt> {
  /**
   * With `eventName` or `text` every attempt has to be looked at, so one call looks at a bounded number of them and may answer
   * with few rows or none although there are more: up to this time of an attempt it has looked. Null when nothing was left out.
   */
  readonly searchedTo: EpochMs | null
}

const eventFields = {
  eventName: eventName.optional(),
  domainEntityId: z.string().min(1).max(200).optional(),
}
const idList = z.array(z.uuid()).min(1).max(1000).readonly()

/** What to send again. */
export const resendFilter = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('attempt'), attemptId: z.number().int().positive() }),
  z.strictObject({ kind: z.literal('events'), eventIds: idList }),
  z.strictObject({ kind: z.literal('rejected'), from: epochMs.optional(), to: epochMs.optional(), ...eventFields }),
  z.strictObject({ kind: z.literal('range'), from: epochMs, to: epochMs, ...eventFields }),
])

/** Rejected events that match every given field: what `resends.start` takes too. */
export const rejectedFilter = z.strictObject({ from: epochMs.optional(), to: epochMs.optional(), ...eventFields })
export type RejectedFilter = z.infer<typeof rejectedFilter>

export const logFilter = z.strictObject({
  actions: z
    .array(z.enum(['integration_started', 'integration_stopped', 'retry_triggered']))
    .min(1)
    .optional(),
  /** Part of the reason; small and capital letters are alike. */
  text: z.string().min(1).max(200).optional(),
  from: epochMs.optional(),
  to: epochMs.optional(),
})
export type LogFilter = z.infer<typeof logFilter>

/** A list to be exported, with the filter that it is shown with. */
export const exportSource = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('attempts'), id: integrationId, filter: attemptFilter }),
  z.strictObject({ kind: z.literal('rejected'), id: integrationId, filter: rejectedFilter }),
  z.strictObject({ kind: z.literal('logs'), id: integrationId, filter: logFilter }),
])
export type ExportSource = z.infer<typeof exportSource>

/** Longest time that `integrations.minutes` answers for. */
export const MINUTES_MAX = 7 * 24 * 60

const byResend = z.strictObject({ resendId: z.number().int().positive() })

/** Every call that a window, the command line or a later API can make. The name is the only channel string there is. */
export const contract = {
  'app.info': view<AppInfo>()(nothing),
  'secrets.consent': manage<{ readonly protection: SecretProtection }>()(nothing),

  'integrations.list': view<{
    readonly rows: readonly IntegrationSummary[]
    readonly counts: IntegrationCounts
  }>()(nothing),
  'integrations.get': view<IntegrationSummary>()(byId),
  'integrations.create': manage<Integration>()(newIntegrationNow),
  'integrations.update': manage<Integration>()(integrationUpdate),
  'integrations.start': manage<Integration>()(byId),
  'integrations.stop': manage<Integration>()(byId),
  /** Hides it at once; within ten seconds `integrations.restore` takes it back. */
  'integrations.delete': manage<Record<string, never>>()(byId),
  'integrations.restore': manage<Integration>()(byId),
  /** What was attempted in each minute; minutes without an attempt are left out. Without `id` of every integration. */
  'integrations.minutes': view<{
    readonly rows: readonly { readonly id: string; readonly minutes: readonly MinuteCount[] }[]
  }>()(
    z
      .strictObject({ id: integrationId.optional(), from: epochMs, to: epochMs })
      .refine(({ from, to }) => to > from && to - from <= MINUTES_MAX * 60_000, 'At most seven days at a time.'),
  ),
  'integrations.logs': view<Page<LogEntry>>()(
    z.strictObject({ id: integrationId, filter: logFilter.optional(), ...page }),
  ),
  'integrations.rejected': view<Page<RejectedEvent>>()(
    z.strictObject({ id: integrationId, filter: rejectedFilter.optional(), ...page }),
  ),

  /** *Test target*, before a target is saved; with `id`, what is left out is that of the saved integration. */
  'targets.test': manage<TargetTest>()(
    z.strictObject({ target: targetPatch, id: integrationId.optional(), sendTestEvent: z.boolean().default(false) }),
  ),

  /** How many events a re-send would take. */
  'resends.preview': view<{ readonly count: number }>()(z.strictObject({ id: integrationId, filter: resendFilter })),
  'resends.start': manage<Resend>()(z.strictObject({ id: integrationId, filter: resendFilter })),
  'resends.list': view<{ readonly rows: readonly Resend[] }>()(byId),
  'resends.pause': manage<Resend>()(byResend),
  'resends.resume': manage<Resend>()(byResend),
  'resends.cancel': manage<Resend>()(byResend),
  /** Takes rejected events off the list for good; the counters keep them. */
  'rejected.delete': manage<{ readonly deleted: number }>()(
    z.strictObject({ id: integrationId, eventIds: z.union([z.literal('all'), idList]) }),
  ),

  'alerts.list': view<Page<Alert>>()(z.strictObject({ ...page })),
  'alerts.unseen': view<{ readonly count: number }>()(nothing),
  'alerts.seen': manage<Record<string, never>>()(z.strictObject({ upTo: z.number().int().positive() })),
  'audit.list': view<Page<AuditEntry>>()(z.strictObject({ ...page })),
  'audit.verify': view<AuditCheck>()(nothing),
  'settings.get': view<Settings>()(nothing),
  'settings.update': manage<Settings>()(settingsUpdate),

  'attempts.list': view<AttemptPage>()(z.strictObject({ id: integrationId, filter: attemptFilter, ...page })),
  'attempts.get': view<AttemptDetail>()(
    z.strictObject({
      id: integrationId,
      attemptId: z.number().int().positive(),
      /** Which event of an S3 batch. */
      seq: z.number().int().positive().optional(),
    }),
  ),

  /** All events of one domain entity and what every integration did with them. */
  'entities.story': view<EntityStory>()(z.strictObject({ domainEntityId: z.string().min(1).max(200) })),

  /** Asks where to with the system's dialog and starts an export there; null when the dialog was closed. A copy of what may be viewed. */
  'exports.choose': view<{ readonly job: ExportJob | null }>()(
    z.strictObject({ source: exportSource, format: z.enum(['csv', 'ndjson']) }),
  ),
  'exports.cancel': view<ExportJob>()(z.strictObject({ exportId: z.number().int().positive() })),
  'exports.list': view<{ readonly rows: readonly ExportJob[] }>()(nothing),

  'events.figures': view<LogFigures>()(nothing),
  /** How much of the last 24 hours a selection would have taken. */
  'events.matching': view<EventsMatching>()(z.strictObject({ selection })),

  /** Opens the system's file dialog and starts an import of each chosen file. */
  'imports.choose': manage<{ readonly jobs: readonly ImportJob[] }>()(nothing),
  'imports.start': manage<ImportJob>()(z.strictObject({ path: z.string().min(1).max(4096) })),
  'imports.cancel': manage<ImportJob>()(z.strictObject({ importId: z.number().int().positive() })),
  'imports.list': view<{ readonly rows: readonly ImportJob[] }>()(nothing),
  'imports.problems': view<{ readonly rows: readonly ImportProblem[] }>()(
    z.strictObject({ importId: z.number().int().positive() }),
  ),

  'inbox.status': view<InboxStatus>()(nothing),
  'inbox.start': manage<InboxStatus>()(nothing),
  'inbox.stop': manage<InboxStatus>()(nothing),
  'inbox.clear': manage<InboxStatus>()(nothing),
  'inbox.list': view<{
    readonly rows: readonly InboxRequest[]
    readonly total: number
  }>()(nothing),
  'inbox.get': view<InboxRequestDetail>()(z.strictObject({ no: z.number().int().positive() })),
} as const

export type Contract = typeof contract
export type CallName = keyof Contract
/** What a caller gives: defaults may be left out. */
export type Input<N extends CallName> = z.input<Contract[N]['input']>
/** What a handler gets, after the schema. */
export type Parsed<N extends CallName> = z.output<Contract[N]['input']>
export type Output<N extends CallName> = NonNullable<Contract[N]['output']>

export const callNames = Object.keys(contract) as readonly CallName[]

/** Every message that goes from the main process to windows. */
export interface Events {
  /** Data changed: what is shown of these topics is out of date. At most one per 100 ms. */
  changed: readonly Topic[]
  /** A menu entry or a second start asks the window to go somewhere. */
  navigate: { readonly to: string }
  /** Something the operator should know that no call of theirs caused. */
  notice: {
    readonly code: import('../errors').ErrorCode
    readonly message: string
  }
  /** An alert was raised. */
  alert: Alert
}
export type EventName = keyof Events
export const eventNames = ['changed', 'navigate', 'notice', 'alert'] as const satisfies readonly EventName[]

export type Topic =
  | 'integrations'
  | 'attempts'
  | 'rejected'
  | 'logs'
  | 'events'
  | 'imports'
  | 'inbox'
  | 'secrets'
  | 'resends'
  | 'alerts'
  | 'settings'
  | 'exports'
