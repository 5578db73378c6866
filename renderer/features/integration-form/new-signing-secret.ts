const BYTES = 32

/** A new signing secret: `whsec_` and 32 random bytes in base64, as Standard Webhooks recommends (24 to 64 bytes). */
export function newSigningSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES))
  return `whsec_${btoa(String.fromCharCode(...bytes))}`
}
