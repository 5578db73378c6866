import { describe, expect, it } from 'vitest'
import { MINUTE, numberOf, numbers, Workbench } from '../support/workbench'

const failing = (...poison: number[]) => {
  const set = new Set(poison)
  return (request: { readonly body: Buffer }) => (set.has(numberOf(request)) ? ({ status: 500 } as const) : 'ok')
}

describe('retries', () => {
  it('come after a growing, random time that never exceeds a minute', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(1))
    bench.open({ random: () => 0.999 })
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    const waits: number[] = []
    for (let attempt = 1; attempt <= 9; attempt++) {
      const due = bench.value('SELECT due_at FROM waiting') as number
      waits.push(due - bench.clock.now())
      // A success in between: without one the circuit would open.
      bench.publish([100 + attempt])
      await bench.untilSettled(attempt)
      await bench.clock.advance(due - bench.clock.now() - 1)
      expect(bench.arrived.filter((no) => no === 1)).toHaveLength(attempt)
      await bench.clock.advance(1)
      await bench.until(() => bench.value('SELECT attempts FROM waiting') === attempt + 1)
    }
    expect(waits.map((ms) => Math.round(ms / 1000))).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
    bench.checkCounters()
  })

  it('keep their times over a restart', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(1))
    bench.open({ random: () => 0.999 })
    await bench.create()
    bench.publish([1, 2])
    await bench.untilAttempts(2)
    const due = bench.value('SELECT due_at FROM waiting') as number
    expect(due).toBe(bench.clock.now() + 999)
    await bench.close()
    bench.receiver.always('ok')
    bench.open({ random: () => 0.999 })
    await bench.clock.advance(998)
    await bench.quiet()
    expect(bench.arrived).toHaveLength(2)
    await bench.clock.advance(1)
    await bench.untilSettled(2)
    expect(bench.attempts().map((a) => [a.number, a.outcome])).toEqual([
      [1, 'failure'],
      [1, 'success'],
      [2, 'success'],
    ])
    bench.checkCounters()
  })

  it.each([
    [429, '120'],
    [503, 'Mon, 12 Jan 2026 08:02:00 GMT'],
  ])('wait for as long as %s with Retry-After "%s" asks, and so does the whole lane', async (status, retryAfter) => {
    const bench = await Workbench.start()
    bench.receiver.script({ status, headers: { 'retry-after': retryAfter } })
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    bench.publish([2, 3])
    await bench.clock.advance(2 * MINUTE - 1)
    await bench.quiet()
    expect(bench.arrived).toEqual([1])
    await bench.clock.advance(1)
    await bench.untilSettled(3)
    expect(bench.arrived.toSorted()).toEqual([1, 1, 2, 3])
  })

  it('of other answers take no notice of a Retry-After', async () => {
    const bench = await Workbench.start()
    bench.receiver.script({ status: 500, headers: { 'retry-after': '600' } })
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    bench.publish([2])
    await bench.untilSettled(1)
    await bench.clock.advance(1000)
    await bench.untilSettled(2)
  })

  it('are clamped to 15 minutes whatever the receiver asks', async () => {
    const bench = await Workbench.start()
    bench.receiver.script({ status: 429, headers: { 'retry-after': '86400' } })
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    expect(bench.value('SELECT due_at FROM waiting')).toBe(bench.clock.now() + 15 * MINUTE)
    await bench.clock.advance(15 * MINUTE)
    await bench.untilSettled(1)
  })

  it('that hang do not keep new events from being delivered', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(...numbers(0, 8)))
    bench.open()
    await bench.create({ options: { concurrency: 4 } })
    for (let no = 0; no < 8; no++) bench.publish([no, 100 + no])
    await bench.untilAttempts(16)
    bench.receiver.always((request) => (numberOf(request) < 8 ? 'hang' : 'ok'))
    await bench.call('integrations.stop', { id: 'orders' })
    bench.publish(numbers(200, 20))
    await bench.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(28)
    // Two of the four places hang with retries; the new events went through the other two.
    expect(bench.arrived.slice(16).filter((no) => no < 8).length).toBeGreaterThanOrEqual(2)
    expect(bench.receiver.receiver.open).toBeGreaterThanOrEqual(2)
  })

  it('and new events take turns when there is one place', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(...numbers(0, 30)))
    bench.open({ random: () => 0 })
    await bench.create({ options: { concurrency: 1 } })
    for (let no = 0; no < 5; no++) bench.publish([no, 100 + no])
    await bench.untilAttempts(10)
    await bench.call('integrations.stop', { id: 'orders' })
    bench.publish(numbers(200, 20))
    const before = bench.arrived.length
    await bench.call('integrations.start', { id: 'orders' })
    // The five are due at the start: without turns either they or the new ones would have to wait.
    await bench.untilSettled(25)
    expect(bench.arrived.slice(before, before + 8).filter((no) => no < 30)).toHaveLength(4)
    bench.checkCounters()
  })

  it('survive in the waiting room whatever happens in between', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(...numbers(0, 10)))
    bench.open()
    await bench.create()
    for (let no = 0; no < 10; no++) bench.publish([no, 100 + no])
    await bench.untilAttempts(20)
    await bench.close()
    bench.open()
    await bench.call('integrations.stop', { id: 'orders' })
    expect(bench.summary()).toMatchObject({ waiting: 10, backlog: 10, delivered: 10 })
    await bench.close()
    bench.receiver.always('ok')
    bench.open()
    await bench.clock.advance(MINUTE)
    expect(bench.summary().waiting).toBe(10)
    await bench.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(20)
    expect(bench.summary()).toMatchObject({ waiting: 0, backlog: 0, delivered: 20 })
    bench.checkCounters()
  })

  it('come on time although the clock was set back', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(1))
    bench.open({ random: () => 0.999 })
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    bench.clock.jump(-3 * 60 * MINUTE)
    bench.receiver.always('ok')
    bench.publish([2])
    await bench.untilSettled(1)
    expect(bench.value('SELECT due_at FROM waiting')).toBe(bench.clock.now() + 999)
    await bench.clock.advance(999)
    await bench.untilSettled(2)
  })

  it('come soon when the clock was set back while the workspace was closed', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(1))
    bench.open({ random: () => 0.999 })
    await bench.create()
    bench.publish([1])
    await bench.untilAttempts(1)
    await bench.close()
    bench.clock.jump(-24 * 60 * MINUTE)
    bench.receiver.always('ok')
    bench.open()
    await bench.untilSettled(1)
  })

  it('write one log entry for a whole burst', async () => {
    const bench = await Workbench.start()
    bench.receiver.always(failing(1))
    bench.open()
    await bench.create()
    bench.publish([1])
    for (let attempt = 1; attempt <= 4; attempt++) {
      await bench.untilAttempts(2 * attempt - 1)
      bench.publish([100 + attempt])
      await bench.untilAttempts(2 * attempt)
      await bench.clock.advance(6000)
    }
    await bench.until(() => bench.attempts().length >= 9)
    const { rows } = bench.ask('integrations.logs', { id: 'orders', limit: 10 })
    const bursts = rows.filter((row) => row.action === 'retry_triggered')
    expect(bursts).toHaveLength(1)
    expect(bursts[0]!.reason).toMatch(
      /^Request to URL http:\S+ failed\. Reason: server_error \(HTTP status code 500\)\. .* attempts since \S+ are tried again\.$/,
    )
  })
})
