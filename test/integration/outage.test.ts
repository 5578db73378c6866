import { describe, expect, it } from 'vitest'
import { RESTART_PROBE_MS } from '../../main/engine/delivery/webhook-lane'
import type { DeliveryOptions } from '../../shared/domain'
import { HOUR, MINUTE, numberOf, numbers, operator, Workbench } from '../support/workbench'

const DOWN = { status: 502 } as const

/** An integration whose target answers nothing but errors; the circuit is open. */
async function outage(options: Partial<DeliveryOptions> = { stopAfterMinutes: 5 }) {
  const bench = await Workbench.start()
  bench.receiver.always(DOWN)
  bench.open({ random: () => 0.5 })
  await bench.create({ options })
  bench.publish(numbers(1, 40))
  await bench.until(() => bench.summary().outage !== null)
  await bench.quiet()
  return bench
}

const stopped = (bench: Workbench) => bench.summary().status === 'stopped'
const untilStopped = (bench: Workbench) => bench.pass(() => stopped(bench), { step: 15_000, limit: 3 * HOUR })

describe('when nothing succeeds', { timeout: 60_000 }, () => {
  it('single probes replace the stream, ever further apart, and nothing is discarded', async () => {
    const bench = await outage({})
    const atOpening = bench.arrived.length
    expect(atOpening).toBeLessThanOrEqual(20 + 16)
    const gaps: number[] = []
    for (let before = bench.clock.now(), probe = 1; probe <= 9; probe++) {
      await bench.pass(() => bench.arrived.length === atOpening + probe, { step: 250, limit: MINUTE })
      gaps.push(Math.round((bench.clock.now() - before) / 1000))
      before = bench.clock.now()
      expect(bench.receiver.receiver.open).toBe(0)
    }
    // Three quarters of 1, 2, 4 … 60 seconds.
    expect(gaps).toEqual([1, 2, 3, 6, 12, 24, 45, 45, 45])
    expect(bench.summary()).toMatchObject({ status: 'running', backlog: 40, delivered: 0, rejected: 0 })
    bench.receiver.always('ok')
    await bench.pass(() => bench.summary().delivered === 40, { step: 10_000, limit: 5 * MINUTE })
    expect(bench.summary()).toMatchObject({ outage: null, backlog: 0, waiting: 0 })
    bench.checkCounters()
  })

  it('one event that keeps failing hides no target that works, however little is going on', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) => (numberOf(request) === 1 ? { status: 500 } : 'ok'))
    bench.open({ random: () => 0.5 })
    await bench.create({ options: { stopAfterMinutes: 60 } })
    bench.publish([1])
    for (let event = 1; event <= 6; event++) {
      await bench.pass(() => bench.summary().outage !== null, { step: 15_000, limit: 20 * MINUTE })
      bench.publish([100 + event])
      await bench.pass(() => bench.summary().delivered === event, { step: 5000, limit: 3 * MINUTE })
      expect(bench.summary()).toMatchObject({ status: 'running', outage: null })
    }
  })

  it('a 400 proves that the target works', async () => {
    const bench = await outage()
    bench.receiver.script('rejected')
    bench.receiver.always('ok')
    await bench.pass(() => bench.summary().backlog === 0, { step: 5000, limit: 5 * MINUTE })
    expect(bench.summary()).toMatchObject({ delivered: 39, rejected: 1, status: 'running' })
  })

  it('the integration stops itself after an hour and says why', async () => {
    const bench = await outage({})
    const since = bench.clock.now()
    await untilStopped(bench)
    expect(Math.abs(bench.clock.now() - since - HOUR)).toBeLessThan(2 * MINUTE)
    const { outage: record } = bench.summary()
    expect(bench.summary()).toMatchObject({ stopCause: 'failure', restartPending: true, backlog: 40 })
    const reason = bench.log().at(-1)!.reason
    expect(reason).toContain('nothing could be delivered for 60 minutes')
    expect(reason).toContain(`${record!.count} attempts failed in a row`)
    expect(reason).toContain(`the first at ${new Date(since).toISOString()}`)
    expect(reason).toContain(`the last at ${new Date(record!.lastAt).toISOString()} with server_error`)
    expect(reason).toContain('HTTP status code 502')
    expect(reason).toContain('It starts again by itself')
    expect(bench.alerts.map((a) => a.kind)).toEqual(['late', 'stopped'])
    bench.checkCounters()
  })

  it('stops after an hour too when the receiver asks for long pauses or hangs', async () => {
    const bench = await outage({})
    const since = bench.clock.now()
    bench.receiver.always({ status: 503, headers: { 'retry-after': '900' } })
    await untilStopped(bench)
    expect(bench.clock.now() - since).toBeLessThan(HOUR + 2 * MINUTE)
  })

  it('sleep and a closed workspace do not count for the hour', async () => {
    const bench = await outage({})
    const half = bench.clock.now() + HOUR / 2
    await bench.pass(() => bench.clock.now() >= half, { step: 15_000, limit: HOUR })
    bench.clock.jump(9 * HOUR)
    await bench.clock.advance(1000)
    await bench.quiet()
    expect(stopped(bench)).toBe(false)
    await bench.close()
    bench.clock.jump(9 * HOUR)
    bench.open({ random: () => 0.5 })
    const again = bench.clock.now()
    await bench.pass(() => stopped(bench), { step: 15_000, limit: HOUR })
    expect(Math.abs(bench.clock.now() - again - HOUR / 2)).toBeLessThan(3 * MINUTE)
    expect(bench.summary()).toMatchObject({ stopCause: 'failure', backlog: 40 })
  })

  it('starting by hand forgets the outage, for viewers and after a restart too', async () => {
    const bench = await outage()
    await bench.call('integrations.stop', { id: 'orders' })
    bench.receiver.always('hang')
    await bench.call('integrations.start', { id: 'orders' })
    await bench.until(() => bench.receiver.receiver.open === 16)
    await bench.until(() => bench.summary().outage === null)
  })
})

