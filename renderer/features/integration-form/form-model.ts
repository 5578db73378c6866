import type { Input } from '@shared/contract'
import type { DeliveryOptions, Integration, IntegrationType, SecretProtection, Target } from '@shared/domain'
import {
  deliveryDefaults,
  deliveryOptions,
  INTEGRATION_ID_MAX,
  integrationUpdate,
  newIntegrationNow,
  signingSecret,
} from '@shared/schemas/integration'
import { fromLocalInput } from '../../ui/local-input'
import { selectionOf } from './event-selection'

type NewIntegration = Input<'integrations.create'>
type Update = Input<'integrations.update'>
type Patch = NonNullable<Update['target']>
export type TargetKind = Target['kind']

/** A secret in the form. Of a saved one the page knows only that it is there. */
export type SecretInput =
  | { readonly state: 'typed'; readonly text: string }
  | { readonly state: 'saved' }
  | { readonly state: 'removed' }

/** A signing secret: its text while it is new, or which of the saved ones it is. */
export type SigningSecretInput = string | { readonly saved: number }

/** What the form holds: texts as typed. What was entered for one kind of target stays while the other one is looked at. */
export interface FormValues {
  readonly id: string
  readonly integrationType: IntegrationType
  /** Permanent only; a temporary integration always starts at a date. */
  readonly deliver: 'new' | 'from'
  readonly startsAt: string
  readonly endsAt: string
  readonly scope: 'chosen' | 'all'
  /** Event types. */
  readonly chosen: readonly string[]
  /** Entities that are taken with their future types. */
  readonly future: readonly string[]
  readonly kind: TargetKind
  readonly callbackUrl: string
  readonly apiKey: SecretInput
  readonly signingSecrets: readonly SigningSecretInput[]
  readonly accessKeyId: SecretInput
  readonly secretAccessKey: SecretInput
  readonly sessionToken: SecretInput
  readonly region: string
  readonly bucket: string
  readonly keyPrefix: string
  readonly endpoint: string
  readonly pathStyle: boolean
  readonly concurrency: string
  readonly ratePerSecond: string
  readonly connectTimeoutMs: string
  readonly totalTimeoutMs: string
  readonly deliveryWindowHours: string
  readonly stopAfterMinutes: string
  readonly batchBytes: string
  readonly batchSeconds: string
  readonly restartWhenBack: boolean
  readonly keepAnswers: DeliveryOptions['keepAnswers']
  readonly gzip: boolean
}

export interface NumberOption {
  readonly label: string
  readonly hint: string
  readonly unit: string
  /** The contract's value of one unit. */
  readonly scale: number
  readonly kinds: readonly TargetKind[]
  /** What an empty input means; undefined where it is an error. */
  readonly empty?: string
}

const both = ['webhook', 's3'] as const

/** The delivery options that are numbers, in the order of the form. */
export const numberOptions = {
  concurrency: {
    label: 'Concurrency',
    hint: 'Requests in flight at the same time, at most. Fewer when the receiver slows down.',
    unit: 'requests',
    scale: 1,
    kinds: ['webhook'],
  },
  ratePerSecond: {
    label: 'Rate limit',
    hint: 'Events sent per second, at most.',
    unit: 'per second',
    scale: 1,
    kinds: ['webhook'],
    empty: 'no limit',
  },
  connectTimeoutMs: {
    label: 'Connect timeout',
    hint: 'How long a connection may take to open.',
    unit: 'seconds',
    scale: 1000,
    kinds: ['webhook'],
  },
  totalTimeoutMs: {
    label: 'Attempt timeout',
    hint: 'How long an attempt may take as a whole. A later answer counts as a failure.',
    unit: 'seconds',
    scale: 1000,
    kinds: ['webhook'],
  },
  deliveryWindowHours: {
    label: 'Delivery window',
    hint: 'An event that keeps failing for so long, while others succeed, is rejected. Time in which nothing could be delivered does not count.',
    unit: 'hours',
    scale: 1,
    kinds: ['webhook'],
  },
  batchBytes: {
    label: 'Batch size',
    hint: 'An object is closed when it has this size; one MB is 1,048,576 bytes.',
    unit: 'MB',
    scale: 1024 * 1024,
    kinds: ['s3'],
  },
  batchSeconds: {
    label: 'Batch time',
    hint: 'An object is closed this long after the previous one, whatever its size.',
    unit: 'seconds',
    scale: 1,
    kinds: ['s3'],
  },
  stopAfterMinutes: {
    label: 'Stop after',
    hint: 'The integration stops itself when nothing has succeeded for so long. Nothing is lost: it goes on from there.',
    unit: 'minutes',
    scale: 1,
    kinds: both,
  },
} as const satisfies Partial<Record<keyof DeliveryOptions, NumberOption>>
export type NumberOptionName = keyof typeof numberOptions

