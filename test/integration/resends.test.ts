import { describe, expect, it } from 'vitest'
import type { ResendFilter } from '../../shared/domain'
import { HOUR, MINUTE, numberOf, numbers, operator, Workbench } from '../support/workbench'

const all = (bench: Workbench): ResendFilter => ({ kind: 'range', from: 0, to: bench.clock.now() + HOUR })

/** Ten delivered events and, with numbers from 50 on, `refused` rejected ones. */
async function delivered(refused = 0) {
  const bench = await Workbench.start()
  bench.receiver.always((request) => (numberOf(request) >= 50 && numberOf(request) < 90 ? 'rejected' : 'ok'))
  bench.open()
  await bench.create()
  bench.publish(numbers(0, 10))
  bench.publish(numbers(50, refused))
  await bench.untilSettled(10 + refused)
  await bench.clock.advance(MINUTE)
  return bench
}

async function start(bench: Workbench, filter: ResendFilter): Promise<number> {
  const { id } = await bench.call('resends.start', { id: 'orders', filter } as never)
  return id
}

const done = (bench: Workbench, id: number) => bench.until(() => bench.resend(id).state === 'done')
const later = (bench: Workbench, from: number) => bench.arrived.slice(from).toSorted((a, b) => a - b)

describe('a re-send', () => {
  it('of one attempt adds an attempt and changes none', async () => {
    const bench = await delivered()
    const before = bench.attempts()
    const id = await start(bench, { kind: 'attempt', attemptId: before[3]!.id })
    await done(bench, id)
    const after = bench.attempts()
    expect(after.slice(0, 10)).toEqual(before)
    expect(after.slice(10)).toMatchObject([
      { eventId: before[3]!.eventId, number: 2, manual: true, outcome: 'success', attemptedAt: bench.clock.now() },
    ])
    expect(bench.summary()).toMatchObject({ delivered: 10, backlog: 0 })
    bench.checkCounters()
  })

  it('of named events sends these', async () => {
    const bench = await delivered()
    const attempts = bench.attempts()
    const eventIds = [attempts[2]!.eventId, attempts[7]!.eventId]
    const id = await start(bench, { kind: 'events', eventIds })
    await done(bench, id)
    expect(bench.resend(id)).toMatchObject({ total: 2, succeeded: 2, failed: 0, skipped: 0 })
    expect(later(bench, 10)).toEqual([2, 7])
  })

  it.each([
    ['all', {}, [50, 51, 52, 53, 54]],
    ['of one type', { eventName: 'order.created' }, [50, 51, 52, 53, 54]],
    ['of another type', { eventName: 'order.cancelled' }, []],
    ['of one entity', { domainEntityId: 'entity-52' }, [52]],
  ])('of rejected events, %s, sends as many as the preview says', async (_, fields, expected) => {
    const bench = await delivered(5)
    bench.receiver.always('ok')
    const filter: ResendFilter = { kind: 'rejected', ...fields }
    const { count } = bench.ask('resends.preview', { id: 'orders', filter })
    expect(count).toBe(expected.length)
    if (count === 0) {
      await expect(start(bench, filter)).rejects.toMatchObject({ code: 'nothing_to_resend' })
      return
    }
    const id = await start(bench, filter)
    await done(bench, id)
    expect(later(bench, 15)).toEqual(expected)
    expect(bench.resend(id)).toMatchObject({ total: count, succeeded: count, failed: 0, skipped: 0 })
    expect(bench.summary()).toMatchObject({ delivered: 10 + count, rejected: 5 - count, backlog: 0 })
    bench.checkCounters()
  })

  it('of a rejected event that is refused again leaves it on the list', async () => {
    const bench = await delivered(2)
    const before = bench.ask('integrations.rejected', { id: 'orders', limit: 10 })
    const id = await start(bench, { kind: 'rejected' })
    await done(bench, id)
    expect(bench.resend(id)).toMatchObject({ total: 2, succeeded: 0, failed: 2 })
    expect(bench.ask('integrations.rejected', { id: 'orders', limit: 10 })).toEqual(before)
    expect(bench.summary()).toMatchObject({ delivered: 10, rejected: 2, backlog: 0 })
    expect(bench.attempts().filter((a) => a.manual)).toHaveLength(2)
    bench.checkCounters()
  })

  it('of a time range sends every event of it that is not in the backlog, whatever is left of its attempts', async () => {
    const bench = await delivered(3)
    bench.publish([20], 'order.created', bench.clock.now() - 5 * HOUR)
    bench.publish([30], 'return.processed')
    bench.receiver.always((request) => (numberOf(request) === 40 ? { status: 500 } : 'ok'))
    bench.publish([40])
    await bench.until(() => bench.summary().waiting === 1 && bench.summary().delivered === 11)
    await bench.close()
    bench.open()
    await bench.call('settings.update', { keepAttemptsDays: 1, keepEventsDays: 3650 })
    bench.clock.jump(2 * 24 * HOUR)
    await bench.engine.runRetention()
    const filter: ResendFilter = { kind: 'range', from: Date.UTC(2026, 0, 12, 7), to: Date.UTC(2026, 0, 12, 9) }
    const { count } = bench.ask('resends.preview', { id: 'orders', filter })
    expect(count).toBe(14)
    const before = bench.arrived.length
    bench.receiver.always('ok')
    const id = await start(bench, filter)
    await done(bench, id)
    await bench.until(() => bench.summary().backlog === 0)
    // The one that waited is delivered anyway, and at once.
    expect(bench.resend(id)).toMatchObject({ total: 14, succeeded: 13, skipped: 1 })
    expect(later(bench, before)).toEqual([...numbers(0, 10), 40, 50, 51, 52])
    bench.checkCounters()
  })

  it('is refused while the integration is paused', async () => {
    const bench = await delivered()
    await bench.call('integrations.stop', { id: 'orders' })
    await expect(start(bench, all(bench))).rejects.toMatchObject({ code: 'integration_not_running', field: 'id' })
  })

  it('can be paused and resumed in the middle, and counts each event once', async () => {
    const bench = await delivered()
    bench.publish(numbers(100, 290))
    await bench.untilSettled(300)
    const answers: (() => void)[] = []
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => answers.push(() => resolve({ status: 200 }))))
    const id = await start(bench, all(bench))
    await bench.until(() => answers.length >= 8)
    for (const answer of answers.splice(0, 5)) answer()
    await bench.until(() => bench.resend(id).succeeded === 5)
    await bench.call('resends.pause', { resendId: id })
    const sent = bench.arrived.length
    // Resumed while attempts of before are in flight: they keep their place.
    await bench.call('resends.resume', { resendId: id })
    await bench.call('resends.pause', { resendId: id })
    for (const answer of answers.splice(0)) answer()
    await bench.quiet()
    await bench.until(() => bench.resend(id).succeeded === bench.arrived.length - 300)
    expect(bench.arrived.length).toBeLessThanOrEqual(sent + 16)
    expect(bench.resend(id).state).toBe('paused')
    bench.receiver.always('ok')
    bench.receiver.receiver.answerWith({ status: 200 })
    await bench.call('resends.resume', { resendId: id })
    await done(bench, id)
    expect(bench.resend(id)).toMatchObject({ total: 300, succeeded: 300, failed: 0, skipped: 0 })
    expect(later(bench, 300)).toEqual(bench.arrived.slice(0, 300).toSorted((a, b) => a - b))
    await expect(bench.call('resends.pause', { resendId: id })).rejects.toMatchObject({ code: 'resend_ended' })
  })

  it('that is resumed while attempts of before are in flight neither skips nor repeats them', async () => {
    const bench = await delivered()
    bench.publish(numbers(100, 90))
    await bench.untilSettled(100)
    const answers: (() => void)[] = []
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => answers.push(() => resolve({ status: 200 }))))
    const id = await start(bench, all(bench))
    await bench.until(() => answers.length === 16)
    await bench.call('resends.pause', { resendId: id })
    // One ends, so that there is a free place when it is resumed.
    answers.pop()!()
    await bench.until(() => bench.resend(id).succeeded === 1)
    bench.receiver.receiver.answerWith({ status: 200 })
    await bench.call('resends.resume', { resendId: id })
    await bench.until(() => bench.arrived.length === 200)
    for (const answer of answers) answer()
    await done(bench, id)
    expect(bench.resend(id)).toMatchObject({ total: 100, succeeded: 100, failed: 0, skipped: 0 })
    expect(later(bench, 100)).toEqual(bench.arrived.slice(0, 100).toSorted((a, b) => a - b))
  })

  it('that is cancelled sends nothing more, and tells what it has done', async () => {
    const bench = await delivered()
    bench.publish(numbers(100, 200))
    await bench.untilSettled(210)
    const answers: (() => void)[] = []
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => answers.push(() => resolve({ status: 200 }))))
    const id = await start(bench, all(bench))
    await bench.until(() => answers.length >= 8)
    await bench.call('resends.cancel', { resendId: id })
    const sent = answers.length
    for (const answer of answers) answer()
    await bench.quiet()
    await bench.until(() => bench.resend(id).succeeded === sent)
    expect(answers).toHaveLength(sent)
    expect(bench.resend(id)).toMatchObject({ state: 'cancelled', total: 210 })
    expect(bench.resend(id).endedAt).not.toBeNull()
    await expect(bench.call('resends.resume', { resendId: id })).rejects.toMatchObject({ code: 'resend_ended' })
  })

  it('goes on after a restart, and after a pause of the integration, and sends no event that was recorded again', async () => {
    const bench = await delivered()
    bench.publish(numbers(100, 290))
    await bench.untilSettled(300)
    bench.receiver.always((_, n) => (n > 380 ? 'hang' : 'ok'))
    const id = await start(bench, all(bench))
    await bench.until(() => bench.resend(id).succeeded === 80)
    await bench.close()
    const hung = bench.arrived.slice(380)
    bench.receiver.always((_, n) => (n > 480 ? 'hang' : 'ok'))
    bench.open()
    await bench.until(() => bench.receiver.receiver.requests.length >= 490)
    const counted = bench.resend(id).succeeded
    expect(counted).toBeLessThan(300)
    await bench.call('integrations.stop', { id: 'orders' })
    await bench.close()
    const hungAgain = bench.arrived.slice(480)
    bench.receiver.always('ok')
    bench.open()
    expect(bench.resend(id).state).toBe('running')
    await bench.call('integrations.start', { id: 'orders' })
    await done(bench, id)
    expect(bench.resend(id)).toMatchObject({ total: 300, succeeded: 300, failed: 0, skipped: 0 })
    const sent = bench.arrived.slice(300)
    expect(new Set(sent).size).toBe(300)
    expect(sent).toHaveLength(300 + hung.length + hungAgain.length)
  })

  it('beside another one of the same rejected events moves the counters once', async () => {
    const bench = await delivered(5)
    bench.receiver.always('ok')
    const [first, second] = await Promise.all([start(bench, { kind: 'rejected' }), start(bench, { kind: 'rejected' })])
    await done(bench, first)
    await done(bench, second)
    expect(bench.summary()).toMatchObject({ delivered: 15, rejected: 0, backlog: 0 })
    bench.checkCounters()
  })

  it('does not hold up the stream', async () => {
    const bench = await delivered()
    bench.publish(numbers(100, 290))
    await bench.untilSettled(300)
    bench.receiver.always((request) => (numberOf(request) < 1000 ? 'hang' : 'ok'))
    await bench.call('integrations.update', { id: 'orders', options: { concurrency: 4, totalTimeoutMs: 1000 } })
    await start(bench, all(bench))
    await bench.until(() => bench.receiver.receiver.open === 4)
    await bench.call('integrations.stop', { id: 'orders' })
    await bench.quiet()
    bench.publish(numbers(1000, 100))
    await bench.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(400)
    // While new events waited, re-sent ones had half of the places.
    expect(bench.arrived.indexOf(1099)).toBeGreaterThan(0)
    expect(bench.arrived.slice(304, bench.arrived.indexOf(1050)).filter((no) => no < 1000)).toHaveLength(2)
  })

  it('over a long stretch of the backlog takes no event twice, and ends', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create({ options: { ratePerSecond: 1 } })
    bench.publish(numbers(0, 3000))
    await bench.untilSettled(1)
    const id = await start(bench, all(bench))
    await bench.pass(() => bench.resend(id).state === 'done', { step: 1000, limit: MINUTE })
    const { total, succeeded, skipped } = bench.resend(id)
    expect([total, succeeded + skipped]).toEqual([3000, 3000])
    expect(skipped).toBeGreaterThan(2900)
  })
})

