import type { AuditEntry } from '@shared/domain'

const actions: Readonly<Record<string, string>> = {
  'integration.create': 'Created an integration',
  'integration.update': 'Changed an integration',
  'integration.start': 'Activated',
  'integration.stop': 'Paused',
  'integration.delete': 'Deleted an integration',
  'integration.restore': 'Took a deletion back',
  'resend.start': 'Started a re-send',
  'resend.pause': 'Paused a re-send',
  'resend.resume': 'Resumed a re-send',
  'resend.cancel': 'Cancelled a re-send',
  'rejected.delete': 'Deleted rejected events',
  'settings.update': 'Changed the settings',
}

/** What was done, for people; an action of a later version keeps its own word. */
export function actionText({ action }: Pick<AuditEntry, 'action'>): string {
  return actions[action] ?? action
}

export interface Difference {
  readonly path: string
  readonly before: string | null
  readonly after: string | null
}

/**
 * What differs between the two states of an entry, by the path of each value; null stands for a value that was not there or
 * empty. Objects are compared member by member, lists as a whole.
 */
export function differencesOf({ before, after }: Pick<AuditEntry, 'before' | 'after'>): readonly Difference[] {
  const old = flat(before)
  const now = flat(after)
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
    const was = old.get(path) ?? null
    const is = now.get(path) ?? null
    return was === is ? [] : [{ path, before: was, after: is }]
  })
}

function flat(text: string | null): Map<string, string> {
  const values = new Map<string, string>()
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`)
    } else if (value !== null) values.set(path, JSON.stringify(value))
  }
  if (text !== null) walk(JSON.parse(text), '')
  return values
}
