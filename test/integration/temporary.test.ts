import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, numberOf, numbers, Workbench } from '../support/workbench'

const ended = (bench: Workbench) => bench.summary().stopCause === 'ended'

/** A temporary integration from an hour ago until in an hour. */
async function temporary(bench: Workbench) {
  const now = bench.clock.now()
  await bench.create({ integrationType: 'temporary', startsAt: now - HOUR, endsAt: now + HOUR })
  return now
}

describe('a temporary integration', () => {
  it('replays by the time of publishing, goes on live, and ends after the last event before its end', async () => {
    const bench = await Workbench.start()
    bench.open()
    const now = bench.clock.now()
    bench.publish([1], 'order.created', now - 2 * HOUR)
    bench.publish([2], 'order.created', now - HOUR)
    bench.publish([3], 'order.created', now - HOUR - 1)
    bench.publish([4, 5], 'order.created', now - MINUTE)
    await temporary(bench)
    await bench.untilSettled(3)
    bench.publish([6], 'order.created', now + HOUR - 1)
    bench.publish([7], 'order.created', now + HOUR)
    await bench.untilSettled(4)
    await bench.clock.advance(HOUR - 1)
    expect(ended(bench)).toBe(false)
    await bench.clock.advance(1)
    await bench.until(() => ended(bench))
    expect(bench.arrived.toSorted()).toEqual([2, 4, 5, 6])
    expect(bench.log().at(-1)).toMatchObject({
      action: 'integration_stopped',
      reason: 'Ended: the end date 2026-01-12T09:00:00.000Z has passed and every event before it is settled.',
    })
    expect(bench.summary()).toMatchObject({ delivered: 4, backlog: 0 })
    bench.checkCounters()
    await expect(bench.call('integrations.start', { id: 'orders' })).rejects.toMatchObject({
      code: 'integration_ended',
    })
  })

  it('does not end before its retries are settled', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) => (numberOf(request) === 1 ? { status: 500 } : 'ok'))
    bench.open({ random: () => 0.999 })
    await temporary(bench)
    bench.publish([1, 2])
    await bench.pass(() => bench.summary().waiting === 1 && bench.summary().delivered === 1, { step: 1, limit: 100 })
    await bench.clock.advance(HOUR)
    await bench.quiet()
    await bench.clock.advance(10 * MINUTE)
    await bench.quiet()
    expect(ended(bench)).toBe(false)
    bench.receiver.always('ok')
    await bench.pass(() => ended(bench), { step: 15_000, limit: 10 * MINUTE })
    expect(bench.summary()).toMatchObject({ delivered: 2, waiting: 0, backlog: 0 })
  })

  it('takes no notice of a clock that was wrong for a moment', async () => {
    const bench = await Workbench.start()
    bench.open()
    await temporary(bench)
    bench.clock.jump(5 * HOUR)
    bench.clock.jump(-5 * HOUR)
    await bench.clock.advance(MINUTE)
    expect(ended(bench)).toBe(false)
    bench.clock.jump(-HOUR)
    await bench.clock.advance(HOUR + 30 * MINUTE)
    bench.publish([1])
    await bench.untilSettled(1)
    expect(ended(bench)).toBe(false)
    await bench.clock.advance(30 * MINUTE)
    await bench.until(() => ended(bench))
  })

  it('goes on when its end passed while it had work and the clock was set back then', async () => {
    const bench = await Workbench.start()
    let release = () => {}
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => (release = () => resolve({ status: 200 }))))
    bench.open()
    await temporary(bench)
    bench.publish([1])
    await bench.until(() => bench.arrived.length === 1)
    await bench.clock.advance(HOUR)
    bench.clock.jump(-MINUTE)
    release()
    await bench.untilSettled(1)
    expect(ended(bench)).toBe(false)
    await bench.clock.advance(MINUTE)
    await bench.until(() => ended(bench))
  })

  it('ends after a sleep over its end, and when the workspace is opened after it', async () => {
    const bench = await Workbench.start()
    bench.open()
    await temporary(bench)
    const now = bench.clock.now()
    await bench.create({ id: 'second', integrationType: 'temporary', startsAt: now, endsAt: now + 10 * HOUR })
    bench.clock.jump(3 * HOUR)
    await bench.clock.advance(1)
    await bench.until(() => ended(bench))
    bench.publish([1])
    await bench.untilSettled(1, 'second')
    await bench.close()
    bench.clock.jump(24 * HOUR)
    bench.open()
    await bench.clock.advance(1)
    await bench.until(() => bench.summary('second').stopCause === 'ended')
  })

  it('stays paused over its end; started then, it delivers what it missed and ends', async () => {
    const bench = await Workbench.start()
    bench.open()
    await temporary(bench)
    await bench.call('integrations.stop', { id: 'orders' })
    bench.publish([1, 2])
    await bench.clock.advance(2 * HOUR)
    bench.publish([3])
    expect(bench.summary()).toMatchObject({ stopCause: 'operator', backlog: 3 })
    await bench.call('integrations.start', { id: 'orders' })
    await bench.until(() => ended(bench))
    expect(bench.arrived.toSorted()).toEqual([1, 2])
    expect(bench.summary()).toMatchObject({ delivered: 2, backlog: 0 })
  })

  it('ends although only events of other types came last', async () => {
    const bench = await Workbench.start()
    bench.open()
    const now = bench.clock.now()
    bench.publish(numbers(0, 256), 'order.created', now - MINUTE)
    bench.publish(numbers(1000, 300), 'return.processed', now - MINUTE)
    await bench.create({ integrationType: 'temporary', startsAt: now - HOUR, endsAt: now })
    await bench.clock.advance(0)
    await bench.untilSettled(256)
    await bench.clock.advance(0)
    await bench.until(() => ended(bench))
  })

  it('counts events outside its dates once, over restarts too', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) => (numberOf(request) === 100 ? 'hang' : 'ok'))
    bench.open()
    const now = bench.clock.now()
    bench.publish([1], 'order.created', now - MINUTE)
    bench.publish(numbers(10, 20), 'order.created', now - 3 * HOUR)
    bench.publish([100], 'order.created', now - MINUTE)
    bench.publish(numbers(30, 20), 'order.created', now - 3 * HOUR)
    bench.publish([2], 'order.created', now - MINUTE)
    await temporary(bench)
    await bench.untilSettled(2)
    const passed = () => bench.value('SELECT passed_over FROM integrations')
    // One event hangs, so the cursor has passed those before it only.
    await bench.until(() => passed() === 20)
    bench.checkCounters()
    await bench.close()
    bench.open()
    await bench.until(() => bench.arrived.filter((no) => no === 100).length === 2)
    expect(passed()).toBe(20)
    await bench.close()
    bench.receiver.always('ok')
    bench.open()
    await bench.untilSettled(3)
    await bench.until(() => passed() === 40)
    expect(bench.summary()).toMatchObject({ delivered: 3, backlog: 0 })
    expect(bench.arrived.toSorted((a, b) => a - b)).toEqual([1, 2, 100, 100, 100])
  })
})
