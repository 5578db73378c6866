import type { DeliveryOptions, Integration, Selection } from '@shared/domain'
import { deliveryDefaults } from '@shared/schemas/integration'
import { looksLikeCurl, parseCurl } from './curl'
import {
  type FieldName,
  type FormValues,
  fieldLabels,
  type NumberOptionName,
  numberOptionNames,
  numberOptions,
  toPreciseInput,
  typed,
} from './form-model'

/** What a pasted text says about an integration. */
export interface Reading {
  readonly kind: 'definition' | 'curl'
  readonly values: Partial<FormValues>
  /** What was filled in, as it is called on screen. */
  readonly filled: readonly string[]
  /** What was not taken over and why, in sentences. Never holds a secret. */
  readonly notes: readonly string[]
}

/** The part of an event filter that a selection is made of; the form needs it to show unknown names. */
export function selectionIn({ chosen, future }: Partial<FormValues>): Selection {
  return { entities: future ?? [], events: chosen ?? [] }
}

/** *Copy as JSON*: everything that can be entered in the form except secrets. Options that are the defaults are left out. */
export function definitionOf({
  id,
  integrationType,
  startsAt,
  endsAt,
  selection,
  target,
  options,
}: Integration): string {
  const moment = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  const changed = Object.entries(options).filter(
    ([name, value]) => value !== deliveryDefaults[name as keyof DeliveryOptions],
  )
  const { entities, events } = selection
  return JSON.stringify(
    {
      id,
      integrationType,
      startsAt: moment(startsAt),
      endsAt: moment(endsAt),
      selection: { entities, events },
      target: publicPart(target),
      ...(changed.length === 0 ? {} : { options: Object.fromEntries(changed) }),
    },
    null,
    2,
  )
}

function publicPart(target: Integration['target']): object {
  if (target.kind === 'webhook') return { kind: target.kind, callbackUrl: target.callbackUrl }
  const { kind, region, bucket, keyPrefix, endpoint, pathStyle } = target
  return { kind, region, bucket, keyPrefix, endpoint, pathStyle }
}

/** True for a text that belongs into the form as a whole rather than into one input. */
export function looksLikeDefinition(text: string): boolean {
  return looksLikeCurl(text) || /^\s*[{[][\s\S]*[}\]]\s*$/.test(text)
}

/**
 * Reads a definition of an integration (*Copy as JSON*, or the JSON of the specified system's configuration API) or a cURL command
 * (of a receiver, or of that API). A string says why the text is neither.
 */
export function readPasted(text: string): Reading | string {
  if (text.trim() === '') return 'Paste a JSON definition or a cURL command.'
  if (looksLikeCurl(text)) return readCurl(text)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'This is neither a cURL command nor valid JSON.'
  }
  return readJson(json) ?? 'This JSON does not describe an integration.'
}

function readJson(json: unknown): Reading | null {
  const list = Array.isArray(json)
    ? json
    : isObject(json) && Array.isArray(json.integrations)
      ? json.integrations
      : null
  if (list === null) return isObject(json) ? readDefinition(json) : null
  const reading = isObject(list[0]) ? readDefinition(list[0]) : null
  if (reading === null || list.length === 1) return reading
  return {
    ...reading,
    notes: [`The text holds ${list.length} integrations; the first one was taken.`, ...reading.notes],
  }
}

/** Collects what is read, so that every key is either taken or spoken of. */
class Reader {
  readonly values: { -readonly [K in keyof FormValues]?: FormValues[K] } = {}
  readonly filled: string[] = []
  readonly notes: string[] = []

  set(values: Partial<FormValues>, label: string): void {
    Object.assign(this.values, values)
    if (!this.filled.includes(label)) this.filled.push(label)
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence)
  }

  reading(kind: Reading['kind']): Reading | null {
    return this.filled.length === 0 ? null : { kind, values: this.values, filled: this.filled, notes: this.notes }
  }
}

type Json = Readonly<Record<string, unknown>>

/** Takes a value, or says why it cannot. */
type Take = (read: Reader, value: unknown, key: string) => void

const wrong = (read: Reader, key: string, what: string) => read.note(`${key} was left out: ${what}.`)

function text(field: FieldName & keyof FormValues, more: Partial<FormValues> = {}): Take {
  return (read, value, key) => {
    if (typeof value !== 'string') return wrong(read, key, 'it is not a text')
    read.set({ ...more, [field]: value }, fieldLabels[field])
  }
}

function secret(field: 'apiKey' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken'): Take {
  return (read, value, key) => {
    if (typeof value !== 'string') return wrong(read, key, 'it is not a text')
    if (value === '') return
    if (/^[.*•…x]+$/i.test(value) || /^<.*>$|^\$\{?\w+\}?$/.test(value)) {
      return wrong(read, key, 'it is a placeholder and not a secret')
    }
    read.set({ [field]: typed(value) }, fieldLabels[field])
  }
}