export const numberOptionNames = Object.keys(numberOptions) as readonly NumberOptionName[]
const flagNames = ['restartWhenBack', 'keepAnswers', 'gzip'] as const

/** Least and greatest value of an option in the unit of the form, from the shared schema. */
function boundsOf(name: NumberOptionName): { readonly min: number; readonly max: number; readonly whole: boolean } {
  const schema = deliveryOptions.shape[name].unwrap()
  const number = 'minValue' in schema ? schema : schema.unwrap()
  const { scale } = numberOptions[name]
  const { minValue, maxValue } = number
  return { min: (minValue ?? 0) / scale, max: (maxValue ?? Infinity) / scale, whole: scale === 1 && number.isInt }
}

/** The fields that can be wrong, from top to bottom, with what they are called on screen. */
export const fieldLabels = {
  id: 'Integration ID',
  startsAt: 'Start Date',
  endsAt: 'End Date',
  chosen: 'Events',
  accessKeyId: 'AWS Access Key',
  secretAccessKey: 'AWS Secret Key',
  region: 'AWS Region',
  bucket: 'S3 Bucket Name',
  keyPrefix: 'Key Prefix',
  callbackUrl: 'Callback URL',
  apiKey: 'API Key',
  endpoint: 'Endpoint',
  sessionToken: 'Session Token',
  signingSecrets: 'Signing secrets',
  concurrency: numberOptions.concurrency.label,
  ratePerSecond: numberOptions.ratePerSecond.label,
  connectTimeoutMs: numberOptions.connectTimeoutMs.label,
  totalTimeoutMs: numberOptions.totalTimeoutMs.label,
  deliveryWindowHours: numberOptions.deliveryWindowHours.label,
  batchBytes: numberOptions.batchBytes.label,
  batchSeconds: numberOptions.batchSeconds.label,
  stopAfterMinutes: numberOptions.stopAfterMinutes.label,
} as const
export type FieldName = keyof typeof fieldLabels
export const fieldNames = Object.keys(fieldLabels) as readonly FieldName[]

/** The fields that *Test target* needs. */
export const targetFields: Readonly<Record<TargetKind, readonly FieldName[]>> = {
  webhook: ['callbackUrl', 'apiKey', 'signingSecrets'],
  s3: ['accessKeyId', 'secretAccessKey', 'region', 'bucket', 'keyPrefix', 'endpoint', 'sessionToken'],
}

const advancedFields: ReadonlySet<FieldName> = new Set([
  'endpoint',
  'sessionToken',
  'signingSecrets',
  ...numberOptionNames,
])

/** What is on screen of the fields that depend on a choice; remarks at the others are out of date once it is made. */
export const dependentFields: readonly FieldName[] = [
  'startsAt',
  'endsAt',
  ...targetFields.webhook,
  ...targetFields.s3,
  ...numberOptionNames,
]

/** True for a field in the part of the form that is folded at first. */
export function isAdvanced(name: FieldName): boolean {
  return advancedFields.has(name)
}

export type Problems = Partial<Readonly<Record<FieldName, string>>>

