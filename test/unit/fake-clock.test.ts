import { describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../support/fake-clock'

const NOW = 1_000_000

describe('a fake clock', () => {
  it('stands still until it is moved', async () => {
    const clock = new FakeClock(NOW)
    expect(clock.now()).toBe(NOW)
    await clock.advance(0)
    expect(clock.now()).toBe(NOW)
    await clock.advance(250)
    expect(clock.now()).toBe(NOW + 250)
  })

  it('runs a timer once, when its time has come and not before', async () => {
    const clock = new FakeClock(NOW)
    const run = vi.fn()
    clock.setTimer(NOW + 100, run)
    await clock.advance(99)
    expect(run).not.toHaveBeenCalled()
    expect([clock.pendingTimers, clock.nextDue]).toEqual([1, NOW + 100])
    await clock.advance(1)
    await clock.advance(1000)
    expect(run).toHaveBeenCalledTimes(1)
    expect([clock.pendingTimers, clock.nextDue]).toEqual([0, null])
  })

  it('runs timers in the order of their times, equal ones as they were set, each at its own time', async () => {
    const clock = new FakeClock(NOW)
    const ran: [string, number][] = []
    const set = (name: string, at: number) => clock.setTimer(NOW + at, () => ran.push([name, clock.now() - NOW]))
    set('late', 300)
    set('early', 100)
    set('middle', 200)
    set('middle too', 200)
    await clock.advance(1000)
    expect(ran).toEqual([
      ['early', 100],
      ['middle', 200],
      ['middle too', 200],
      ['late', 300],
    ])
    expect(clock.now()).toBe(NOW + 1000)
  })

  it('runs timers that are set on the way, also by what a timer starts in the background', async () => {
    const clock = new FakeClock(NOW)
    const ran: number[] = []
    const again = () => {
      ran.push(clock.now() - NOW)
      // The next timer is set some microtasks and a turn of the event loop later.
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => clock.setTimer(clock.now() + 100, again))
    }
    clock.setTimer(NOW + 100, again)
    await clock.advance(450)
    expect(ran).toEqual([100, 200, 300, 400])
  })

  it('does not run a cancelled timer, not even one that another timer of the same time cancels', async () => {
    const clock = new FakeClock(NOW)
    const run = vi.fn()
    const first = clock.setTimer(NOW + 10, run)
    clock.setTimer(NOW + 20, () => second.cancel())
    const second = clock.setTimer(NOW + 20, run)
    first.cancel()
    first.cancel()
    await clock.advance(100)
    expect(run).not.toHaveBeenCalled()
  })

  it('runs a timer whose time has passed at once, but not inside of setTimer', async () => {
    const clock = new FakeClock(NOW)
    const ran: string[] = []
    const done = new Promise<void>((resolve) => {
      clock.setTimer(NOW - 5, () => {
        ran.push('timer')
        resolve()
      })
    })
    ran.push('set')
    clock.setTimer(NOW, () => ran.push('cancelled')).cancel()
    await done
    await clock.advance(0)
    expect(ran).toEqual(['set', 'timer'])
  })

  it('jumps without running what it overtakes; the next advance does, at the new time', async () => {
    const clock = new FakeClock(NOW)
    const ran: number[] = []
    clock.setTimer(NOW + 100, () => ran.push(clock.now() - NOW))
    clock.jump(3_600_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(ran).toEqual([])
    expect(clock.now()).toBe(NOW + 3_600_000)
    await clock.advance(5)
    expect(ran).toEqual([3_600_000])
    expect(clock.now()).toBe(NOW + 3_600_005)
  })

  it('jumps back, which makes no wait longer', async () => {
    const clock = new FakeClock(NOW)
    const run = vi.fn()
    clock.setTimer(NOW + 100, run)
    clock.jump(-1000)
    expect(clock.now()).toBe(NOW - 1000)
    expect(clock.nextDue).toBe(NOW - 900)
    await clock.advance(99)
    expect(run).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(run).toHaveBeenCalledTimes(1)
    expect(clock.now()).toBe(NOW - 900)
  })

  it('passes on what a timer throws, and refuses to advance into the past', async () => {
    const clock = new FakeClock(NOW)
    clock.setTimer(NOW + 1, () => {
      throw new Error('broken')
    })
    await expect(clock.advance(1)).rejects.toThrow('broken')
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
  })
})