describe('rejected events', () => {
  it('are deleted one by one or all, and the counters keep them', async () => {
    const bench = await delivered(5)
    const { rows } = bench.ask('integrations.rejected', { id: 'orders', limit: 10 })
    const eventIds = [rows[0]!.eventId, rows[1]!.eventId]
    expect(await bench.call('rejected.delete', { id: 'orders', eventIds }, operator)).toEqual({ deleted: 2 })
    expect(await bench.call('rejected.delete', { id: 'orders', eventIds }, operator)).toEqual({ deleted: 0 })
    expect(bench.summary()).toMatchObject({ rejected: 5, rejectedDeleted: 2, delivered: 10, backlog: 0 })
    bench.checkCounters()
    expect(await bench.call('rejected.delete', { id: 'orders', eventIds: 'all' }, operator)).toEqual({ deleted: 3 })
    expect(bench.summary()).toMatchObject({ rejected: 5, rejectedDeleted: 5, backlog: 0 })
    bench.checkCounters()
    expect(bench.ask('resends.preview', { id: 'orders', filter: { kind: 'rejected' } })).toEqual({ count: 0 })
  })

  it('deleted while the cursor has not passed them are not sent again after a restart', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) => (numberOf(request) === 0 ? 'hang' : numberOf(request) === 1 ? 'rejected' : 'ok'))
    bench.open()
    await bench.create()
    bench.publish([0, 1, 2])
    await bench.untilSettled(2)
    await bench.call('rejected.delete', { id: 'orders', eventIds: 'all' })
    await bench.close()
    bench.receiver.always('ok')
    bench.open()
    await bench.untilSettled(3)
    expect(bench.arrived.toSorted()).toEqual([0, 0, 1, 2])
    expect(bench.summary()).toMatchObject({ delivered: 2, rejected: 1, rejectedDeleted: 1, backlog: 0 })
  })

  it('deleted while a re-send has them in flight stay counted as rejected', async () => {
    const bench = await delivered(1)
    let release = () => {}
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => (release = () => resolve({ status: 200 }))))
    const id = await start(bench, { kind: 'rejected' })
    await bench.until(() => bench.arrived.length === 12)
    await bench.call('rejected.delete', { id: 'orders', eventIds: 'all' })
    release()
    await done(bench, id)
    expect(bench.summary()).toMatchObject({ delivered: 10, rejected: 1, rejectedDeleted: 1, backlog: 0 })
    bench.checkCounters()
  })
})