export interface Surroundings {
  readonly takenIds: readonly string[]
  readonly protection: SecretProtection | undefined
  /** The integration that is edited; undefined for a new one. */
  readonly saved?: Integration | undefined
}

export const ID_TAKEN = 'Another integration has this ID.'

const NO_SECRET: SecretInput = { state: 'typed', text: '' }
const SAVED: SecretInput = { state: 'saved' }

/** A typed secret. */
export function typed(text: string): SecretInput {
  return { state: 'typed', text }
}

/**
 * The values of an empty form. S3 is the first choice, as the specification recommends, unless an address is given.
 *
 * @param callbackUrl of a receiver that the form was opened for
 */
export function emptyForm(callbackUrl = ''): FormValues {
  return {
    id: '',
    integrationType: 'permanent',
    deliver: 'new',
    startsAt: '',
    endsAt: '',
    scope: 'chosen',
    chosen: [],
    future: [],
    kind: callbackUrl === '' ? 's3' : 'webhook',
    callbackUrl,
    apiKey: NO_SECRET,
    signingSecrets: [],
    accessKeyId: NO_SECRET,
    secretAccessKey: NO_SECRET,
    sessionToken: NO_SECRET,
    region: '',
    bucket: '',
    keyPrefix: '',
    endpoint: '',
    pathStyle: false,
    ...optionTexts(deliveryDefaults),
  }
}

/** Delivery options as the form shows them. */
export function optionTexts(options: DeliveryOptions): Pick<FormValues, NumberOptionName | (typeof flagNames)[number]> {
  const text = (name: NumberOptionName) => {
    const value = options[name]
    return value === null ? '' : String(value / numberOptions[name].scale)
  }
  const texts = Object.fromEntries(numberOptionNames.map((name) => [name, text(name)])) as Record<
    NumberOptionName,
    string
  >
  const { restartWhenBack, keepAnswers, gzip } = options
  return { ...texts, restartWhenBack, keepAnswers, gzip }
}

/** The values that stand for a saved integration, its secrets only as being there. */
export function formOf(integration: Integration): FormValues {
  const { id, integrationType, startsAt, endsAt, selection, target, options } = integration
  const all = selection.entities.length === 0 && selection.events.length === 0
  const shared: FormValues = {
    ...emptyForm(),
    id,
    integrationType,
    deliver: startsAt === null ? 'new' : 'from',
    startsAt: startsAt === null ? '' : toPreciseInput(startsAt),
    endsAt: endsAt === null ? '' : toPreciseInput(endsAt),
    scope: all ? 'all' : 'chosen',
    chosen: selection.events,
    future: selection.entities,
    kind: target.kind,
    ...optionTexts(options),
  }
  if (target.kind === 'webhook') {
    return {
      ...shared,
      callbackUrl: target.callbackUrl,
      apiKey: target.hasApiKey ? SAVED : NO_SECRET,
      signingSecrets: Array.from({ length: target.signingSecrets }, (_, saved) => ({ saved })),
    }
  }
  const { region, bucket, keyPrefix, endpoint, pathStyle } = target
  return {
    ...shared,
    region,
    bucket,
    keyPrefix,
    endpoint: endpoint ?? '',
    pathStyle,
    accessKeyId: SAVED,
    secretAccessKey: SAVED,
    sessionToken: target.hasSessionToken ? SAVED : NO_SECRET,
  }
}

/** The values of a new integration like a saved one: under a free ID, and without secrets, which nobody can read. */
export function duplicateOf(integration: Integration, takenIds: readonly string[]): FormValues {
  const none = { apiKey: NO_SECRET, accessKeyId: NO_SECRET, secretAccessKey: NO_SECRET, sessionToken: NO_SECRET }
  return { ...formOf(integration), ...none, signingSecrets: [], id: freeId(integration.id, takenIds) }
}

