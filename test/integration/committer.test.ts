import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { COMMIT_INTERVAL_MAX_MS, COMMIT_INTERVAL_MS, gatheringTime } from '../../main/engine/delivery/committer'
import { DeliveryStore } from '../../main/store/delivery'
import { WalSync } from '../../main/store/wal-sync'
import { numbers, Workbench } from '../support/workbench'

describe('group commit', () => {
  it('gathers for longer when storing takes longer, within its bounds', () => {
    expect(gatheringTime(0)).toBe(COMMIT_INTERVAL_MS)
    expect(gatheringTime(0.5)).toBe(COMMIT_INTERVAL_MS)
    expect(gatheringTime(5)).toBe(45)
    expect(gatheringTime(60)).toBe(COMMIT_INTERVAL_MAX_MS)
  })

  it('keeps results while the disk is full, sends nothing new, tells once, and goes on with every lane', async () => {
    const bench = await Workbench.start()
    bench.receiver.always({ status: 500, body: 'x'.repeat(16_000) })
    bench.open({ random: () => 0.999 })
    await bench.create({ options: { concurrency: 8 } })
    await bench.create({ id: 'returns', selection: { entities: ['return'], events: [] } })
    bench.publish([500], 'return.processed')
    await bench.untilAttempts(1)
    bench.publish(numbers(1, 100))
    // Answers of 16 KB fill what little room there is.
    bench.limitPages(8)
    await bench.until(() => bench.notices.length > 0)
    await bench.landed()
    const sent = bench.arrived.length
    expect(sent).toBeLessThan(100)
    // The commit is tried again, and refused again.
    const commits = vi.spyOn(DeliveryStore.prototype, 'commit')
    onTestFinished(() => commits.mockRestore())
    await bench.until(() => commits.mock.results.filter((result) => result.type === 'throw').length >= 2)
    const stored = bench.value('SELECT count(*) FROM attempts') as number
    bench.receiver.always('ok')
    // The event of the other lane is due, and must wait for the store too.
    await bench.clock.advance(999)
    await bench.landed()
    expect(bench.arrived.length).toBe(sent)
    const large = () => bench.publish([600], 'order.created', undefined, 'x'.repeat(200_000))
    expect(large).toThrow(expect.objectContaining({ code: 'store_full' }))
    expect(bench.notices).toMatchObject([{ code: 'store_full' }])
    bench.limitPages(null)
    await bench.until(() => (bench.value('SELECT count(*) FROM attempts') as number) > stored)
    await bench.untilSettled(1, 'returns')
    await bench.pass(() => bench.summary().backlog === 0, { step: 1000, limit: 600_000 })
    expect(bench.summary()).toMatchObject({ delivered: 100, waiting: 0 })
    expect(bench.notices).toHaveLength(1)
    bench.checkCounters()
    bench.checkCounters('returns')
  }, 60_000)

  it('records results of before a refusal when the store takes them again, and repeats none', async () => {
    const bench = await Workbench.start()
    const held: (() => void)[] = []
    bench.receiver.receiver.answerWith(() => new Promise((resolve) => held.push(() => resolve({ status: 200 }))))
    bench.open()
    await bench.create({ options: { concurrency: 4 } })
    bench.publish(numbers(1, 10))
    await bench.until(() => held.length === 4)
    bench.refuse()
    // What is sent before the store has refused for the first time is answered too.
    bench.receiver.receiver.answerWith({ status: 200 })
    for (const answer of held) answer()
    await bench.until(() => bench.notices.length === 1)
    await bench.landed()
    const sent = bench.arrived.length
    await bench.clock.advance(60_000)
    await bench.landed()
    expect(bench.arrived.length).toBe(sent)
    expect(bench.value('SELECT count(*) FROM attempts')).toBe(0)
    bench.accept()
    await bench.untilSettled(10)
    expect(bench.arrived.toSorted((a, b) => a - b)).toEqual(numbers(1, 10))
  })
})

describe('the sync of a commit', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('is asked for after each commit, and the next commit waits for its end', async () => {
    const steps: string[] = []
    const { unsynced, sync } = WalSync.prototype
    vi.spyOn(WalSync.prototype, 'unsynced').mockImplementation(function (this: WalSync, work) {
      unsynced.call(this, work)
      steps.push('commit')
    })
    vi.spyOn(WalSync.prototype, 'sync').mockImplementation(function (this: WalSync, done) {
      // A slow disk: far longer than results are gathered.
      sync.call(this, (error) => {
        setTimeout(() => {
          steps.push('on the disk')
          done(error)
        }, 4 * COMMIT_INTERVAL_MS)
      })
    })
    const bench = await Workbench.start()
    bench.open()
    await bench.create({ options: { concurrency: 2 } })
    bench.publish(numbers(1, 300))
    await bench.untilSettled(300)
    await bench.until(() => steps.at(-1) === 'on the disk')
    const commits = steps.filter((step) => step === 'commit').length
    expect(commits).toBeGreaterThan(2)
    expect(steps).toEqual(Array.from({ length: commits }, () => ['commit', 'on the disk']).flat())
    expect(bench.notices).toEqual([])
  })

  it('that fails is told once, keeps everything from being sent, and is made up for', async () => {
    const bench = await Workbench.start()
    bench.open()
    await bench.create({ options: { concurrency: 1 } })
    vi.spyOn(WalSync.prototype, 'sync').mockImplementationOnce((done) => {
      setImmediate(() => done(diskError()))
    })
    let broken = true
    let tries = 0
    const { syncNow } = WalSync.prototype
    vi.spyOn(WalSync.prototype, 'syncNow').mockImplementation(function (this: WalSync) {
      tries++
      if (broken) throw diskError()
      syncNow.call(this)
    })
    bench.publish(numbers(1, 1))
    await bench.until(() => bench.notices.length === 1)
    bench.publish(numbers(2, 19))
    await bench.until(() => tries === 2)
    expect(bench.arrived).toEqual([1])
    broken = false
    await bench.untilSettled(20)
    expect(bench.arrived.toSorted((a, b) => a - b)).toEqual(numbers(1, 20))
    expect(bench.notices).toMatchObject([{ code: 'store_failed' }])
    bench.checkCounters()
  })
})

function diskError(): Error {
  return Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
}
