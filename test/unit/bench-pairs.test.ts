import { expect, test } from 'vitest'
import { compare, median, PAIRS, quantile, report, reportMore, verdict } from '../bench/pairs'

test('both sides run in turn, and the order changes with each pair', async () => {
  const order: string[] = []
  const side = (name: string, value: number) => async () => {
    order.push(name)
    return value
  }
  const result = await compare(side('a', 3), side('b', 2))
  expect(order.join('')).toBe('abbaabbaabbaabbaab')
  expect(order).toHaveLength(2 * PAIRS)
  expect(result).toEqual({ ours: 3, reference: 2, ratio: 1.5, low: 1.5, high: 1.5 })
})

test('the ratio is that of the pairs, not of the medians', async () => {
  const values = [10, 20, 30, 40, 50, 60, 70, 80, 900]
  let [i, j] = [0, 0]
  const result = await compare(
    async () => values[i++]!,
    async () => values[j++]! * 2,
  )
  expect(result).toEqual({ ours: 50, reference: 100, ratio: 0.5, low: 0.5, high: 0.5 })
})

test('a bound inside the spread is not resolved, whichever side of it is good', () => {
  expect(verdict({ low: 0.8, high: 0.9 }, { atLeast: 0.8 })).toBe('met')
  expect(verdict({ low: 0.7, high: 0.79 }, { atLeast: 0.8 })).toBe('missed')
  expect(verdict({ low: 0.7, high: 0.8 }, { atLeast: 0.8 })).toBe('not resolved')
  expect(verdict({ low: 1, high: 1.5 }, { atMost: 1.5 })).toBe('met')
  expect(verdict({ low: 1.51, high: 2 }, { atMost: 1.5 })).toBe('missed')
  expect(verdict({ low: 1.5, high: 1.6 }, { atMost: 1.5 })).toBe('not resolved')
})

test('a line of the report says both figures, the spread, the bound and the verdict', () => {
  const comparison = { ours: 12345.6, reference: 20000, ratio: 0.617, low: 0.55, high: 0.7 }
  expect(report('deliver', 'deliveries/s', comparison, { atLeast: 0.8 })).toBe(
    'deliver: 12,346 deliveries/s against 20,000; ratio 0.62 (0.55 to 0.70), at least 0.8: missed',
  )
})

test('quantiles', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(quantile([4, 1, 3, 2], 0.95)).toBe(4)
  expect(quantile([1], 0.5)).toBe(1)
})

test('a line on a difference says it with its spread, which is judged against the bound', () => {
  const pairs = [
    { ours: 3, reference: 1 },
    { ours: 7, reference: 1 },
    { ours: 2, reference: 1.5 },
  ]
  expect(reportMore('latency, p50', 'ms', pairs, 5)).toBe(
    'latency, p50: 3.00 ms against 1.00; 2.00 more (0.50 to 6.00), at most 5: not resolved',
  )
  expect(reportMore('latency, p50', 'ms', pairs.slice(0, 1), 5)).toMatch(/: met$/)
  expect(reportMore('latency, p50', 'ms', pairs.slice(1, 2), 5)).toMatch(/: missed$/)
})
