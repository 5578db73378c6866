import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Host } from '../../main/host/host'
import { type Authorizer, createDispatch, type MainHandlers, ownerMayAll } from '../../main/ipc/dispatch'
import { contract } from '../../shared/contract'
import { AppError } from '../../shared/errors'

let calls: string[]

beforeEach(() => {
  calls = []
})

/** A dispatcher whose threads note what reaches them. */
function dispatcher(mayCall: Authorizer = ownerMayAll, main: Partial<MainHandlers> = {}) {
  const thread = (place: string) => async (name: string, input: unknown) => {
    calls.push(`${place} ${name} ${JSON.stringify(input)}`)
    return { ok: true, value: place }
  }
  const host = { engine: thread('engine'), reader: thread('reader') } as unknown as Host
  return createDispatch(host, main as MainHandlers, mayCall, { name: 'somebody', via: 'console' })
}

describe('dispatch', () => {
  it('brings a call to the thread that answers it', async () => {
    const dispatch = dispatcher()
    expect(await dispatch('integrations.get', { id: 'orders' })).toEqual({ ok: true, value: 'reader' })
    expect(await dispatch('integrations.start', { id: 'orders' })).toEqual({ ok: true, value: 'engine' })
    expect(calls).toEqual(['reader integrations.get {"id":"orders"}', 'engine integrations.start {"id":"orders"}'])
  })

  it.each(['nonsense', '', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'thread.close', 'thread.unlock'])(
    'knows no call %j',
    async (name) => {
      expect(await dispatcher()(name, {})).toMatchObject({ ok: false, error: { code: 'unknown_call' } })
      expect(calls).toEqual([])
    },
  )

  it('names the permission that is lacking, for every call, before it looks at the input', async () => {
    const dispatch = dispatcher(() => false)
    for (const [name, { permission }] of Object.entries(contract)) {
      const result = await dispatch(name, 'not even an object')
      expect(result).toMatchObject({ ok: false, error: { code: 'permission_denied' } })
      expect(result.ok ? '' : result.error.message).toContain(permission)
    }
    expect(calls).toEqual([])
  })

  it('asks for the permission of the call', async () => {
    const dispatch = dispatcher((permission) => permission === contract['integrations.get'].permission)
    expect(await dispatch('integrations.get', { id: 'orders' })).toMatchObject({ ok: true })
    expect(await dispatch('integrations.delete', { id: 'orders' })).toMatchObject({
      error: { code: 'permission_denied' },
    })
  })

  it('refuses input that does not fit, with the field', async () => {
    const result = await dispatcher()('integrations.get', { id: 7 })
    expect(result).toMatchObject({ ok: false, error: { code: 'invalid_input', field: 'id' } })
    const nested = await dispatcher()('integrations.create', {
      id: 'orders',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection: { entities: ['order'], events: [] },
      target: { kind: 'webhook', callbackUrl: 'no address' },
    })
    expect(nested).toMatchObject({ error: { code: 'invalid_input', field: 'target.callbackUrl' } })
    const whole = await dispatcher()('integrations.get', null)
    expect(whole).toMatchObject({ error: { code: 'invalid_input' } })
    expect(whole.ok ? {} : whole.error).not.toHaveProperty('field')
    expect(calls).toEqual([])
  })

  it('passes on a refusal as it is', async () => {
    const refusing = { 'app.info': () => Promise.reject(new AppError('store_busy', 'Wait.', { field: 'x' })) }
    expect(await dispatcher(ownerMayAll, refusing)('app.info', {})).toEqual({
      ok: false,
      error: { code: 'store_busy', message: 'Wait.', field: 'x' },
    })
  })

  it('makes `internal` of a defect and gives nothing of its text away', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const broken = { 'app.info': () => Promise.reject(new Error('password canary-8812')) }
    const result = await dispatcher(ownerMayAll, broken)('app.info', {})
    expect(result).toMatchObject({ ok: false, error: { code: 'internal' } })
    expect(JSON.stringify(result)).not.toContain('canary')
    expect(log).toHaveBeenCalledOnce()
    log.mockRestore()
  })
})
