import type { CallName, EventName, Events, Input, Output } from '@shared/contract'
import { AppError, unwrap } from '@shared/errors'

/** Makes a call of the contract. An expected failure is thrown as an AppError with its code, sentence and field. */
export async function call<N extends CallName>(name: N, input: Input<N>): Promise<Output<N>> {
  return unwrap(await window.bridge.call(name, input))
}

/** Returns the function that ends the subscription. */
export function subscribe<E extends EventName>(name: E, listener: (payload: Events[E]) => void): () => void {
  return window.bridge.subscribe(name, listener)
}

export function pathOf(file: File): string {
  return window.bridge.pathOf(file)
}

/** The sentence to show for anything that a call threw. */
export function sentenceOf(error: unknown): string {
  return error instanceof AppError ? error.message : 'Something went wrong inside the console.'
}
