import { z } from 'zod'

/** Source: the configuration API of the specified system (id, dates, filters, key lengths). */
export const INTEGRATION_ID_MAX = 50
export const API_KEY_MAX = 1024
export const DEFAULT_INTEGRATION_LIMIT = 25

export const integrationId = z
  .string()
  .min(1, 'Give the integration an ID.')
  .max(INTEGRATION_ID_MAX, `An ID has at most ${INTEGRATION_ID_MAX} characters.`)
  .regex(/^[a-z0-9-]+$/, 'Use lower-case letters, digits and hyphens only.')

const NAME_PART = '[a-z][a-z0-9_]*'
export const eventNamePattern = new RegExp(`^${NAME_PART}\\.${NAME_PART}$`)

export const eventName = z.string().max(200).regex(eventNamePattern, 'An event type looks like entity.moment.')
export const entityName = z
  .string()
  .max(100)
  .regex(new RegExp(`^${NAME_PART}$`), 'This is not an entity name.')

export const selection = z.strictObject({
  entities: z.array(entityName).max(200),
  events: z.array(eventName).max(1000),
})

/** An http or https address without user name or password: those belong into the API key, where they are encrypted. */
export const callbackUrl = z
  .string()
  .min(1, 'Give the address that receives the events.')
  .max(2048, 'A callback URL has at most 2,048 characters.')
  .superRefine((text, context) => {
    if (text === '') return
    const refuse = (message: string) => context.addIssue({ code: 'custom', message })
    if (!URL.canParse(text)) return refuse('This is not a complete address. It starts with https:// or http://.')
    // The URL parser repairs such texts silently; what is stored must be what is used.
    if (/[\s\\]/.test(text) || !/^[a-z]+:\/\/[^/]/i.test(text)) {
      return refuse('Take spaces and backslashes out, and write the address in full.')
    }
    const url = new URL(text)
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      return refuse('The address must start with https:// or http://.')
    if (url.username !== '' || url.password !== '')
      return refuse('Take user name and password out of the address; use the API key.')
    if (url.hash !== '') refuse('The part from # on is never sent. Take it out of the address.')
  })

/** Printable ASCII: it travels in an HTTP header, where anything else could not be sent or could inject a header. */
export const apiKey = z
  .string()
  .max(API_KEY_MAX, `An API key has at most ${API_KEY_MAX} characters.`)
  .regex(/^[\x21-\x7e]*$/, 'An API key has no spaces, line breaks or special characters.')

const webhookTarget = z.strictObject({
  kind: z.literal('webhook'),
  callbackUrl,
  apiKey: apiKey.optional(),
})

const epochMs = z.number().int().min(0).max(8.64e15)

/**
 * A new integration. Rules of the specified system: a permanent one may have a start that is not in the future and has no end;
 * a temporary one has both. `now` is the moment that "in the future" refers to.
 */
export function newIntegration(now: () => number) {
  return z
    .strictObject({
      id: integrationId,
      integrationType: z.enum(['permanent', 'temporary']),
      startsAt: epochMs.nullable(),
      endsAt: epochMs.nullable(),
      selection,
      target: z.discriminatedUnion('kind', [webhookTarget]),
    })
    .superRefine((value, context) => {
      const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
      if (value.startsAt !== null && value.startsAt > now()) issue('startsAt', 'The start cannot lie in the future.')
      if (value.integrationType === 'permanent') {
        if (value.endsAt !== null) issue('endsAt', 'A permanent integration has no end date.')
        return
      }
      if (value.startsAt === null) issue('startsAt', 'A temporary integration needs a start date.')
      if (value.endsAt === null) issue('endsAt', 'A temporary integration needs an end date.')
      if (value.startsAt !== null && value.endsAt !== null && value.endsAt <= value.startsAt) {
        issue('endsAt', 'The end must come after the start.')
      }
    })
}

export const newIntegrationNow = newIntegration(Date.now)

export type NewIntegration = z.infer<typeof newIntegrationNow>
