import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signingKey, webhookSignature } from '../../main/engine/delivery/signature'
import { curlCommand, quoted, requestHeaders } from '../../renderer/features/attempts/curl'
import type { WebhookTarget } from '../../shared/domain'

const eventId = '471278c7-dee8-4de5-8383-d8e50ede1c3f'
const target: WebhookTarget = {
  kind: 'webhook',
  callbackUrl: 'https://example.com/events?a=1&b=$HOME',
  hasApiKey: true,
  signingSecrets: 0,
}

/** Runs a command in a real shell, with a curl that only tells its arguments. */
function argumentsOf(command: string, env: Record<string, string> = {}): string[] {
  const script = `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; }\n${command}\n`
  const out = execFileSync('sh', ['-c', script], { env: { PATH: process.env.PATH ?? '', ...env }, encoding: 'utf8' })
  return out.split('\0').slice(0, -1)
}

const bodies = [
  '{"a":1}',
  `{"it's":"a 'quote'"}`,
  `{"a":"\\"$(touch x) \`id\` $HOME $\{HOME} !!"}`,
  '{"a":"line\\nbreak","b":"ünï ✓ 𝄞"}',
  "'; rm -rf / #",
  '@/etc/passwd',
  '-x --data @file',
  ' leading and trailing ',
  '%s %d \\0 \\n',
  'a\nreal\nbreak\n',
  '*?[a-z] ~ & | ; < > ( ) { }',
]

describe.skipIf(process.platform === 'win32')('copy as cURL', () => {
  it.each(bodies)('gives the receiver the body as it is: %j', (body) => {
    const args = argumentsOf(curlCommand({ target, eventId, body }), { API_KEY: 'the key' })
    expect(args.slice(0, 3)).toEqual(['-X', 'POST', target.callbackUrl])
    expect(args.at(-2)).toBe('--data-raw')
    expect(args.at(-1)).toBe(body)
  })

  it('gives any text at all as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        fc.pre(!text.includes('\0'))
        expect(argumentsOf(`curl ${quoted(text)}`)).toEqual([text])
      }),
      { numRuns: 25 },
    )
  })

  it('has the headers of a delivery, the key as a variable that the shell fills in', () => {
    const command = curlCommand({ target, eventId, body: '{}' })
    expect(command).toContain('$API_KEY')
    const args = argumentsOf(command, { API_KEY: `k'"$x` })
    const headers = args.flatMap((arg, i) => (args[i - 1] === '-H' ? [arg] : []))
    expect(headers).toEqual([
      'content-type: application/json',
      `authorization: Bearer k'"$x`,
      `idempotency-key: ${eventId}`,
      `webhook-id: ${eventId}`,
      expect.stringMatching(/^webhook-timestamp: \d{10}$/),
    ])
  })

  it('sends no authorization where there is no key', () => {
    const headers = requestHeaders({ target: { ...target, hasApiKey: false }, eventId }, '1')
    expect(headers.map(([name]) => name)).not.toContain('authorization')
  })

  it('signs like the engine does', () => {
    const secret = `whsec_${Buffer.from('a secret of thirty-two bytes! ok').toString('base64')}`
    const body = `{"it's":"ünï"}`
    const args = argumentsOf(curlCommand({ target: { ...target, signingSecrets: 1 }, eventId, body }), {
      API_KEY: 'k',
      SIGNING_SECRET: secret,
    })
    const header = (name: string) => args.find((arg) => arg.startsWith(`${name}: `))!.slice(name.length + 2)
    const timestamp = header('webhook-timestamp')
    expect(header('webhook-signature')).toBe(
      webhookSignature([signingKey(secret)!], eventId, timestamp, Buffer.from(body)),
    )
    expect(args.at(-1)).toBe(body)
  })
})
