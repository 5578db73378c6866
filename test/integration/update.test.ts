import { describe, expect, it } from 'vitest'
import { UNDO_MS } from '../../main/engine/engine'
import { selects } from '../../shared/event-catalog'
import { Random } from '../support/random'
import { HOUR, MINUTE, numberOf, numbers, Workbench } from '../support/workbench'

const headers = (bench: Workbench) => bench.receiver.receiver.requests.at(-1)!.headers

describe('a change of an integration', () => {
  it('of the events applies from the cursor on', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create()
    bench.publish([1])
    bench.publish([2], 'return.processed')
    await bench.untilSettled(1)
    await bench.until(() => bench.summary().backlog === 0)
    await bench.call('integrations.stop', { id: 'orders' })
    bench.publish([3, 4])
    bench.publish([5, 6, 7], 'return.processed')
    const changed = await bench.call('integrations.update', {
      id: 'orders',
      selection: { entities: ['return'], events: [] },
    })
    expect(changed).toMatchObject({ status: 'stopped', selection: { entities: ['return'], events: [] } })
    expect(bench.summary().backlog).toBe(
      bench.value('SELECT count(*) FROM events WHERE seq > (SELECT cursor FROM integrations) AND type_id = 2'),
    )
    await bench.call('integrations.start', { id: 'orders' })
    await bench.until(() => bench.summary().backlog === 0)
    expect(bench.arrived.filter((no) => no > 2).toSorted()).toEqual([5, 6, 7])
    bench.checkCounters()
  })

  it('of the target lets attempts in flight finish, and keeps a secret that is left out', async () => {
    const bench = await Workbench.start()
    let release = () => {}
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => (release = () => resolve({ status: 200 }))))
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.until(() => bench.arrived.length === 1)
    const change = bench.call('integrations.update', {
      id: 'orders',
      target: { kind: 'webhook', callbackUrl: `${bench.receiver.url}/other` },
    })
    await new Promise((resolve) => setImmediate(resolve))
    bench.publish([2])
    expect(bench.receiver.receiver.open).toBe(1)
    release()
    expect(await change).toMatchObject({ status: 'running', target: { hasApiKey: true } })
    await bench.until(() => bench.arrived.length === 2)
    release()
    await bench.untilSettled(2)
    expect(bench.arrived).toEqual([1, 2])
    expect(bench.receiver.receiver.requests.map((r) => r.path)).toEqual(['/events', '/events/other'])
    expect(headers(bench).authorization).toBe('Bearer secret-key')
    bench.checkCounters()
  })

  it('takes a secret away that is given empty, and replaces one', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create()
    const target = { kind: 'webhook' } as const
    await bench.call('integrations.update', { id: 'orders', target: { ...target, apiKey: 'second-key' } })
    bench.publish([1])
    await bench.untilSettled(1)
    expect(headers(bench).authorization).toBe('Bearer second-key')
    const changed = await bench.call('integrations.update', { id: 'orders', target: { ...target, apiKey: '' } })
    expect(changed.target).toMatchObject({ hasApiKey: false })
    bench.publish([2])
    await bench.untilSettled(2)
    expect(headers(bench).authorization).toBeUndefined()
    expect(bench.value('SELECT secrets FROM integrations')).toBeNull()
  })

  it('of an option leaves the others as they are', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create({ options: { concurrency: 3, stopAfterMinutes: 7 } })
    const { options } = await bench.call('integrations.update', { id: 'orders', options: { concurrency: 5 } })
    expect(options).toMatchObject({ concurrency: 5, stopAfterMinutes: 7, restartWhenBack: true })
  })

  it('is refused for a temporary one, for another kind of target, and for a target that is not complete', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create()
    const now = bench.clock.now()
    await bench.create({ id: 'replay', integrationType: 'temporary', startsAt: now - HOUR, endsAt: now + HOUR })
    await expect(bench.call('integrations.update', { id: 'replay', options: {} })).rejects.toMatchObject({
      code: 'integration_not_editable',
    })
    await expect(
      bench.call('integrations.update', { id: 'orders', target: { kind: 's3', bucket: 'b' } as never }),
    ).rejects.toMatchObject({ code: 'invalid_input', field: 'target.kind' })
    await expect(
      bench.call('integrations.update', { id: 'orders', target: { kind: 'webhook', callbackUrl: 'nowhere' } as never }),
    ).rejects.toMatchObject({ code: 'invalid_input', field: 'target.callbackUrl' })
    bench.publish([1])
    await bench.untilSettled(1)
  })

  it('that the store refuses leaves everything as it was, and delivery goes on', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create()
    bench.refuse()
    await expect(
      bench.call('integrations.update', { id: 'orders', target: { kind: 'webhook', apiKey: 'new-key' } }),
    ).rejects.toMatchObject({ code: 'workspace_not_writable' })
    bench.accept()
    bench.publish([1])
    await bench.untilSettled(1)
    expect(headers(bench).authorization).toBe('Bearer secret-key')
  })

  it('together with start, stop and a deletion leaves what was asked for last', async () => {
    const bench = await Workbench.start()
    bench.receiver.always((request) => (numberOf(request) === 1 ? 'hang' : 'ok'))
    bench.open()
    await bench.create({ options: { totalTimeoutMs: 1000 } })
    bench.publish([1])
    await bench.until(() => bench.arrived.length === 1)
    const concurrency = (n: number) => bench.call('integrations.update', { id: 'orders', options: { concurrency: n } })
    const changes = [concurrency(2), concurrency(3)]
    await bench.call('integrations.stop', { id: 'orders' })
    await bench.call('integrations.start', { id: 'orders' })
    await bench.call('integrations.stop', { id: 'orders' })
    changes.push(concurrency(4))
    expect((await Promise.all(changes)).map((i) => i.options.concurrency)).toEqual([2, 3, 4])
    bench.publish([2])
    await bench.quiet()
    expect(bench.arrived).toEqual([1])
    expect(bench.summary()).toMatchObject({ status: 'stopped', backlog: 2, waiting: 1, options: { concurrency: 4 } })
    await bench.call('integrations.start', { id: 'orders' })
    bench.receiver.always('ok')
    await bench.untilSettled(2)
    bench.checkCounters()
  })

  it('of an integration that is deleted meanwhile is refused, and touches no new one with its ID', async () => {
    const bench = await Workbench.start()
    bench.receiver.always('hang')
    bench.open()
    await bench.create()
    bench.publish([1])
    await bench.until(() => bench.arrived.length === 1)
    const first = bench.call('integrations.update', { id: 'orders', options: { concurrency: 2 } })
    const second = bench.call('integrations.update', { id: 'orders', options: { concurrency: 3 } })
    const refused = [first, second].map((change) =>
      expect(change).rejects.toMatchObject({ code: 'integration_not_found' }),
    )
    // The first one waits for the attempt in flight, which never ends; the final deletion must not leave it waiting.
    await new Promise((resolve) => setImmediate(resolve))
    await bench.call('integrations.delete', { id: 'orders' })
    await bench.create()
    await bench.clock.advance(UNDO_MS)
    await Promise.all(refused)
    expect(bench.summary()).toMatchObject({ status: 'running', options: { concurrency: 16 } })
    bench.receiver.always('ok')
    bench.publish([2])
    await bench.untilSettled(1)
  })

  it('keeps the backlog right through random changes', async () => {
    const bench = await Workbench.start()
    const random = new Random(7)
    bench.receiver.always((request) => {
      const no = numberOf(request)
      return no % 7 === 0 ? 'rejected' : no % 5 === 0 && random.float() < 0.6 ? { status: 500 } : 'ok'
    })
    bench.open()
    const names = ['order.created', 'order.cancelled', 'return.processed', 'refund_request.issued']
    const choices = [
      { entities: ['order'], events: [] },
      { entities: [], events: [] },
      { entities: ['return'], events: ['order.created'] },
      { entities: [], events: ['refund_request.issued', 'return.processed'] },
    ]
    await bench.create()
    let no = 0
    for (let step = 0; step < 40; step++) {
      for (const name of names) bench.publish(numbers((no += 20), 1 + Math.floor(random.float() * 10)), name)
      const dice = random.float()
      if (dice < 0.2) await bench.call('integrations.stop', { id: 'orders' })
      else if (dice < 0.5) await bench.call('integrations.start', { id: 'orders' })
      else if (dice < 0.8) {
        const selection = choices[Math.floor(random.float() * choices.length)]!
        await bench.call('integrations.update', { id: 'orders', selection })
      } else if (dice < 0.9) {
        await bench.close()
        bench.open()
      } else await bench.clock.advance(MINUTE)
      if (random.float() < 0.5) await bench.quiet()
      bench.checkCounters()
    }
    await bench.call('integrations.start', { id: 'orders' })
    bench.receiver.always('ok')
    await bench.pass(() => bench.summary().backlog === 0, { step: 15_000, limit: HOUR })
    bench.checkCounters()
    const { selection } = bench.summary()
    expect(names.filter((name) => selects(selection, name)).length).toBeGreaterThan(0)
  }, 60_000)
})
