import { describe, expect, it } from 'vitest'
import { WATCH_EVERY_MS } from '../../main/engine/alerts/monitor'
import { UNDO_MS } from '../../main/engine/engine'
import { FaultReceiver } from '../support/fault-receiver'
import { HOUR, MINUTE, numberOf, numbers, Workbench } from '../support/workbench'

const kinds = (bench: Workbench) => bench.alerts.map((alert) => alert.kind)
const lasting = (bench: Workbench) =>
  bench.ask('alerts.list', { limit: 50 }).rows.filter((alert) => alert.resolvedAt === null)

/** An integration with one event that keeps failing. */
async function failing() {
  const bench = await Workbench.start()
  bench.receiver.always((request) => (numberOf(request) === 1 ? { status: 500 } : 'ok'))
  bench.open({ random: () => 0.999 })
  await bench.create()
  await bench.clock.advance(20 * MINUTE)
  bench.publish([1])
  await bench.untilAttempts(1)
  return bench
}

describe('alerts', () => {
  it('late: after 15 minutes, raised once, and over when the event is delivered', async () => {
    const bench = await failing()
    let next = 100
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute++) {
        bench.publish([next++])
        await bench.quiet()
        await bench.clock.advance(MINUTE)
        await bench.quiet()
      }
    }
    await minutes(14)
    expect(bench.alerts).toEqual([])
    await minutes(5)
    expect(kinds(bench)).toEqual(['late'])
    expect(bench.alerts[0]).toMatchObject({
      integrationId: 'orders',
      message: '1 event is not delivered by "orders" 15 minutes after publishing.',
      resolvedAt: null,
      seenAt: null,
    })
    bench.receiver.always('ok')
    await minutes(3)
    expect(lasting(bench)).toEqual([])
    expect(kinds(bench)).toEqual(['late'])
    expect(bench.notices).toEqual([])
    const { id } = bench.alerts[0]!
    await bench.call('alerts.seen', { upTo: id })
    expect(bench.ask('alerts.list', { limit: 1 }).rows[0]!.seenAt).toBe(bench.clock.now())
  })

  it('late: not for events that were in the log before the integration, nor for those of a pause before their time', async () => {
    const bench = await Workbench.start()
    bench.open()
    bench.publish(numbers(0, 50))
    await bench.clock.advance(HOUR)
    bench.receiver.always('hang')
    await bench.create({ startsAt: bench.clock.now() - 2 * HOUR, options: { totalTimeoutMs: 600_000 } })
    await bench.until(() => bench.receiver.receiver.open === 16)
    await bench.clock.advance(HOUR)
    expect(bench.alerts).toEqual([])
    await bench.call('integrations.stop', { id: 'orders' })
    bench.publish([100])
    await bench.clock.advance(HOUR)
    await bench.call('integrations.start', { id: 'orders' })
    await bench.clock.advance(14 * MINUTE)
    expect(bench.alerts).toEqual([])
    await bench.clock.advance(2 * MINUTE)
    expect(bench.alerts.map((a) => a.message)).toEqual([
      '1 event is not delivered by "orders" 15 minutes after publishing.',
    ])
  })

  it('lag: when the oldest event is older than the limit, replays included', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.call('settings.update', { lagAlertMinutes: 5 })
    bench.publish(numbers(0, 3))
    await bench.clock.advance(HOUR)
    const answers: (() => void)[] = []
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => answers.push(() => resolve({ status: 200 }))))
    await bench.create({ startsAt: bench.clock.now() - 2 * HOUR, options: { totalTimeoutMs: 600_000 } })
    await bench.until(() => answers.length === 3)
    await bench.clock.advance(4 * MINUTE)
    expect(bench.alerts).toEqual([])
    await bench.clock.advance(MINUTE)
    expect(kinds(bench)).toEqual(['lag'])
    for (const answer of answers) answer()
    await bench.untilSettled(3)
    await bench.clock.advance(WATCH_EVERY_MS)
    expect(lasting(bench)).toEqual([])
  })

  it('of an integration end when its deletion is final', async () => {
    const bench = await Workbench.start()
    bench.receiver.always('gone')
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.until(() => kinds(bench).includes('stopped'))
    expect(lasting(bench)).toHaveLength(1)
    await bench.call('integrations.delete', { id: 'orders' })
    await bench.clock.advance(UNDO_MS)
    await bench.until(() => lasting(bench).length === 0)
  })

  it('are posted to the address of the operator, with more tries', async () => {
    const bench = await Workbench.start()
    const hook = await FaultReceiver.start()
    try {
      hook.script({ status: 500 }, 'reset')
      bench.receiver.always('gone')
      bench.open()
      await bench.call('settings.update', { alertUrl: hook.url })
      await bench.create()
      bench.publish([1])
      await hook.waitFor((r) => r.arrivals.length === 1)
      for (let tries = 2; tries <= 3; tries++) {
        await bench.pass(() => hook.arrivals.length >= tries, { step: 5000, limit: 20 * MINUTE })
      }
      const { headers, body } = hook.receiver.requests[2]!
      expect(headers['content-type']).toBe('application/json')
      expect(JSON.parse(body.toString())).toEqual({ type: 'alert', alert: bench.alerts[0] })
      expect(bench.notices).toEqual([])
    } finally {
      await hook.close()
    }
  })

  it('that cannot be posted give a notice', async () => {
    const bench = await Workbench.start()
    const hook = await FaultReceiver.start()
    await hook.close()
    bench.receiver.always('gone')
    bench.open()
    await bench.call('settings.update', { alertUrl: hook.url })
    await bench.create()
    bench.publish([1])
    await bench.until(() => bench.alerts.length === 1)
    await bench.pass(() => bench.notices.length > 0, { step: 5000, limit: 20 * MINUTE })
    expect(bench.notices).toMatchObject([{ code: 'alert_not_sent' }])
    expect(bench.notices[0]!.message).toContain('could not be posted')
  })
})
