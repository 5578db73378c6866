import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Engine } from '../../main/engine/engine'
import { parseEnvelope } from '../../main/engine/sources/envelope'
import type { NewIntegration } from '../../shared/schemas/integration'
import type { ReceivedRequest } from '../support/receiver'
import { type EngineChoices, Workbench } from '../support/workbench'

let bench: Workbench

beforeEach(async () => {
  bench = await Workbench.start()
})

/** On the clock of the machine: nothing here depends on time passing. */
function open(choices: EngineChoices = {}): Engine {
  return bench.open({ clock: null, ...choices })
}

function integration(change: Partial<NewIntegration> = {}): NewIntegration {
  return {
    id: 'orders',
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: bench.receiver.url, apiKey: 'secret-key' },
    ...change,
  }
}

function line(no: number, name = 'order.created', publishedAt = '2026-01-01T00:00:00.000Z'): string {
  return JSON.stringify({ tenant: 't', name, published_at: publishedAt, payload: { id: `entity-${no}`, no } })
}

function publish(target: Engine, lines: readonly string[]): void {
  target.publish(lines.map((l) => parseEnvelope(Buffer.from(l))))
}

const got = (): readonly ReceivedRequest[] => bench.receiver.receiver.requests
const bodies = (from = 0): string[] =>
  got()
    .slice(from)
    .map((request) => request.body.toString())
const holds = (part: string) => (request: ReceivedRequest) => request.body.includes(part)

describe('webhook delivery', () => {
  it('posts the stored bytes of matching events with bearer key and event id', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    const odd =
      '{"tenant":"t", "name":"order.created","published_at":"2026-01-01T00:00:00Z","payload":{"id":"x","n":1.00,"n":2e3}}'
    publish(e, [line(1), line(2, 'return.processed'), odd])
    await bench.receiver.receiver.waitForCount(2)
    expect(bodies().sort()).toEqual([line(1), odd].sort())
    expect(got()[0]!.headers.authorization).toBe('Bearer secret-key')
    expect(got()[0]!.headers['content-type']).toBe('application/json')
    expect(got()[0]!.headers['webhook-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(got()[0]!.headers['idempotency-key']).toBe(got()[0]!.headers['webhook-id'])
  })

  it('sends no authorization line without a key', async () => {
    const e = open()
    await e.call('integrations.create', integration({ target: { kind: 'webhook', callbackUrl: bench.receiver.url } }))
    publish(e, [line(1)])
    await bench.receiver.receiver.waitForCount(1)
    expect(got()[0]!.headers.authorization).toBeUndefined()
  })

  it('rejects on 400, keeps the event with the answer, and goes on', async () => {
    bench.receiver.always((request) => (holds('"no":2')(request) ? 'rejected' : 'ok'))
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1), line(2), line(3)])
    await bench.receiver.receiver.waitForCount(3)
    await bench.untilSettled(3)
    const rejected = bench.ask('integrations.rejected', {
      id: 'orders',
      limit: 10,
    })
    expect(rejected.rows).toMatchObject([
      {
        domainEntityId: 'entity-2',
        statusCode: 400,
        errorCode: 'rejected',
        responseBody: 'no such order',
      },
    ])
    expect(bench.summary()).toMatchObject({
      delivered: 2,
      rejected: 1,
      backlog: 0,
      waiting: 0,
    })
  })

  it.each([[{ status: 500 }], [{ status: 429 }], ['redirect' as const], ['reset' as const]])(
    'tries again after %s and delivers',
    async (first) => {
      bench.receiver.script(first)
      const e = open()
      await e.call('integrations.create', integration())
      publish(e, [line(1)])
      await bench.untilSettled(1)
      expect(bodies()).toEqual([line(1), line(1)])
      expect(got()[0]!.headers['webhook-id']).toBe(got()[1]!.headers['webhook-id'])
      const { rows } = bench.ask('attempts.list', {
        id: 'orders',
        filter: {},
        limit: 10,
      })
      expect(rows.map((r) => [r.number, r.outcome])).toEqual([
        [2, 'success'],
        [1, 'failure'],
      ])
    },
  )

  it('starts no attempt after pause has answered, and resumes at the cursor', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1)])
    await bench.untilSettled(1)
    await e.call('integrations.stop', { id: 'orders' })
    publish(e, [line(2), line(3)])
    expect(bench.summary().backlog).toBe(2)
    expect(got()).toHaveLength(1)
    await e.call('integrations.start', { id: 'orders' })
    await bench.receiver.receiver.waitForCount(3)
    expect(bodies().sort()).toEqual([line(1), line(2), line(3)].sort())
  })

  it('goes on after a restart without repeating what was recorded', async () => {
    let e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1), line(2)])
    await bench.untilSettled(2)
    await bench.close(5000)
    e = open()
    publish(e, [line(3)])
    await bench.receiver.receiver.waitForCount(3)
    expect(bodies().sort()).toEqual([line(1), line(2), line(3)].sort())
  })

  it('delivers stored events of the period when the start lies in the past', async () => {
    const e = open()
    publish(e, [
      line(1, 'order.created', '2025-01-01T00:00:00Z'),
      line(2, 'order.created', '2025-03-01T00:00:00Z'),
      line(3, 'order.created', '2025-05-01T00:00:00Z'),
    ])
    const startsAt = Date.parse('2025-02-01T00:00:00Z')
    const endsAt = Date.parse('2025-04-01T00:00:00Z')
    await e.call('integrations.create', integration({ integrationType: 'temporary', startsAt, endsAt }))
    await bench.until(() => bench.summary().stopCause === 'ended')
    expect(bodies()).toEqual([line(2, 'order.created', '2025-03-01T00:00:00Z')])
    const { rows } = bench.ask('integrations.logs', {
      id: 'orders',
      limit: 10,
    })
    expect(rows.map((r) => r.action)).toEqual(['integration_stopped', 'integration_started'])
    await expect(e.call('integrations.start', { id: 'orders' })).rejects.toMatchObject({ code: 'integration_ended' })
  })

  it('isolates a hanging target from the others', async () => {
    bench.receiver.always((request) => (holds('"no":1}')(request) ? 'hang' : 'ok'))
    const e = open()
    await e.call(
      'integrations.create',
      integration({
        id: 'hanging',
        selection: { entities: [], events: ['order.created'] },
      }),
    )
    await e.call(
      'integrations.create',
      integration({
        id: 'fine',
        selection: { entities: ['return'], events: [] },
      }),
    )
    publish(e, [line(1), ...Array.from({ length: 50 }, (_, i) => line(100 + i, 'return.processed'))])
    await bench.receiver.receiver.waitForCount(51)
    await bench.untilSettled(50, 'fine')
  })

  it('keeps what came before a restart in order of nothing lost while the receiver is down', async () => {
    bench.receiver.always({ status: 503 })
    const e = open({ random: () => 0.9 })
    await e.call('integrations.create', integration())
    publish(
      e,
      Array.from({ length: 100 }, (_, i) => line(i)),
    )
    await bench.receiver.receiver.waitForCount(16)
    await bench.close(5000)
    const before = got().length
    bench.receiver.always('ok')
    const again = open()
    await again.call('integrations.stop', { id: 'orders' })
    await again.call('integrations.start', { id: 'orders' })
    await bench.untilSettled(100)
    expect(new Set(bodies(before)).size).toBe(100)
    expect(bench.summary()).toMatchObject({
      delivered: 100,
      backlog: 0,
      waiting: 0,
    })
  })
})

