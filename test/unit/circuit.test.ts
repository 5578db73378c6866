import { describe, expect, it } from 'vitest'
import { CIRCUIT, Circuit, type CircuitFailure, PROBE } from '../../main/engine/delivery/circuit'

const NOW = 1_700_000_000_000
const half = () => 0.5

const failure = (change: Partial<CircuitFailure> = {}): CircuitFailure => ({
  code: 'server_error',
  status: 500,
  retryAfterMs: null,
  probe: false,
  ...change,
})

/** Opens at `NOW + 19`. */
function opened(random: () => number = half): Circuit {
  const circuit = new Circuit(random)
  for (let i = 0; i < CIRCUIT.failures; i++) circuit.onFailure(NOW + i, failure())
  return circuit
}

describe('a circuit opens', () => {
  it('after 20 failures in a row, not after 19', () => {
    const circuit = new Circuit(half)
    for (let i = 1; i < 20; i++) expect(circuit.onFailure(NOW + i, failure())).toBe(false)
    expect(circuit.open).toBe(false)
    expect(circuit.outage).toBeNull()
    expect(circuit.onFailure(NOW + 20, failure())).toBe(true)
    expect(circuit.open).toBe(true)
    expect(circuit.onFailure(NOW + 21, failure())).toBe(false)
  })

  it('after 5 failures that span a minute, not after 4 and not sooner', () => {
    const four = new Circuit(half)
    for (const at of [0, 30_000, 60_000, 90_000]) expect(four.onFailure(NOW + at, failure())).toBe(false)
    expect(four.onFailure(NOW + 90_001, failure())).toBe(true)
    const quick = new Circuit(half)
    for (const at of [0, 10, 20, 30, 59_999]) expect(quick.onFailure(NOW + at, failure())).toBe(false)
    expect(quick.onFailure(NOW + 60_000, failure())).toBe(true)
  })

  it('not when anything succeeds in between', () => {
    const circuit = new Circuit(half)
    for (let i = 0; i < 100; i++) {
      circuit.onFailure(NOW + i * 60_000, failure())
      if (i % 4 === 3) expect(circuit.onSuccess()).toBeNull()
    }
    expect(circuit.open).toBe(false)
  })
})

describe('an outage', () => {
  it('records the first, the last and the number of failures', () => {
    const circuit = opened()
    circuit.onFailure(NOW + 500, failure({ code: 'connection_refused', status: null }))
    expect(circuit.outage).toEqual({
      since: NOW,
      lastAt: NOW + 500,
      count: 21,
      lastCode: 'connection_refused',
      lastStatus: null,
      possibleMs: 0,
      nextProbeAt: circuit.probeAt(NOW + 500),
    })
  })

  it('ends with the first success, which hands it out once', () => {
    const circuit = opened()
    expect(circuit.onSuccess()).toMatchObject({ since: NOW, count: 20 })
    expect(circuit.open).toBe(false)
    expect(circuit.onSuccess()).toBeNull()
    for (let i = 0; i < 19; i++) expect(circuit.onFailure(NOW + 1000 + i, failure())).toBe(false)
    expect(circuit.onFailure(NOW + 2000, failure())).toBe(true)
    expect(circuit.outage?.since).toBe(NOW + 1000)
  })

  it('survives a restart as JSON, with a probe due at once', () => {
    const before = opened()
    before.elapsed(1234)
    const after = new Circuit(half, JSON.parse(JSON.stringify(before.outage)))
    expect(after.open).toBe(true)
    // What the receiver does after a restart is not known, so it is asked at once.
    expect(after.outage).toEqual({ ...before.outage, nextProbeAt: after.outage!.lastAt })
    expect(after.probe(NOW + 20)).toBe(true)
    after.onFailure(NOW + 30, failure({ probe: true }))
    expect(after.outage).toMatchObject({ since: NOW, count: 21, possibleMs: 1234 })
    expect(after.onSuccess()).not.toBeNull()
  })

  it('stops the integration after an hour in which attempts were possible, and only that time counts', () => {
    const circuit = new Circuit(half)
    circuit.elapsed(10 ** 9)
    for (let i = 0; i < CIRCUIT.failures; i++) circuit.onFailure(NOW + i, failure())
    circuit.onFailure(NOW + 10 * 86_400_000, failure())
    expect(circuit.stopDue()).toBe(false)
    circuit.elapsed(3_599_999)
    circuit.elapsed(-5)
    expect(circuit.stopDue()).toBe(false)
    expect(circuit.stopDue(1000)).toBe(true)
    circuit.elapsed(1)
    expect(circuit.stopDue()).toBe(true)
    circuit.onSuccess()
    expect(circuit.stopDue(0)).toBe(false)
  })
})

