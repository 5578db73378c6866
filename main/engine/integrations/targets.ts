import type { S3Target, Target, WebhookTarget } from '../../../shared/domain'
import { AppError } from '../../../shared/errors'
import { type NewIntegration, type TargetPatch, target as targetSchema } from '../../../shared/schemas/integration'
import type { TargetSecrets } from '../vault'

type NewTarget = NewIntegration['target']

/** A target as it is used: what the console shows of it, and what it keeps secret. */
export interface SplitTarget {
  readonly target: Target
  /** Null when there is nothing secret. */
  readonly secrets: TargetSecrets | null
}

/** Parts what a caller gave into what is shown and what is sealed. */
export function splitTarget(given: NewTarget): SplitTarget {
  if (given.kind === 'webhook') {
    const apiKey = given.apiKey === '' ? undefined : given.apiKey
    const signingSecrets = given.signingSecrets ?? []
    const target: WebhookTarget = {
      kind: 'webhook',
      callbackUrl: given.callbackUrl,
      hasApiKey: apiKey !== undefined,
      signingSecrets: signingSecrets.length,
    }
    const secret = apiKey !== undefined || signingSecrets.length > 0
    return { target, secrets: secret ? { ...(apiKey === undefined ? {} : { apiKey }), signingSecrets } : null }
  }
  const { accessKeyId, secretAccessKey, sessionToken, region, bucket } = given
  const target: S3Target = {
    kind: 's3',
    region,
    bucket,
    keyPrefix: given.keyPrefix ?? '',
    endpoint: given.endpoint ?? null,
    pathStyle: given.pathStyle ?? false,
    accessKeyHint: accessKeyId.slice(-4),
    hasSessionToken: sessionToken !== undefined,
  }
  return {
    target,
    secrets: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  }
}

/**
 * A saved target with some parts replaced, as a caller would have given it in whole.
 *
 * @throws AppError `invalid_input` when the kind differs, or when the result is not complete
 */
export function patchTarget(saved: SplitTarget, patch: TargetPatch): NewTarget {
  const { target, secrets } = saved
  if (target.kind !== patch.kind) {
    throw new AppError(
      'invalid_input',
      'The kind of the target of an integration never changes. Create a new integration.',
      {
        field: 'target.kind',
      },
    )
  }
  return wholeTarget({
    ...(target.kind === 'webhook' ? webhookParts(target, secrets) : s3Parts(target, secrets)),
    ...definedOf(patch.kind === 'webhook' ? { ...patch, signingSecrets: signingSecretsOf(patch, secrets) } : patch),
  })
}

type WebhookPatch = Extract<TargetPatch, { kind: 'webhook' }>

function signingSecretsOf({ signingSecrets }: WebhookPatch, saved: TargetSecrets | null): string[] | undefined {
  return signingSecrets?.map((given) => {
    if (typeof given === 'string') return given
    const secret = saved?.signingSecrets?.[given.saved]
    if (secret !== undefined) return secret
    throw new AppError('invalid_input', 'The signing secret to keep is not saved any more.', {
      field: 'target.signingSecrets',
    })
  })
}

/**
 * A target that was given in parts, checked as a whole.
 *
 * @throws AppError `invalid_input` with the field
 */
export function wholeTarget(parts: object): NewTarget {
  const given = { ...parts } as Record<string, unknown>
  if (given.sessionToken === '') delete given.sessionToken
  const parsed = targetSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError('invalid_input', issue?.message, { field: ['target', ...(issue?.path ?? [])].join('.') })
}

function webhookParts(target: WebhookTarget, secrets: TargetSecrets | null) {
  const { callbackUrl } = target
  return { kind: 'webhook', callbackUrl, apiKey: secrets?.apiKey, signingSecrets: secrets?.signingSecrets }
}

function s3Parts(target: S3Target, secrets: TargetSecrets | null) {
  const { region, bucket, keyPrefix, endpoint, pathStyle } = target
  const { accessKeyId, secretAccessKey, sessionToken } = secrets ?? {}
  return { kind: 's3', region, bucket, keyPrefix, endpoint, pathStyle, accessKeyId, secretAccessKey, sessionToken }
}

function definedOf(patch: object): object {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
}
