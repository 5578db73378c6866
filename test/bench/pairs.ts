/** Rates of one interleaved comparison, in units per second. */
export interface Comparison {
  readonly ours: number
  readonly reference: number
  /** Median of the ratios of the pairs, and the smallest and largest of them. */
  readonly ratio: number
  readonly low: number
  readonly high: number
}

export const PAIRS = 7

/** Runs both sides in turn, the order changing with each pair, and compares the medians. Each side gives its rate. */
export async function compare(ours: () => Promise<number>, reference: () => Promise<number>): Promise<Comparison> {
  const pairs: { ours: number; reference: number }[] = []
  for (let i = 0; i < PAIRS; i++) {
    if (i % 2 === 0) {
      const a = await ours()
      pairs.push({ ours: a, reference: await reference() })
    } else {
      const b = await reference()
      pairs.push({ ours: await ours(), reference: b })
    }
  }
  const ratios = pairs.map((p) => p.ours / p.reference)
  return {
    ours: median(pairs.map((p) => p.ours)),
    reference: median(pairs.map((p) => p.reference)),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]!
}

/** One line of the report. A bound inside the spread is not resolved. */
export function report(name: string, unit: string, c: Comparison, bound: number): string {
  const verdict = c.low > bound ? 'met' : c.high < bound ? 'missed' : 'not resolved'
  const rate = (n: number) => Math.round(n).toLocaleString('en-US')
  return `${name}: ${rate(c.ours)} ${unit} against ${rate(c.reference)}; ratio ${c.ratio.toFixed(2)} (${c.low.toFixed(2)} to ${c.high.toFixed(2)}), bound ${bound}: ${verdict}`
}