describe('probes', () => {
  const opens = NOW + CIRCUIT.failures - 1

  it('go one at a time, ever further apart, from half a second to a minute', () => {
    const circuit = opened()
    let now = opens
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      const next = circuit.probeAt(now)
      waits.push(next - now)
      expect(circuit.probe(next - 1)).toBe(false)
      expect(circuit.probe(next)).toBe(true)
      expect(circuit.probe(next + 10 ** 6)).toBe(false)
      now = next + 50
      circuit.onFailure(now, failure({ probe: true }))
    }
    expect(waits).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000, 45_000])
  })

  it('are spread by chance within the upper half of each wait', () => {
    expect(opened(() => 0).probeAt(opens) - opens).toBe(500)
    const latest = opened(() => 0.999_999)
    expect(latest.probeAt(opens) - opens).toBe(PROBE.firstMs)
    let now = opens
    for (let i = 0; i < 20; i++) {
      now = latest.probeAt(now)
      latest.probe(now)
      latest.onFailure(now, failure({ probe: true }))
    }
    expect(latest.probeAt(now) - now).toBe(PROBE.capMs)
  })

  it('never go before the time that the receiver asked for', () => {
    const circuit = new Circuit(half)
    for (let i = 0; i < CIRCUIT.failures; i++) circuit.onFailure(NOW, failure({ retryAfterMs: 10_000, status: 503 }))
    expect(circuit.probeAt(NOW)).toBe(NOW + 10_000)
    circuit.onFailure(NOW + 5000, failure({ retryAfterMs: 60_000, status: 429 }))
    expect(circuit.probeAt(NOW + 5000)).toBe(NOW + 65_000)
    // A late failure that asks for less, or for nothing, takes nothing back.
    circuit.onFailure(NOW + 6000, failure({ retryAfterMs: 1000 }))
    circuit.onFailure(NOW + 7000, failure())
    expect(circuit.probeAt(NOW + 7000)).toBe(NOW + 65_000)
    expect(circuit.probe(NOW + 65_000)).toBe(true)
    circuit.onFailure(NOW + 65_100, failure({ probe: true, retryAfterMs: 900_000, status: 503 }))
    expect(circuit.probeAt(NOW + 65_100)).toBe(NOW + 965_100)
  })

  it('keep to what any failure of the streak asked for, but not to what was before a success', () => {
    const circuit = new Circuit(half)
    circuit.onFailure(NOW, failure({ retryAfterMs: 900_000 }))
    circuit.onSuccess()
    circuit.onFailure(NOW, failure({ retryAfterMs: 60_000 }))
    for (let i = 1; i < CIRCUIT.failures; i++) circuit.onFailure(NOW + 10, failure())
    expect(circuit.open).toBe(true)
    expect(circuit.probeAt(NOW + 10)).toBe(NOW + 60_000)
  })

  it('do not wait longer because of attempts from before the circuit opened', () => {
    const circuit = opened()
    const due = circuit.probeAt(opens)
    for (let i = 0; i < 15; i++) circuit.onFailure(opens + i, failure())
    expect(circuit.probeAt(opens + 15)).toBe(due)
  })

  it('are due at once when the clock was set back, and do not wait for ever', () => {
    const circuit = opened()
    const earlier = NOW - 86_400_000
    expect(circuit.probeAt(earlier)).toBe(earlier)
    expect(circuit.probe(earlier)).toBe(true)
    circuit.onFailure(earlier, failure({ probe: true }))
    expect(circuit.probeAt(earlier)).toBe(earlier + 1500)
  })

  it('start anew after a success, and the right comes back when one is given up', () => {
    const circuit = opened()
    expect(circuit.probe(opens + 750)).toBe(true)
    circuit.abandonProbe()
    expect(circuit.probe(opens + 751)).toBe(true)
    circuit.onFailure(opens + 800, failure({ probe: true }))
    expect(circuit.probe(opens + 2300)).toBe(true)
    circuit.onSuccess()
    expect(circuit.probe(opens + 10 ** 6)).toBe(false)
    for (let i = 0; i < CIRCUIT.failures; i++) circuit.onFailure(opens + 3000, failure())
    expect(circuit.probeAt(opens + 3000)).toBe(opens + 3750)
  })
})