const nothing: Take = () => {}
const responseOnly: Take = (read, _, key) => wrong(read, key, 'a new integration gets its own')

const type: Take = (read, value, key) => {
  if (value !== 'permanent' && value !== 'temporary') return wrong(read, key, 'it must be permanent or temporary')
  read.set({ integrationType: value }, 'Integration Type')
}

function moment(field: 'startsAt' | 'endsAt'): Take {
  return (read, value, key) => {
    if (value === null) return
    const at = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
    if (Number.isNaN(new Date(at).getTime())) return wrong(read, key, 'it is not a date')
    read.set({ [field]: toPreciseInput(at), ...(field === 'startsAt' ? { deliver: 'from' } : {}) }, fieldLabels[field])
  }
}

function names(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : null
}

/** The names of the two lists differ between the forms; what they mean does not. */
function filter(entityKey: string, eventKey: string): Take {
  return (read, value, key) => {
    if (value === null) return
    if (!isObject(value)) return wrong(read, key, 'it is not an object')
    const entities = names(value[entityKey] ?? [])
    const events = names(value[eventKey] ?? [])
    if (entities === null || events === null) return wrong(read, key, 'its lists must hold names')
    for (const other of Object.keys(value)) {
      if (other !== entityKey && other !== eventKey) wrong(read, `${key}.${other}`, 'it is not known')
    }
    const all = entities.length === 0 && events.length === 0
    read.set({ scope: all ? 'all' : 'chosen', future: [...new Set(entities)], chosen: [...new Set(events)] }, 'Events')
  }
}

function part(takes: Readonly<Record<string, Take>>, more: Partial<FormValues> = {}): Take {
  return (read, value, key) => {
    if (value === null) return
    if (!isObject(value)) return wrong(read, key, 'it is not an object')
    Object.assign(read.values, more)
    takeAll(read, value, takes, `${key}.`)
  }
}

function takeAll(read: Reader, json: Json, takes: Readonly<Record<string, Take>>, before = ''): void {
  for (const [key, value] of Object.entries(json)) {
    if (Object.hasOwn(takes, key)) takes[key]!(read, value, before + key)
    else wrong(read, before + key, 'it is not known')
  }
}

const webhookParts = { callback_url: text('callbackUrl', { kind: 'webhook' }), api_key: secret('apiKey') }

const target: Take = (read, value, key) => {
  if (!isObject(value)) return wrong(read, key, 'it is not an object')
  const { kind, ...rest } = value
  if (kind === 'webhook') {
    part({ callbackUrl: text('callbackUrl'), apiKey: secret('apiKey'), signingSecrets }, { kind })(read, rest, key)
  } else if (kind === 's3') {
    part(
      {
        accessKeyId: secret('accessKeyId'),
        secretAccessKey: secret('secretAccessKey'),
        sessionToken: secret('sessionToken'),
        region: text('region'),
        bucket: text('bucket'),
        keyPrefix: text('keyPrefix'),
        endpoint: (...args) => args[1] !== null && text('endpoint')(...args),
        pathStyle: (reader, given, name) =>
          typeof given === 'boolean'
            ? reader.set({ pathStyle: given }, 'Path-style addresses')
            : wrong(reader, name, 'it is neither true nor false'),
      },
      { kind },
    )(read, rest, key)
  } else wrong(read, key, 'its kind must be webhook or s3')
}

const signingSecrets: Take = (read, value, key) => {
  const given = names(value)
  if (given === null || given.length > 2) return wrong(read, key, 'it must be a list of at most two texts')
  if (given.length > 0) read.set({ signingSecrets: given }, fieldLabels.signingSecrets)
}

const options: Take = (read, value, key) => {
  if (!isObject(value)) return wrong(read, key, 'it is not an object')
  const number =
    (name: NumberOptionName): Take =>
    (reader, given, path) => {
      const empty = given === null && 'empty' in numberOptions[name]
      if (typeof given !== 'number' && !empty) return wrong(reader, path, 'it is not a number')
      const typedText = given === null ? '' : String((given as number) / numberOptions[name].scale)
      reader.set({ [name]: typedText }, numberOptions[name].label)
    }
  const flag =
    (name: 'restartWhenBack' | 'gzip', label: string): Take =>
    (reader, given, path) =>
      typeof given === 'boolean'
        ? reader.set({ [name]: given }, label)
        : wrong(reader, path, 'it is neither true nor false')
  takeAll(
    read,
    value,
    {
      ...Object.fromEntries(numberOptionNames.map((name) => [name, number(name)])),
      restartWhenBack: flag('restartWhenBack', 'Restart when back'),
      gzip: flag('gzip', 'Compress objects'),
      keepAnswers: (reader, given, path) =>
        given === 'all' || given === 'failures'
          ? reader.set({ keepAnswers: given }, 'Keep answers')
          : wrong(reader, path, 'it must be failures or all'),
    },
    `${key}.`,
  )
}

