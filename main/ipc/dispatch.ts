import { userInfo } from 'node:os'
import { type CallName, contract, type Input, type Output, type Parsed, type Permission } from '../../shared/contract'
import { AppError, type Result, toErrorInfo } from '../../shared/errors'
import type { EngineCall } from '../engine/engine'
import type { ExportCall } from '../host/exports'
import type { Host } from '../host/host'
import type { Actor } from '../store/audit'
import type { ReaderCall as QueryCall } from '../store/queries'

/** The calls that the reader thread answers. */
type ReaderCall = QueryCall | ExportCall
/** The calls that the main thread answers itself. */
export type MainCall = Exclude<CallName, EngineCall | ReaderCall>
export type MainHandlers = { readonly [K in MainCall]: (input: Parsed<K>) => Promise<Output<K>> }

/** Which thread answers a call. A call that is missing here does not compile. */
const place: { readonly [K in CallName]: K extends EngineCall ? 'engine' : K extends ReaderCall ? 'reader' : 'main' } =
  {
    'app.info': 'main',
    'secrets.consent': 'main',
    'imports.choose': 'main',
    'exports.choose': 'main',
    'exports.cancel': 'reader',
    'exports.list': 'reader',
    'integrations.list': 'reader',
    'integrations.get': 'reader',
    'integrations.create': 'engine',
    'integrations.update': 'engine',
    'integrations.start': 'engine',
    'integrations.stop': 'engine',
    'integrations.delete': 'engine',
    'integrations.restore': 'engine',
    'integrations.minutes': 'reader',
    'integrations.logs': 'reader',
    'integrations.rejected': 'reader',
    'targets.test': 'engine',
    'resends.preview': 'reader',
    'resends.start': 'engine',
    'resends.list': 'reader',
    'resends.pause': 'engine',
    'resends.resume': 'engine',
    'resends.cancel': 'engine',
    'rejected.delete': 'engine',
    'alerts.list': 'reader',
    'alerts.unseen': 'reader',
    'alerts.seen': 'engine',
    'audit.list': 'reader',
    'audit.verify': 'reader',
    'settings.get': 'engine',
    'settings.update': 'engine',
    'attempts.list': 'reader',
    'attempts.get': 'reader',
    'entities.story': 'reader',
    'events.figures': 'reader',
    'events.matching': 'reader',
    'imports.start': 'engine',
    'imports.cancel': 'engine',
    'imports.list': 'reader',
    'imports.problems': 'reader',
    'inbox.status': 'engine',
    'inbox.start': 'engine',
    'inbox.stop': 'engine',
    'inbox.clear': 'engine',
    'inbox.list': 'engine',
    'inbox.get': 'engine',
  }

/** Says whether the caller holds a permission. */
export type Authorizer = (permission: Permission) => boolean

/** Without a policy the OS user owns the app and what is in it. */
export const ownerMayAll: Authorizer = () => true

/** The one door: every call of a window or the command line goes through permission, schema, handler and error mapping. */
export type Dispatch = (name: string, input: unknown) => Promise<Result<unknown>>

/** @param actor who calls through this door, for log entries and the audit log */
export function createDispatch(host: Host, main: MainHandlers, mayCall: Authorizer, actor: Actor): Dispatch {
  return async (name, input) => {
    try {
      if (!isCall(name)) throw new AppError('unknown_call')
      const { permission, input: schema } = contract[name]
      if (!mayCall(permission))
        throw new AppError('permission_denied', `You need the permission ${permission} for that.`)
      const parsed = schema.safeParse(input)
      if (!parsed.success) {
        const issue = parsed.error.issues[0]
        const field = issue?.path.join('.')
        throw new AppError('invalid_input', issue?.message, field === undefined || field === '' ? {} : { field })
      }
      switch (place[name]) {
        case 'engine':
          return await host.engine(name, parsed.data, actor)
        case 'reader':
          return await host.reader(name, parsed.data)
        case 'main': {
          const handler = main[name as MainCall] as (input: unknown) => Promise<unknown>
          return { ok: true, value: await handler(parsed.data) }
        }
      }
    } catch (error) {
      if (!(error instanceof AppError)) console.error(`call ${name} failed`, error)
      return { ok: false, error: toErrorInfo(error) }
    }
  }
}

function isCall(name: string): name is CallName {
  return Object.hasOwn(contract, name)
}

/** The OS user of this process, coming through the given door. */
export function osUser(via: Actor['via']): Actor {
  try {
    return { name: userInfo().username, via }
  } catch {
    // A container may run under a number that has no name.
    return { name: `user ${process.getuid?.() ?? ''}`.trim(), via }
  }
}

/** The dispatcher as a typed caller, for code of the main thread. */
export function callerOf(dispatch: Dispatch) {
  return <N extends CallName>(name: N, input: Input<N>) => dispatch(name, input) as Promise<Result<Output<N>>>
}
