import type { CallName, EventName, Events, Input, Output } from '../shared/contract'
import type { Result } from '../shared/errors'

/** The only thing that the page sees of the outside. */
export interface Bridge {
  call<N extends CallName>(name: N, input: Input<N>): Promise<Result<Output<N>>>
  /** Returns the function that ends the subscription. */
  subscribe<E extends EventName>(name: E, listener: (payload: Events[E]) => void): () => void
  /** The path of a file that the operator dropped on the window; empty for a file without one. */
  pathOf(file: unknown): string
}

declare global {
  interface Window {
    readonly bridge: Bridge
  }
}
