import { lookup } from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { sharedLookup } from '../../main/engine/delivery/shared-lookup'

/** A lookup whose answers a test gives. */
function heldLookup() {
  const pending: { hostname: string; answer: Parameters<LookupFunction>[2] }[] = []
  const held = sharedLookup((hostname, _options, answer) => void pending.push({ hostname, answer }))
  return { held, pending }
}

describe('a shared lookup', () => {
  it('asks once for all who wait for the same', () => {
    const { held, pending } = heldLookup()
    const told = [vi.fn(), vi.fn(), vi.fn()]
    for (const callback of told) held('a.example', { all: true }, callback)
    expect(pending).toHaveLength(1)
    const addresses = [{ address: '192.0.2.1', family: 4 }]
    pending[0]!.answer(null, addresses)
    for (const callback of told) expect(callback.mock.calls).toEqual([[null, addresses]])
  })

  it('keeps nothing, neither an address nor an error', () => {
    const { held, pending } = heldLookup()
    const told = vi.fn()
    held('a.example', {}, told)
    pending[0]!.answer(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), '')
    expect(told.mock.calls[0]?.[0]).toMatchObject({ code: 'ENOTFOUND' })
    held('a.example', {}, told)
    pending[1]!.answer(null, '192.0.2.1', 4)
    expect(told).toHaveBeenLastCalledWith(null, '192.0.2.1', 4)
  })

  it('tells other hosts and other questions apart', () => {
    const { held, pending } = heldLookup()
    for (const [host, options] of [
      ['a.example', {}],
      ['b.example', {}],
      ['a.example', { all: true }],
      ['a.example', { family: 6 }],
    ] as const) {
      held(host, options, () => {})
    }
    expect(pending.map(({ hostname }) => hostname)).toEqual(['a.example', 'b.example', 'a.example', 'a.example'])
  })

  it('takes who asks from an answer as a new question', () => {
    const { held, pending } = heldLookup()
    const again = vi.fn()
    held('a.example', {}, () => held('a.example', {}, again))
    pending[0]!.answer(null, '192.0.2.1', 4)
    expect(pending).toHaveLength(2)
    expect(again).not.toHaveBeenCalled()
  })

  it('works for connections', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect({
      host: 'localhost',
      port: (server.address() as AddressInfo).port,
      lookup: sharedLookup(lookup as LookupFunction),
    })
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
})
