import type { LookupAddress, LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'

type Answer = [error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number]

/**
 * A lookup that asks once for all who want to know the same at the same time. Nothing is kept after the answer.
 *
 * The system's resolver runs on few threads that the whole process shares: without this, the connections of one integration whose name
 * service hangs would keep those of all others from being opened.
 */
export function sharedLookup(lookup: LookupFunction): LookupFunction {
  const asked = new Map<string, ((...answer: Answer) => void)[]>()
  return (hostname: string, options: LookupOptions, callback: (...answer: Answer) => void) => {
    const { all, family, hints, order, verbatim } = options
    const key = JSON.stringify([hostname, all, family, hints, order, verbatim])
    const waiting = asked.get(key)
    if (waiting !== undefined) {
      waiting.push(callback)
      return
    }
    const callbacks = [callback]
    asked.set(key, callbacks)
    lookup(hostname, options, (...answer: Answer) => {
      asked.delete(key)
      for (const tell of callbacks) tell(...answer)
    })
  }
}
