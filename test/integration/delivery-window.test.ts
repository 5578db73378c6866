import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, numberOf, Workbench } from '../support/workbench'

const WINDOW = { deliveryWindowHours: 1 }

/** An integration in which event 1 keeps failing while good events pass, at least every third minute. */
async function poisoned(options = {}) {
  const bench = await Workbench.start()
  bench.receiver.always((request) => (numberOf(request) === 1 ? { status: 500, body: 'cannot parse' } : 'ok'))
  bench.open({ random: () => 0.999 })
  await bench.create({ options: { ...WINDOW, ...options } })
  bench.publish([1])
  let next = 100
  const minutes = async (count: number) => {
    for (let minute = 0; minute < count; minute++) {
      if (minute % 3 === 0 || minute === 1) bench.publish([next++])
      await bench.quiet()
      await bench.clock.advance(30_000)
      await bench.clock.advance(30_000)
      await bench.quiet()
    }
  }
  return { bench, minutes }
}

const rejectedCount = (bench: Workbench) => bench.summary().rejected

describe('the delivery window', { timeout: 60_000 }, () => {
  it('rejects an event that fails all the time while others succeed, with its last error', async () => {
    const { bench, minutes } = await poisoned()
    await minutes(59)
    expect(rejectedCount(bench)).toBe(0)
    await minutes(3)
    const { rows } = bench.ask('integrations.rejected', { id: 'orders', limit: 10 })
    expect(rows).toMatchObject([
      {
        reason: 'delivery_window_exceeded',
        domainEntityId: 'entity-1',
        errorCode: 'server_error',
        statusCode: 500,
        responseBody: 'cannot parse',
      },
    ])
    expect(bench.summary()).toMatchObject({ status: 'running', rejected: 1, waiting: 0, backlog: 0, delivered: 23 })
    bench.checkCounters()
    const tries = bench.arrived.filter((no) => no === 1).length
    await minutes(2)
    expect(bench.arrived.filter((no) => no === 1)).toHaveLength(tries)
  })

  it('counts neither pause nor closed workspace, of a sleep a minute at most, and no clock that is set', async () => {
    const { bench, minutes } = await poisoned()
    await minutes(12)
    await bench.call('integrations.stop', { id: 'orders' })
    await bench.clock.advance(5 * HOUR)
    await bench.call('integrations.start', { id: 'orders' })
    await minutes(12)
    await bench.close()
    bench.clock.jump(100 * HOUR)
    bench.open({ random: () => 0.999 })
    await minutes(12)
    bench.clock.jump(100 * HOUR)
    await minutes(10)
    bench.clock.jump(-3 * HOUR)
    await minutes(10)
    expect(rejectedCount(bench)).toBe(0)
    await minutes(7)
    expect(rejectedCount(bench)).toBe(1)
    bench.checkCounters()
  })

  it('does not count an outage, and keeps the window of every event that failed in it', async () => {
    const { bench, minutes } = await poisoned({ stopAfterMinutes: 10_000 })
    await minutes(30)
    bench.receiver.always({ status: 502 })
    bench.publish([2, 3, 4, 5, 6])
    await bench.pass(() => bench.summary().outage !== null, { step: 10_000, limit: 10 * MINUTE })
    const until = bench.clock.now() + 2 * HOUR
    await bench.pass(() => bench.clock.now() >= until, { step: 30_000, limit: 3 * HOUR })
    expect(bench.summary()).toMatchObject({ status: 'running', rejected: 0, backlog: 6 })
    bench.receiver.always((request) => (numberOf(request) === 1 ? { status: 500 } : 'ok'))
    await bench.pass(() => bench.summary().outage === null, { step: 10_000, limit: 10 * MINUTE })
    await minutes(20)
    expect(rejectedCount(bench)).toBe(0)
    await minutes(15)
    expect(rejectedCount(bench)).toBe(1)
    expect(bench.summary()).toMatchObject({ waiting: 0, backlog: 0 })
    bench.checkCounters()
  })

  it('counts on while each try takes long, as the time between two looks', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) =>
      numberOf(request) === 1 ? { status: 503, headers: { 'retry-after': '900' } } : 'ok',
    )
    bench.open()
    await bench.create({ options: WINDOW })
    bench.publish([1])
    await bench.untilAttempts(1)
    // Five tries, a quarter of an hour apart, each followed by a success.
    let good = 0
    for (let quarter = 0; quarter < 5 && bench.summary().rejected === 0; quarter++) {
      bench.publish([100 + quarter])
      await bench.clock.advance(15 * MINUTE)
      good++
      await bench.until(() => bench.summary().delivered === good || bench.summary().rejected === 1)
      await bench.quiet()
    }
    expect(bench.ask('integrations.rejected', { id: 'orders', limit: 1 }).rows).toMatchObject([
      { reason: 'delivery_window_exceeded', statusCode: 503 },
    ])
  })
})
