import type { CallName, Output, Parsed } from '.'

/** The code behind some of the calls; throws an AppError for an expected failure. */
export type Handlers<N extends CallName> = {
  readonly [K in N]: (input: Parsed<K>) => Output<K> | Promise<Output<K>>
}
