import { z } from 'zod'
import type { DeliveryOptions } from '../domain'

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

/** A Standard Webhooks secret: `whsec_` and base64 of 24 to 64 bytes. */
export const signingSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, 'A signing secret looks like whsec_ followed by base64.')
  .refine((text) => {
    const length = Math.floor((text.replace(/=+$/, '').length - 'whsec_'.length) * 0.75)
    return length >= 24 && length <= 64
  }, 'A signing secret stands for 24 to 64 bytes.')

const webhookTarget = z.strictObject({
  kind: z.literal('webhook'),
  callbackUrl,
  apiKey: apiKey.optional(),
  /** The first signs; two of them sign both during a rotation. */
  signingSecrets: z.array(signingSecret).max(2).optional(),
})

const secretText = (label: string) =>
  z
    .string()
    .min(1, `Give the ${label}.`)
    .max(4096)
    .regex(/^[\x21-\x7e]*$/, `The ${label} has no spaces, line breaks or special characters.`)

/** Source: the configuration API of the specified system. */
export const KEY_PREFIX_MAX = 64

const s3Target = z.strictObject({
  kind: z.literal('s3'),
  accessKeyId: secretText('AWS Access Key'),
  secretAccessKey: secretText('AWS Secret Key'),
  sessionToken: secretText('session token').optional(),
  region: z
    .string()
    .min(1, 'Give the AWS Region.')
    .max(64)
    .regex(/^[a-z0-9-]+$/, 'A region looks like eu-central-1.'),
  bucket: z
    .string()
    .min(1, 'Give the S3 Bucket Name.')
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'A bucket name has 3 to 63 lower-case letters, digits, dots and hyphens.',
    ),
  keyPrefix: z
    .string()
    .max(KEY_PREFIX_MAX, `A key prefix has at most ${KEY_PREFIX_MAX} characters.`)
    .regex(
      /^([a-zA-Z0-9\-/_.]*[a-zA-Z0-9\-_.])?$/,
      'A key prefix has letters, digits, hyphens, slashes, underscores and dots, and no slash at its end.',
    )
    .optional(),
  endpoint: callbackUrl
    .refine((text) => !URL.canParse(text) || (new URL(text).pathname === '/' && new URL(text).search === ''), {
      message: 'An endpoint is scheme, host and port only.',
    })
    .nullable()
    .optional(),
  pathStyle: z.boolean().optional(),
})

export const target = z.discriminatedUnion('kind', [webhookTarget, s3Target])

const MINUTE_MS = 60_000

/** Bounds of how an integration delivers; what is left out is that of `deliveryDefaults`. */
export const deliveryOptions = z
  .strictObject({
    concurrency: z.number().int().min(1).max(256),
    ratePerSecond: z.number().min(1).max(10_000).nullable(),
    connectTimeoutMs: z.number().int().min(500).max(MINUTE_MS),
    totalTimeoutMs: z
      .number()
      .int()
      .min(1_000)
      .max(10 * MINUTE_MS),
    deliveryWindowHours: z.number().min(1).max(720),
    stopAfterMinutes: z.number().min(1).max(10_080),
    restartWhenBack: z.boolean(),
    keepAnswers: z.enum(['failures', 'all']),
    batchBytes: z
      .number()
      .int()
      .min(1024 * 1024)
      .max(128 * 1024 * 1024),
    batchSeconds: z.number().int().min(10).max(900),
    gzip: z.boolean(),
  })
  .partial()

export const deliveryDefaults: DeliveryOptions = {
  concurrency: 16,
  ratePerSecond: null,
  connectTimeoutMs: 5_000,
  totalTimeoutMs: 30_000,
  deliveryWindowHours: 72,
  stopAfterMinutes: 60,
  restartWhenBack: true,
  keepAnswers: 'failures',
  // 50 MB as the specified system means it.
  batchBytes: 52_428_800,
  batchSeconds: 300,
  gzip: false,
}

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
      target,
      options: deliveryOptions.optional(),
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

/** Stands for a signing secret that is saved, which no caller can read: 0 is the one that signs first. */
const savedSigningSecret = z.strictObject({ saved: z.number().int().min(0).max(1) })

/**
 * Parts of a target; what is left out stays as it is. An empty secret, or an empty list of them, takes it away. A rotation of the
 * signing secret gives the new one and a reference to the saved one; its end gives the reference alone.
 */
export const targetPatch = z.discriminatedUnion('kind', [
  webhookTarget
    .extend({ signingSecrets: z.array(z.union([signingSecret, savedSigningSecret])).max(2) })
    .partial()
    .required({ kind: true }),
  s3Target
    .extend({ sessionToken: z.union([z.literal(''), secretText('session token')]) })
    .partial()
    .required({ kind: true }),
])
export type TargetPatch = z.infer<typeof targetPatch>

/** A change of an integration. Source: the specified system lets events and target details change, nothing else. */
export const integrationUpdate = z.strictObject({
  id: integrationId,
  selection: selection.optional(),
  target: targetPatch.optional(),
  options: deliveryOptions.optional(),
})
