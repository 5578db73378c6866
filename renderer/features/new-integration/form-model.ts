import type { Input } from '@shared/contract'
import type { IntegrationType, SecretProtection } from '@shared/domain'
import type { Entity } from '@shared/event-catalog'
import { newIntegrationNow } from '@shared/schemas/integration'
import { fromLocalInput } from '../../ui/local-input'

type NewIntegration = Input<'integrations.create'>

/** What the form holds: texts as typed. The target is told apart by its kind, as in the contract. */
export interface FormValues {
  readonly id: string
  readonly integrationType: IntegrationType
  /** Permanent only; a temporary integration always starts at a date. */
  readonly deliver: 'new' | 'from'
  readonly startsAt: string
  readonly endsAt: string
  readonly scope: 'chosen' | 'all'
  /** Event types, also where a whole entity is chosen. */
  readonly chosen: readonly string[]
  readonly target: { readonly kind: 'webhook'; readonly callbackUrl: string; readonly apiKey: string }
}

/** The fields that can be wrong, from top to bottom, with what they are called on screen. */
export const fieldLabels = {
  id: 'Integration ID',
  startsAt: 'Start Date',
  endsAt: 'End Date',
  chosen: 'Events',
  'target.callbackUrl': 'Callback URL',
  'target.apiKey': 'API Key',
} as const
export type FieldName = keyof typeof fieldLabels
export const fieldNames = Object.keys(fieldLabels) as readonly FieldName[]

export type Problems = Partial<Readonly<Record<FieldName, string>>>

export interface Surroundings {
  readonly takenIds: readonly string[]
  readonly entities: readonly Entity[]
  readonly protection: SecretProtection | undefined
}

export const ID_TAKEN = 'Another integration has this ID.'

/** The values of an empty form. */
export function emptyForm(callbackUrl = ''): FormValues {
  return {
    id: '',
    integrationType: 'permanent',
    deliver: 'new',
    startsAt: '',
    endsAt: '',
    scope: 'chosen',
    chosen: [],
    target: { kind: 'webhook', callbackUrl, apiKey: '' },
  }
}

export function hasStartDate({ integrationType, deliver }: FormValues): boolean {
  return integrationType === 'temporary' || deliver === 'from'
}

/** What the contract takes for the values of the form. */
export function toNewIntegration(values: FormValues, entities: readonly Entity[]): NewIntegration {
  const { id, integrationType, target } = values
  return {
    id,
    integrationType,
    startsAt: hasStartDate(values) ? fromLocalInput(values.startsAt) : null,
    endsAt: integrationType === 'temporary' ? fromLocalInput(values.endsAt) : null,
    selection: selectionOf(values, entities),
    target: { kind: target.kind, callbackUrl: target.callbackUrl.trim(), apiKey: target.apiKey },
  }
}

/** An entity of which every type is chosen is selected as such; an empty selection means every event. */
function selectionOf({ scope, chosen }: FormValues, entities: readonly Entity[]): NewIntegration['selection'] {
  if (scope === 'all') return { entities: [], events: [] }
  const names = new Set(chosen)
  const whole = entities.filter((entity) => entity.eventTypes.every((type) => names.has(type.name)))
  const covered = new Set(whole.flatMap((entity) => entity.eventTypes.map((type) => type.name)))
  return { entities: whole.map((entity) => entity.name), events: chosen.filter((name) => !covered.has(name)) }
}

/** Everything that keeps the values from being saved: the rules of the contract, and those that only this form has. */
export function problemsOf(values: FormValues, { takenIds, entities, protection }: Surroundings): Problems {
  const input = toNewIntegration(values, entities)
  const problems: Partial<Record<FieldName, string>> = {}
  const note = (field: FieldName, message: string) => {
    problems[field] ??= message
  }
  if (takenIds.includes(values.id)) note('id', ID_TAKEN)
  if (values.integrationType === 'permanent' && values.deliver === 'from' && input.startsAt === null) {
    note('startsAt', 'Give the moment from which on events are delivered.')
  }
  if (values.scope === 'chosen' && values.chosen.length === 0)
    note('chosen', 'Choose at least one event, or All events.')
  if (values.target.apiKey === '') note('target.apiKey', 'Give the API key that the receiver expects.')
  else if (protection === 'none') note('target.apiKey', 'The key cannot be saved yet. Allow the key file first.')
  else if (protection === 'locked') note('target.apiKey', 'The key cannot be saved, because secrets are locked.')

  for (const [field, message] of [...issuesOf(input), ...issuesOf(withRestValid(input))]) note(field, message)
  return problems
}

/** The rules on dates are only reached when everything else is right; this makes everything else right. */
function withRestValid(input: NewIntegration): NewIntegration {
  const target = { kind: 'webhook', callbackUrl: 'https://localhost' } as const
  return { ...input, id: 'x', selection: { entities: [], events: [] }, target }
}

function issuesOf(input: NewIntegration): readonly (readonly [FieldName, string])[] {
  const checked = newIntegrationNow.safeParse(input)
  if (checked.success) return []
  return checked.error.issues.map((issue) => [fieldOf(issue.path.join('.')) ?? 'id', issue.message] as const)
}

/** The field on screen for a path of the contract; undefined when there is none. */
export function fieldOf(path: string): FieldName | undefined {
  if (path.startsWith('selection')) return 'chosen'
  return fieldNames.find((name) => name === path)
}