/** Keys of both forms. Those of the specified system are in its configuration API, older ones included. */
const definition: Readonly<Record<string, Take>> = {
  id: text('id'),
  integrationType: type,
  startsAt: moment('startsAt'),
  endsAt: moment('endsAt'),
  selection: filter('entities', 'events'),
  target,
  options,
  integration_type: type,
  starts_at: moment('startsAt'),
  ends_at: moment('endsAt'),
  callback_parameters: part(webhookParts),
  s3_parameters: part(
    {
      aws_access_key_id: secret('accessKeyId'),
      aws_secret_access_key: secret('secretAccessKey'),
      aws_region: text('region'),
      bucket: text('bucket'),
      key_prefix: text('keyPrefix'),
    },
    { kind: 's3' },
  ),
  filter_conditions: filter('entity_filter', 'event_filter'),
  ...webhookParts,
  status: responseOnly,
  created_at: responseOnly,
  updated_at: responseOnly,
  createdAt: responseOnly,
  updatedAt: responseOnly,
  stopCause: nothing,
}

function readDefinition(json: Json): Reading | null {
  if (!Object.keys(json).some((key) => Object.hasOwn(definition, key))) return null
  const read = new Reader()
  takeAll(read, json, definition)
  const { values } = read
  const isObjectAt = (key: string) => isObject(json[key])
  if (isObjectAt('callback_parameters') && isObjectAt('s3_parameters')) {
    read.note('The text has a webhook and an S3 bucket. Both are filled in; an integration has one, so choose it.')
  }
  const whole = values.id !== undefined && values.kind !== undefined
  if (whole && values.scope === undefined && !('filter_conditions' in json) && !('selection' in json)) {
    read.set({ scope: 'all', chosen: [], future: [] }, 'Events')
    read.note('The text has no event filter, which means all events.')
  }
  if (whole && values.startsAt === undefined && values.integrationType !== 'temporary') values.deliver = 'new'
  return read.reading('definition')
}

function readCurl(pasted: string): Reading | string {
  const command = parseCurl(pasted)
  if (command === null) return 'This cURL command cannot be read: a quote in it is not closed.'
  const definitionInBody = command.body === null ? null : bodyDefinition(command.body)
  if (definitionInBody !== null) {
    const authorized = command.headers.some(([name]) => name.toLowerCase() === 'authorization')
    const note =
      'The command creates an integration over an API. Its body was taken; the token for that API is not needed here.'
    return { ...definitionInBody, notes: authorized ? [note, ...definitionInBody.notes] : definitionInBody.notes }
  }
  if (command.url === null) return 'This cURL command has no address.'
  const read = new Reader()
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(command.url) ? command.url : `http://${command.url}`
  read.set({ kind: 'webhook', callbackUrl: url }, fieldLabels.callbackUrl)
  if (url !== command.url) read.note('The address had no scheme, so http:// was put in front, as cURL does.')
  for (const [name, value] of command.headers) takeHeader(read, name, value)
  const method = command.method ?? (command.body === null ? null : 'POST')
  if (method !== null && method.toUpperCase() !== 'POST') {
    read.note(`The method ${method.toUpperCase()} was left out: events are always sent with POST.`)
  }
  if (command.body !== null) read.note('The body was left out: the body of a delivery is the event.')
  for (const option of command.ignored) {
    read.note(
      option === '-k' || option === '--insecure'
        ? `${option} was left out: certificates are always checked.`
        : option === '-L' || option === '--location'
          ? `${option} was left out: redirects are not followed. Give the final address.`
          : `${option} was left out: deliveries have no such thing.`,
    )
  }
  return read.reading('curl')!
}

/** Sent with every delivery as they are, or meaningless for one. */
const OWN_HEADERS = new Set(['content-type', 'accept', 'user-agent', 'content-length', 'host', 'accept-encoding'])

function takeHeader(read: Reader, name: string, value: string): void {
  const lower = name.toLowerCase()
  if (lower !== 'authorization') {
    if (!OWN_HEADERS.has(lower)) read.note(`The header ${name} was left out: deliveries carry none but their own.`)
    return
  }
  const token = /^bearer\s+(.+)$/i.exec(value)?.[1]
  if (token === undefined) return read.note('The header Authorization was left out: only Bearer is sent.')
  secret('apiKey')(read, token, 'The bearer token')
}

function bodyDefinition(body: string): Reading | null {
  try {
    const json: unknown = JSON.parse(body)
    // An envelope has neither; a definition has a target.
    const isDefinition =
      isObject(json) && ['callback_parameters', 's3_parameters', 'target', 'callback_url'].some((key) => key in json)
    return isDefinition ? readDefinition(json) : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
