import type { EpochMs } from '@shared/domain'

/** The value of a `datetime-local` input for a moment, to the minute. */
export function toLocalInput(at: EpochMs): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** The moment that a `datetime-local` input shows; null while it is empty or incomplete. */
export function fromLocalInput(text: string): EpochMs | null {
  const at = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isNaN(at) ? null : at
}
