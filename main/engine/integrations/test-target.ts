import type { Parsed } from '../../../shared/contract'
import type { S3Target } from '../../../shared/domain'
import { deliveryDefaults } from '../../../shared/schemas/integration'
import type { TargetTest } from '../../../shared/target-test'
import type { Clock } from '../clock'
import { s3Options } from '../delivery/lanes'
import { S3Target as S3Client } from '../delivery/s3/s3-target'
import { testWebhook } from '../delivery/webhook-test'
import type { IntegrationService } from './integration-service'
import { patchTarget, splitTarget, wholeTarget } from './targets'

/**
 * *Test target*: tries what a delivery would do, step by step, without an event of the log.
 *
 * @throws AppError `invalid_input` when the target is not complete, `integration_not_found`, `secret_unreadable`
 */
export async function testTarget(
  { id, target, sendTestEvent }: Parsed<'targets.test'>,
  ports: { readonly integrations: IntegrationService; readonly userAgent: string; readonly clock: Clock },
): Promise<TargetTest> {
  const saved = id === undefined ? undefined : ports.integrations.find(id)
  const given = saved === undefined ? wholeTarget(target) : patchTarget(ports.integrations.secretsOf(saved), target)
  const { connectTimeoutMs, totalTimeoutMs } = saved?.integration.options ?? deliveryDefaults
  const split = splitTarget(given)
  const { secrets } = split
  if (given.kind === 'webhook') {
    return testWebhook({
      callbackUrl: given.callbackUrl,
      apiKey: secrets?.apiKey,
      signingSecrets: secrets?.signingSecrets ?? [],
      userAgent: ports.userAgent,
      connectTimeoutMs,
      totalTimeoutMs,
      sendTestEvent,
      clock: ports.clock,
    })
  }
  const client = new S3Client(
    s3Options(split.target as S3Target, secrets, { connectTimeoutMs, totalTimeoutMs }, ports.userAgent),
  )
  try {
    return await client.test((split.target as S3Target).keyPrefix)
  } finally {
    await client.destroy()
  }
}
