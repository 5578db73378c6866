import type { Target } from '@shared/domain'

interface Request {
  readonly target: Extract<Target, { kind: 'webhook' }>
  readonly eventId: string
  /** The stored envelope; sent byte for byte. */
  readonly body: string
}

/**
 * Header names and values of a delivery, as the engine sends them besides its user agent; what is secret stands as a shell variable.
 *
 * @param timestamp of the attempt in unix seconds, or what a shell fills it in from
 */
export function requestHeaders(
  { target, eventId }: Omit<Request, 'body'>,
  timestamp: string,
): readonly (readonly [string, string])[] {
  return [
    ['content-type', 'application/json'],
    ...(target.hasApiKey ? ([['authorization', 'Bearer $API_KEY']] as const) : []),
    ['idempotency-key', eventId],
    ['webhook-id', eventId],
    ['webhook-timestamp', timestamp],
    ...(target.signingSecrets > 0 ? ([['webhook-signature', 'v1,$SIGNATURE']] as const) : []),
  ]
}

/**
 * The delivery as a cURL command for a POSIX shell. Texts are in single quotes, in which a shell reads nothing but the quote itself,
 * so a body can hold anything. The API key is the variable `API_KEY`, and a signature is made from `SIGNING_SECRET` by openssl.
 * A NUL cannot stand in a command line; a valid JSON text holds none.
 */
export function curlCommand(request: Request): string {
  const { target, eventId, body } = request
  const lines: string[] = []
  if (target.signingSecrets > 0) {
    lines.push(
      'TIMESTAMP=$(date +%s)',
      `BODY=${quoted(body)}`,
      `KEY=$(printf %s "\${SIGNING_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')`,
      `SIGNATURE=$(printf '%s.%s.%s' ${quoted(eventId)} "$TIMESTAMP" "$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | openssl base64 -A)`,
    )
  }
  const timestamp = target.signingSecrets > 0 ? '$TIMESTAMP' : '$(date +%s)'
  const options = requestHeaders(request, timestamp).map(([name, value]) => `-H ${headerArgument(name, value)}`)
  // --data-binary would read a file for a text that begins with @, and an envelope never does; --data-raw reads none at all.
  const parts = ['curl -X POST', quoted(target.callbackUrl), ...options, `--data-raw ${quoted(body)}`]
  lines.push(parts.join(' \\\n  '))
  return lines.join('\n')
}

/** A text in single quotes; a single quote ends them, stands escaped, and begins them again. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** Only a value made here holds a variable; it goes into double quotes, so that the shell fills it in. */
function headerArgument(name: string, value: string): string {
  return value.includes('$') ? `"${name}: ${value}"` : quoted(`${name}: ${value}`)
}