describe('after it stopped itself', { timeout: 60_000 }, () => {
  it('one probe a minute watches the target, and it starts by itself', async () => {
    const bench = await outage()
    await untilStopped(bench)
    const before = bench.arrived.length
    for (let minute = 1; minute <= 5; minute++) {
      await bench.clock.advance(RESTART_PROBE_MS)
      await bench.quiet()
      expect(bench.arrived.length).toBe(before + minute)
    }
    bench.publish([900])
    await bench.quiet()
    expect(bench.arrived.length).toBe(before + 5)
    bench.receiver.always('ok')
    await bench.clock.advance(RESTART_PROBE_MS)
    await bench.untilSettled(41)
    expect(bench.summary()).toMatchObject({ status: 'running', restartPending: false, outage: null, backlog: 0 })
    expect(bench.log().at(-1)).toMatchObject({
      action: 'integration_started',
      reason: 'Started by itself because the target answers again.',
    })
    const { rows } = bench.ask('alerts.list', { limit: 10 })
    expect(rows.map((a) => [a.kind, a.resolvedAt !== null])).toEqual([
      ['restarted', true],
      ['stopped', true],
    ])
    expect(bench.alerts.map((a) => a.kind)).toEqual(['stopped', 'restarted'])
    bench.checkCounters()
  })

  it('it goes on watching after a restart of the workspace', async () => {
    const bench = await outage()
    await untilStopped(bench)
    await bench.close()
    bench.open({ random: () => 0.5 })
    const before = bench.arrived.length
    await bench.clock.advance(RESTART_PROBE_MS)
    await bench.quiet()
    expect(bench.arrived.length).toBe(before + 1)
    bench.receiver.always('ok')
    await bench.clock.advance(RESTART_PROBE_MS)
    await bench.untilSettled(40)
    expect(bench.summary()).toMatchObject({ status: 'running', backlog: 0 })
  })

  it('a pause by the operator ends the watching', async () => {
    const bench = await outage()
    await untilStopped(bench)
    await bench.call('integrations.stop', { id: 'orders' })
    expect(bench.summary()).toMatchObject({ stopCause: 'operator', restartPending: false })
    expect(bench.log().at(-1)!.reason).toBe('Paused by kim in the console: it does not start again by itself.')
    const before = bench.arrived.length
    bench.receiver.always('ok')
    await bench.clock.advance(HOUR)
    await bench.quiet()
    expect(bench.arrived.length).toBe(before)
    await bench.close()
    bench.open()
    await bench.clock.advance(HOUR)
    expect(bench.arrived.length).toBe(before)
    await bench.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(40)
  })

  it('it stays paused without "restart when back"', async () => {
    const bench = await outage({ restartWhenBack: false, stopAfterMinutes: 5 })
    await untilStopped(bench)
    expect(bench.summary()).toMatchObject({ stopCause: 'failure', restartPending: false, backlog: 40 })
    expect(bench.log().at(-1)!.reason).toContain('Start it again when the target works.')
    const before = bench.arrived.length
    bench.receiver.always('ok')
    await bench.clock.advance(HOUR)
    expect(bench.arrived.length).toBe(before)
    await bench.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(40)
    expect(bench.ask('alerts.list', { limit: 10 }).rows).toMatchObject([{ kind: 'stopped' }])
    expect(bench.ask('alerts.list', { limit: 10 }).rows[0]!.resolvedAt).not.toBeNull()
  })

  it('a change of the target is tried at once', async () => {
    const bench = await outage()
    await untilStopped(bench)
    bench.receiver.always('ok')
    await bench.call('integrations.update', {
      id: 'orders',
      target: { kind: 'webhook', callbackUrl: `${bench.receiver.url}/other` },
    })
    await bench.untilSettled(40)
    expect(bench.summary().status).toBe('running')
  })

  it('410 stops at once and is not probed', async () => {
    const bench = await Workbench.start()
    bench.receiver.always('gone')
    bench.open()
    await bench.create({ options: { concurrency: 1 } })
    bench.publish(numbers(1, 5))
    await bench.until(() => stopped(bench))
    await bench.quiet()
    expect(bench.arrived).toHaveLength(1)
    expect(bench.summary()).toMatchObject({ stopCause: 'failure', restartPending: false, backlog: 5 })
    expect(bench.log().at(-1)!.reason).toMatch(/because of gone \(HTTP status code 410\).*Nothing is lost/)
    await bench.clock.advance(HOUR)
    expect(bench.arrived).toHaveLength(1)
  })

  it('410 while it watches the target ends the watching', async () => {
    const bench = await outage()
    await untilStopped(bench)
    bench.receiver.always('gone')
    await bench.clock.advance(RESTART_PROBE_MS)
    await bench.until(() => !bench.summary().restartPending)
    expect(bench.log().at(-1)!.reason).toContain('because of gone')
    const before = bench.arrived.length
    await bench.clock.advance(HOUR)
    await bench.quiet()
    expect(bench.arrived.length).toBe(before)
  })

  it('stays active while the store refuses to note the stop, and stops when it does not any more', async () => {
    const bench = await outage()
    const fourth = bench.clock.now() + 4 * MINUTE
    await bench.pass(() => bench.clock.now() >= fourth, { step: 15_000, limit: HOUR })
    bench.refuse()
    await bench.clock.advance(5 * MINUTE)
    await bench.until(() => bench.notices.some((n) => n.code === 'workspace_not_writable'))
    expect(stopped(bench)).toBe(false)
    bench.accept()
    // The commit is tried again every second of real time.
    await bench.pass(() => stopped(bench), { step: 15_000, limit: HOUR })
    expect(bench.summary()).toMatchObject({ stopCause: 'failure', backlog: 40 })
    bench.checkCounters()
  })
})

it('a start by hand says who did it', async () => {
  const bench = await outage()
  await bench.call('integrations.stop', { id: 'orders' }, operator)
  await bench.call('integrations.start', { id: 'orders' }, { name: 'erp', via: 'api' })
  expect(bench.log().map((entry) => entry.reason)).toEqual([
    'Created and started by kim in the console.',
    'Paused by kim in the console.',
    'Started via API.',
  ])
})