function freeId(id: string, takenIds: readonly string[]): string {
  for (let n = 1; ; n++) {
    const end = n === 1 ? '-copy' : `-copy-${n}`
    const candidate = id.slice(0, INTEGRATION_ID_MAX - end.length) + end
    if (!takenIds.includes(candidate)) return candidate
  }
}

/** The value of a `datetime-local` input for a moment, to the millisecond where it has any. */
export function toPreciseInput(at: number): string {
  const text = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString()
  if (at % 60_000 === 0) return text.slice(0, 16)
  return text.slice(0, at % 1000 === 0 ? 19 : 23)
}

export function hasStartDate({ integrationType, deliver }: FormValues): boolean {
  return integrationType === 'temporary' || deliver === 'from'
}

/** What the contract takes for the values of the form. */
export function toNewIntegration(values: FormValues): NewIntegration {
  const { id, integrationType, scope } = values
  const options = optionsOf(values, deliveryDefaults)
  return {
    id,
    integrationType,
    startsAt: hasStartDate(values) ? fromLocalInput(values.startsAt) : null,
    endsAt: integrationType === 'temporary' ? fromLocalInput(values.endsAt) : null,
    selection: scope === 'all' ? { entities: [], events: [] } : selectionOf(values),
    target: newTarget(values),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}

function newTarget(values: FormValues): NewIntegration['target'] {
  if (values.kind === 'webhook') {
    const signingSecrets = values.signingSecrets.filter((secret) => typeof secret === 'string')
    return {
      kind: 'webhook',
      callbackUrl: values.callbackUrl.trim(),
      apiKey: textOf(values.apiKey),
      ...(signingSecrets.length === 0 ? {} : { signingSecrets }),
    }
  }
  const sessionToken = textOf(values.sessionToken)
  return {
    kind: 's3',
    accessKeyId: textOf(values.accessKeyId),
    secretAccessKey: textOf(values.secretAccessKey),
    ...(sessionToken === '' ? {} : { sessionToken }),
    ...placeOf(values),
  }
}

function placeOf({ region, bucket, keyPrefix, endpoint, pathStyle }: FormValues) {
  return {
    region: region.trim(),
    bucket: bucket.trim(),
    keyPrefix: keyPrefix.trim(),
    endpoint: endpoint.trim() === '' ? null : endpoint.trim(),
    pathStyle,
  }
}

function textOf(secret: SecretInput): string {
  return secret.state === 'typed' ? secret.text : ''
}

/** The change of a saved integration that the values ask for: nothing but what differs. */
export function toUpdate(values: FormValues, saved: Integration): Update {
  const before = formOf(saved)
  const target = patchOf(values, saved)
  const options = optionsOf(values, saved.options)
  const selected = (form: FormValues) => (form.scope === 'all' ? { entities: [], events: [] } : selectionOf(form))
  const selectionChanged = !sameSelection(selected(values), selected(before))
  return {
    id: saved.id,
    ...(selectionChanged ? { selection: selected(values) } : {}),
    ...(Object.keys(target).length > 1 ? { target } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
  }
}

/** True when there is something to save. */
export function hasChanges(values: FormValues, saved: Integration): boolean {
  return Object.keys(toUpdate(values, saved)).length > 1
}

function sameSelection(a: NewIntegration['selection'], b: NewIntegration['selection']): boolean {
  const key = ({ entities, events }: NewIntegration['selection']) =>
    JSON.stringify([entities.toSorted(), events.toSorted()])
  return key(a) === key(b)
}

/** What *Test target* takes: the target as it is in the form, saved secrets left out. */
export function toTargetTest(values: FormValues, saved: Integration | undefined, sendTestEvent: boolean) {
  return saved === undefined
    ? { target: newTarget(values), sendTestEvent }
    : { target: patchOf(values, saved), id: saved.id, sendTestEvent }
}

function patchOf(values: FormValues, saved: Integration): Patch {
  const before = formOf(saved)
  const secret = (name: 'apiKey' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken') => {
    const value = values[name]
    const unchanged =
      value.state === 'saved' || (value.state === 'typed' && value.text === '' && before[name] === NO_SECRET)
    return unchanged ? {} : { [name]: textOf(value) }
  }
  if (saved.target.kind === 'webhook') {
    const signingChanged = JSON.stringify(values.signingSecrets) !== JSON.stringify(before.signingSecrets)
    const callbackUrl = values.callbackUrl.trim()
    return {
      kind: 'webhook',
      ...(callbackUrl === before.callbackUrl ? {} : { callbackUrl }),
      ...secret('apiKey'),
      ...(signingChanged ? { signingSecrets: [...values.signingSecrets] } : {}),
    }
  }
  const place = placeOf(values)
  const was = placeOf(before)
  const moved = Object.entries(place).filter(([name, value]) => value !== was[name as keyof typeof was])
  return {
    kind: 's3',
    ...secret('accessKeyId'),
    ...secret('secretAccessKey'),
    ...secret('sessionToken'),
    ...Object.fromEntries(moved),
  }
}

/** The options of the target's kind that differ from `base`. A text that is no number becomes NaN, which the schema refuses. */
function optionsOf(values: FormValues, base: DeliveryOptions): Partial<DeliveryOptions> {
  const shown = optionTexts(base)
  const names = numberOptionNames.filter((name) => hasOption(name, values.kind))
  const changed = names.filter((name) => values[name].trim() !== shown[name])
  const numbers = changed.map((name) => [name, numberOf(name, values[name])] as const)
  const flags = flagNames.filter((name) => hasOption(name, values.kind) && values[name] !== base[name])
  return Object.fromEntries([...numbers, ...flags.map((name) => [name, values[name]] as const)])
}

/** True when deliveries to this kind of target heed an option. */
export function hasOption(name: NumberOptionName | (typeof flagNames)[number], kind: TargetKind): boolean {
  if (name === 'gzip') return kind === 's3'
  if (name === 'keepAnswers') return kind === 'webhook'
  if (name === 'restartWhenBack') return true
  return (numberOptions[name].kinds as readonly TargetKind[]).includes(kind)
}

function numberOf(name: NumberOptionName, text: string): number | null {
  const { scale }: NumberOption = numberOptions[name]
  const wanted = text.trim()
  if (wanted === '') return 'empty' in numberOptions[name] ? null : Number.NaN
  const value = Number(wanted) * scale
  // A decimal of seconds or MB that a binary fraction cannot hold exactly.
  return scale === 1 ? value : Math.round(value)
}

/** How many delivery options differ from the defaults. */
export function changedOptions(values: FormValues): number {
  return Object.keys(optionsOf(values, deliveryDefaults)).length
}

/** Everything that keeps the values from being saved: the rules of the contract, and those that only this form has. */
export function problemsOf(values: FormValues, surroundings: Surroundings): Problems {
  const problems: Partial<Record<FieldName, string>> = {}
  const note = (field: FieldName, message: string) => {
    problems[field] ??= message
  }
  const { saved, takenIds } = surroundings
  if (values.scope === 'chosen' && values.chosen.length + values.future.length === 0)
    note('chosen', 'Choose at least one event, or All events.')
  noteSecrets(values, surroundings, note)
  if (saved !== undefined) {
    for (const [field, message] of issuesOf(integrationUpdate.safeParse(toUpdate(values, saved)))) note(field, message)
    return problems
  }
  const input = toNewIntegration(values)
  if (takenIds.includes(values.id)) note('id', ID_TAKEN)
  if (values.integrationType === 'permanent' && values.deliver === 'from' && input.startsAt === null) {
    note('startsAt', 'Give the moment from which on events are delivered.')
  }
  for (const each of [input, withRestValid(input)]) {
    for (const [field, message] of issuesOf(newIntegrationNow.safeParse(each))) note(field, message)
  }
  return problems
}

function noteSecrets(
  values: FormValues,
  { saved, protection }: Surroundings,
  note: (field: FieldName, message: string) => void,
): void {
  const { apiKey, accessKeyId, secretAccessKey, sessionToken } = values
  if (values.kind === 'webhook') {
    // The contract takes a webhook without a key; the specification's form requires it.
    if (saved === undefined && textOf(apiKey) === '') note('apiKey', 'Give the API key that the receiver expects.')
    if (apiKey.state === 'typed' && apiKey.text === '' && saved !== undefined && formOf(saved).apiKey === SAVED)
      note('apiKey', 'Give the new API key, or keep the saved one.')
    for (const secret of values.signingSecrets) {
      if (secret === '') note('signingSecrets', 'Enter the signing secret, or take it away.')
      const wrong = typeof secret === 'string' ? signingSecret.safeParse(secret).error?.issues[0] : undefined
      if (wrong !== undefined) note('signingSecrets', wrong.message)
    }
  } else if (sessionToken.state === 'typed' && sessionToken.text === '' && saved !== undefined) {
    if (formOf(saved).sessionToken === SAVED) note('sessionToken', 'Give the new session token, or keep the saved one.')
  }
  const entered: readonly FieldName[] =
    values.kind === 'webhook'
      ? [
          ...(textOf(apiKey) === '' ? [] : (['apiKey'] as const)),
          ...(values.signingSecrets.some((secret) => typeof secret === 'string' && secret !== '')
            ? (['signingSecrets'] as const)
            : []),
        ]
      : [
          ...(textOf(accessKeyId) === '' ? [] : (['accessKeyId'] as const)),
          ...(textOf(secretAccessKey) === '' ? [] : (['secretAccessKey'] as const)),
          ...(textOf(sessionToken) === '' ? [] : (['sessionToken'] as const)),
        ]
  for (const field of entered) {
    if (protection === 'none') note(field, 'It cannot be saved yet. Allow the key file first.')
    else if (protection === 'locked') note(field, 'It cannot be saved, because secrets are locked.')
  }
}

/** The rules on dates are only reached when everything else is right; this makes everything else right. */
function withRestValid(input: NewIntegration): NewIntegration {
  const target = { kind: 'webhook', callbackUrl: 'https://localhost' } as const
  const { options: _, ...rest } = input
  return { ...rest, id: 'x', selection: { entities: [], events: [] }, target }
}

type Checked = { readonly success: boolean; readonly error?: { readonly issues: readonly Issue[] } | undefined }
interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function issuesOf({ error }: Checked): readonly (readonly [FieldName, string])[] {
  return (error?.issues ?? []).map(({ path, message }) => {
    const field = fieldOf(path.join('.')) ?? 'id'
    return [field, isNumberOption(field) ? boundsText(field) : message] as const
  })
}

function isNumberOption(name: FieldName): name is FieldName & NumberOptionName {
  return name in numberOptions
}

/** The bounds of a delivery option and its default, in few words. */
export function rangeText(name: NumberOptionName): string {
  const { min, max } = boundsOf(name)
  const { scale, ...option }: NumberOption = numberOptions[name]
  const standard = deliveryDefaults[name]
  const shown = standard === null ? option.empty : (standard / scale).toLocaleString('en-US')
  return `${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}, default ${shown}.`
}

/** The bounds of a delivery option as a sentence. */
export function boundsText(name: NumberOptionName): string {
  const { min, max, whole } = boundsOf(name)
  const { unit, ...option }: NumberOption = numberOptions[name]
  const range = `from ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')} ${unit}`
  const number = `A ${whole ? 'whole number' : 'number'} ${range}`
  return option.empty === undefined ? `${number}.` : `${number}, or nothing for ${option.empty}.`
}

/** The field on screen for a path of the contract; undefined when there is none. */
export function fieldOf(path: string): FieldName | undefined {
  if (path.startsWith('selection')) return 'chosen'
  const [first, second] = path.split('.')
  const name = first === 'target' || first === 'options' ? second : first
  return fieldNames.find((field) => field === name)
}
