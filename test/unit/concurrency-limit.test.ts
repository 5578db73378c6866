import { describe, expect, it } from 'vitest'
import { ConcurrencyLimit, isOverload } from '../../main/engine/delivery/concurrency-limit'
import { attemptErrors } from '../../shared/attempt-errors'
import { Random } from '../support/random'

/** A receiver for a simulation: ms until it answers a request that comes at `now`, or `overload`. */
type Simulated = (now: number, inFlight: number) => number | 'overload'

interface Run {
  /** Mean of the limit, and answers per second, over the second half. */
  readonly limit: number
  readonly perSecond: number
  readonly lowest: number
  readonly now: number
}

/** Sends as many requests as the limit allows, always. Time is simulated. */
function run(limit: ConcurrencyLimit, receiver: Simulated, results: number, start = 0): Run {
  const flights: { ends: number; sent: number; inFlight: number; overload: boolean }[] = []
  let now = start
  let half = start
  let sum = 0
  let lowest = limit.current
  for (let n = 0; n < results; n++) {
    while (flights.length < limit.current) {
      const answer = receiver(now, flights.length + 1)
      const flight = {
        ends: now + (answer === 'overload' ? 5 : answer),
        sent: now,
        inFlight: flights.length + 1,
        overload: answer === 'overload',
      }
      let at = flights.length
      while (at > 0 && flights[at - 1]!.ends > flight.ends) at--
      flights.splice(at, 0, flight)
    }
    const flight = flights.shift()!
    now = flight.ends
    if (flight.overload) limit.onOverload()
    else limit.onSuccess(now - flight.sent, flight.inFlight)
    lowest = Math.min(lowest, limit.current)
    if (n === results >> 1) half = now
    if (n > results >> 1) sum += limit.current
  }
  const counted = results - (results >> 1) - 1
  return { limit: sum / counted, perSecond: counted / ((now - half) / 1000), lowest, now }
}

/** A queue in front of `workers` that need `serviceMs` for each request. */
function queue(workers: number, serviceMs: () => number): Simulated {
  const free = new Array<number>(workers).fill(0)
  return (now) => {
    let first = 0
    for (let i = 1; i < free.length; i++) if (free[i]! < free[first]!) first = i
    const ends = Math.max(now, free[first]!) + serviceMs()
    free[first] = ends
    return ends - now
  }
}

describe('a concurrency limit', () => {
  it('starts at its maximum', () => {
    expect(new ConcurrencyLimit(16).current).toBe(16)
    expect(new ConcurrencyLimit(1).current).toBe(1)
  })

  it.each([0.2, 5, 100, 5000])('stays at the maximum for good at a constant latency of %d ms', (ms) => {
    const { lowest } = run(new ConcurrencyLimit(16), () => ms, 50_000)
    expect(lowest).toBe(16)
  })

  it.each([1, 16, 256])('stays at the maximum of %i for good when latency is merely uneven', (max) => {
    const random = new Random(7)
    const { lowest } = run(new ConcurrencyLimit(max), () => 80 + random.float() * 60, 100_000)
    expect(lowest).toBe(max)
  })

  it('costs next to nothing when most answers are quick and some are very slow', () => {
    const random = new Random(3)
    const { limit } = run(new ConcurrencyLimit(16), () => (random.float() < 0.5 ? 30 : 1500), 100_000)
    expect(limit).toBeGreaterThan(15)
  })

  it('gives up lowering when a receiver got slower for reasons of its own', () => {
    const limit = new ConcurrencyLimit(16)
    let { now } = run(limit, () => 50, 2000)
    ;({ now } = run(limit, () => 2000, 2000, now))
    expect(limit.current).toBe(16)
    expect(run(limit, () => 2000, 50_000, now).lowest).toBe(16)
  })

  it.each([
    [64, 4],
    [16, 2],
    [256, 20],
  ])(
    'settles from %i at about twice the %i requests that a receiver handles at once, at its full rate',
    (max, workers) => {
      const random = new Random(11)
      const { limit, perSecond } = run(
        new ConcurrencyLimit(max),
        queue(workers, () => 45 + random.float() * 10),
        60_000,
      )
      expect(limit).toBeGreaterThan(workers)
      expect(limit).toBeLessThan(workers * 2.6)
      expect(perSecond).toBeGreaterThan(((workers * 1000) / 50) * 0.97)
    },
  )

  it('finds a burdened receiver also when its times are very uneven, and costs no throughput', () => {
    const limits: number[] = []
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const random = new Random(seed)
      const receiver = queue(20, () => -Math.log(1 - random.float()) * 50)
      const { limit, perSecond } = run(new ConcurrencyLimit(256), receiver, 60_000)
      limits.push(limit)
      expect(perSecond).toBeGreaterThan(400 * 0.95)
    }
    expect(limits.sort((a, b) => a - b)[4]).toBeLessThan(40)
  })

  it('does not mind a queue whose latency is too small to matter', () => {
    expect(
      run(
        new ConcurrencyLimit(16),
        queue(1, () => 0.1),
        20_000,
      ).lowest,
    ).toBe(16)
  })

  it('climbs back when a receiver has got more places', () => {
    const limit = new ConcurrencyLimit(64)
    const { now } = run(
      limit,
      queue(4, () => 50),
      20_000,
    )
    expect(limit.current).toBeLessThan(12)
    run(limit, () => 50, 3000, now)
    expect(limit.current).toBe(64)
  })

  it('falls once for all the requests that fail together', () => {
    const limit = new ConcurrencyLimit(100)
    for (let i = 0; i < 100; i++) limit.onOverload()
    expect(limit.current).toBe(70)
    limit.onOverload()
    expect(limit.current).toBe(49)
  })

  it('falls to one and no further while there is nothing but overload, and climbs back after it', () => {
    const limit = new ConcurrencyLimit(16)
    const { now } = run(limit, () => 'overload', 500)
    expect(limit.current).toBe(1)
    run(limit, () => 100, 400, now)
    expect(limit.current).toBe(16)
  })

  it('settles near the number of requests above which a receiver refuses', () => {
    const limit = new ConcurrencyLimit(64)
    const { limit: mean, perSecond } = run(limit, (_, inFlight) => (inFlight > 20 ? 'overload' : 100), 40_000)
    expect(mean).toBeGreaterThan(13)
    expect(mean).toBeLessThan(26)
    expect(perSecond).toBeGreaterThan(130)
  })

  it('costs less than a microsecond for each result', () => {
    const limit = new ConcurrencyLimit(16)
    const results = 2_000_000
    const fastest = Math.min(
      ...[1, 2, 3].map(() => {
        const start = performance.now()
        for (let i = 0; i < results; i++) limit.onSuccess(30 + (i & 15), 16)
        return performance.now() - start
      }),
    )
    expect((fastest * 1000) / results).toBeLessThan(1)
  })
})

describe('overload', () => {
  it('is what too many requests may cause, and nothing else', () => {
    const codes = (Object.keys(attemptErrors) as (keyof typeof attemptErrors)[]).filter((code) =>
      isOverload(code, null),
    )
    expect(codes).toEqual(['connect_timeout', 'response_timeout', 'connection_reset', 'response_incomplete'])
    expect(isOverload('too_many_requests', 429)).toBe(true)
    expect(isOverload('server_error', 503)).toBe(true)
    expect(isOverload('server_error', 500)).toBe(false)
    expect(isOverload('rejected', 400)).toBe(false)
  })
})
