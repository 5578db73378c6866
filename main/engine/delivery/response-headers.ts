/** How many headers of an answer are kept, and how many characters of names and values together. */
export const RESPONSE_HEADERS_KEPT = { count: 100, characters: 8 * 1024 } as const

/** Stands for a value that may be a credential. */
export const MASK = '***'

const CREDENTIALS =
  /cookie|authorization|authentication-info|api-?key|access-?key|password|secret|session|signature|token/i

/**
 * The headers of an answer as they are kept: in the order in which they came, within {@link RESPONSE_HEADERS_KEPT}, the values that
 * may be credentials (cookies, authorization, tokens, ...) masked.
 *
 * @param raw names and values in turn
 * @param redact removes what must not be kept from a value
 */
export function keptHeaders(
  raw: readonly (Buffer | string)[],
  redact: (text: string) => string,
): readonly (readonly [string, string])[] {
  const kept: [string, string][] = []
  let left = RESPONSE_HEADERS_KEPT.characters
  for (let i = 0; i + 1 < raw.length && kept.length < RESPONSE_HEADERS_KEPT.count; i += 2) {
    const name = textOf(raw[i]!)
    if (name.length >= left) break
    left -= name.length
    const value = CREDENTIALS.test(name) ? MASK : redact(textOf(raw[i + 1]!)).slice(0, left)
    left -= value.length
    kept.push([name, value])
  }
  return kept
}

/** The value of the first header with this name, or null. @param name in lower case */
export function headerValue(raw: readonly (Buffer | string)[], name: string): string | null {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]!.length === name.length && textOf(raw[i]!).toLowerCase() === name) return textOf(raw[i + 1]!)
  }
  return null
}

function textOf(part: Buffer | string): string {
  return typeof part === 'string' ? part : part.toString('latin1')
}
