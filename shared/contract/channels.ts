import type { EventName } from '.'

/** Transport names between page and main process; only the preload and the router use them. */
export const CALL_CHANNEL = 'call'

export function eventChannel(name: EventName): string {
  return `event:${name}`
}
