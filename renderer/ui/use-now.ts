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

/** The time, in steps of five seconds; one timer serves every relative time on screen. */
export function useNow(): number {
  const stepped = useSyncExternalStore(subscribe, () => now)
  // The shared value stands still while nobody listens.
  return Math.max(stepped, Date.now() - STEP_MS)
}