describe('integrations', () => {
  it('refuses a second one with the same id, and more than the maximum', async () => {
    const e = open()
    await e.call('settings.update', { integrationLimit: 2 })
    await e.call('integrations.create', integration())
    await expect(e.call('integrations.create', integration())).rejects.toMatchObject({
      code: 'integration_id_taken',
      field: 'id',
    })
    await e.call('integrations.create', integration({ id: 'two' }))
    await expect(e.call('integrations.create', integration({ id: 'three' }))).rejects.toMatchObject({
      code: 'integration_limit_reached',
    })
  })

  it('never stores the API key readable', async () => {
    const e = open()
    await e.call(
      'integrations.create',
      integration({
        target: { kind: 'webhook', callbackUrl: bench.receiver.url, apiKey: 'canary-93fd1' },
      }),
    )
    expect(JSON.stringify(bench.summary())).not.toContain('canary')
    const rows = JSON.stringify(bench.db.prepare('SELECT * FROM integrations').all())
    expect(rows).not.toContain('canary')
  })

  it('asks for consent before it stores a key without a keychain', async () => {
    const e = open({ key: null })
    await expect(e.call('integrations.create', integration())).rejects.toMatchObject({
      code: 'secret_consent_required',
    })
    e.unlock(new Uint8Array(32))
    await e.call('integrations.create', integration())
  })

  it('forgets everything of a deleted one, so that its id can be used again', async () => {
    const e = open()
    await e.call('integrations.create', integration())
    publish(e, [line(1)])
    await bench.untilSettled(1)
    await e.call('integrations.delete', { id: 'orders' })
    expect(bench.ask('integrations.list', {}).rows).toEqual([])
    await e.call('integrations.create', integration())
    expect(bench.ask('attempts.list', { id: 'orders', filter: {}, limit: 10 })).toEqual({
      rows: [],
      next: null,
      searchedTo: null,
    })
    expect(bench.summary()).toMatchObject({ delivered: 0, backlog: 0 })
  })

  it('refuses a workspace that is open already', () => {
    open()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'workspace_in_use' }))
  })
})

describe('import', () => {
  it('takes good lines, lists bad ones with their number, and knows duplicates', async () => {
    const e = open()
    const path = join(bench.folder, 'events.export')
    const bad = [
      'not json',
      '[]',
      '{"tenant":"t"}',
      '{"tenant":"t","name":"order","published_at":"2026-01-01T00:00:00Z","payload":{}}',
    ]
    writeFileSync(path, `\uFEFF${line(1)}\r\ntemp\n\n${bad.join('\n')}\n${line(1)}\n${line(2)}`)
    const job = await e.call('imports.start', { path })
    await e.importEnded(job.id)
    const { rows } = bench.ask('imports.list', {})
    expect(rows).toMatchObject([
      {
        state: 'done',
        lines: 9,
        accepted: 2,
        duplicates: 1,
        skipped: 2,
        refused: 4,
        bytesRead: rows[0]!.bytesTotal,
      },
    ])
    const problems = bench.ask('imports.problems', { importId: job.id })
    expect(problems.rows.map((p) => [p.line, p.code])).toEqual([
      [4, 'event_not_json'],
      [5, 'event_not_object'],
      [6, 'event_field_missing'],
      [7, 'event_field_invalid'],
    ])
  })

  it('says what is wrong with the file', async () => {
    const e = open()
    await expect(e.call('imports.start', { path: join(bench.folder, 'none') })).rejects.toMatchObject({
      code: 'file_not_found',
    })
    await expect(e.call('imports.start', { path: bench.folder })).rejects.toMatchObject({ code: 'file_not_regular' })
  })
})
