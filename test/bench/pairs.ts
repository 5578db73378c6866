/** Figures of one interleaved comparison, in the unit that both sides gave. */
export interface Comparison {
  readonly ours: number
  readonly reference: number
  /** Median of the ratios of the pairs, and the smallest and largest of them. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** A rate must reach a share of the reference's; a time may take a multiple of it. */
export type Bound = { readonly atLeast: number } | { readonly atMost: number }

export const PAIRS = 9

/** Runs both sides in turn, the order changing with each pair. */
export async function runPairs<T>(
  ours: () => Promise<T>,
  reference: () => Promise<T>,
): Promise<{ readonly ours: T; readonly reference: T }[]> {
  const pairs: { ours: T; reference: T }[] = []
  for (let i = 0; i < PAIRS; i++) {
    if (i % 2 === 0) {
      const a = await ours()
      pairs.push({ ours: a, reference: await reference() })
    } else {
      const b = await reference()
      pairs.push({ ours: await ours(), reference: b })
    }
  }
  return pairs
}

/** Runs both sides in turn and compares the medians. */
export async function compare(ours: () => Promise<number>, reference: () => Promise<number>): Promise<Comparison> {
  const pairs = await runPairs(ours, reference)
  const ratios = pairs.map((p) => p.ours / p.reference)
  return {
    ours: median(pairs.map((p) => p.ours)),
    reference: median(pairs.map((p) => p.reference)),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  }
}

/** One line of a report on what ours takes more than the reference, in the unit that both sides gave. */
export function reportMore(
  name: string,
  unit: string,
  pairs: readonly { readonly ours: number; readonly reference: number }[],
  atMost: number,
): string {
  const more = pairs.map((p) => p.ours - p.reference)
  const [low, high] = [Math.min(...more), Math.max(...more)]
  const [ours, reference] = [median(pairs.map((p) => p.ours)), median(pairs.map((p) => p.reference))]
  const figure = (n: number) => n.toFixed(2)
  return `${name}: ${figure(ours)} ${unit} against ${figure(reference)}; ${figure(median(more))} more (${figure(low)} to ${figure(high)}), at most ${atMost}: ${verdict({ low, high }, { atMost })}`
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share `q` (0 to 1) of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!
}

/** A bound inside the spread is not resolved. */
export function verdict({ low, high }: Pick<Comparison, 'low' | 'high'>, bound: Bound): string {
  const [good, bad] =
    'atLeast' in bound ? [low >= bound.atLeast, high < bound.atLeast] : [high <= bound.atMost, low > bound.atMost]
  return good ? 'met' : bad ? 'missed' : 'not resolved'
}

/** One line of the report. */
export function report(name: string, unit: string, c: Comparison, bound: Bound): string {
  const figure = (n: number) => Math.round(n).toLocaleString('en-US')
  const limit = 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`
  return `${name}: ${figure(c.ours)} ${unit} against ${figure(c.reference)}; ratio ${c.ratio.toFixed(2)} (${c.low.toFixed(2)} to ${c.high.toFixed(2)}), ${limit}: ${verdict(c, bound)}`
}
