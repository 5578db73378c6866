import { useSyncExternalStore } from 'react'

const STEP_MS = 5000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, STEP_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The time, anew at least every five seconds; one timer serves every relative time on screen. */
export function useNow(): number {
  useSyncExternalStore(subscribe, () => now)
  // Not the time of the last step: what happened since then would seem to lie ahead.
  return Date.now()
}
