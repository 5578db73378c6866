import { describe, expect, it } from 'vitest'
import {
  attemptSearch,
  filterAt,
  filtersOf,
  fixedFilter,
  hasFilters,
} from '../../renderer/features/attempts/attempt-search'
import { neighbours } from '../../renderer/features/attempts/neighbours'
import { phasesOf } from '../../renderer/features/attempts/phases'
import { parseSaved, sameFilters, withSaved } from '../../renderer/features/attempts/saved-filters'
import { actionText, differencesOf } from '../../renderer/features/audit/audit-words'
import { stateText } from '../../renderer/features/exports/export-words'
import { fixedLogFilter, logFilterAt, logSearch } from '../../renderer/features/logs/log-search'
import { rejectedFilterAt, rejectedSearch } from '../../renderer/features/rejected/rejected-search'
import { reasonText } from '../../renderer/features/rejected/rejected-words'
import { progressText, resendText } from '../../renderer/features/resends/resend-words'
import {
  defaultText,
  fieldText,
  fieldValue,
  findSettings,
  settingList,
} from '../../renderer/features/settings/setting-list'
import { attemptFilter, logFilter, rejectedFilter } from '../../shared/contract'
import type { EntityAttempt, ExportJob, RejectedEvent, Resend } from '../../shared/domain'
import { settingsDefaults, settingsUpdate } from '../../shared/schemas/settings'

const NOW = 1_800_000_000_000

describe('filters in the address', () => {
  it('become filters of the contract', () => {
    const search = attemptSearch.parse({
      entityId: 42,
      status: 'failure',
      type: 'order.created',
      text: true,
      period: '1h',
    })
    const filter = filterAt(search, NOW)
    expect(filter).toEqual({
      domainEntityId: '42',
      outcome: 'failure',
      eventName: 'order.created',
      text: 'true',
      from: NOW - 3_600_000,
    })
    expect(attemptFilter.safeParse(filter).success).toBe(true)
    expect(fixedFilter(search)).not.toHaveProperty('from')
    expect(rejectedFilter.parse(rejectedFilterAt(rejectedSearch.parse({ entityId: 'x', period: '24h' }), NOW))).toEqual(
      {
        domainEntityId: 'x',
        from: NOW - 86_400_000,
      },
    )
    expect(logFilter.parse(logFilterAt(logSearch.parse({ text: 'paused', period: '7d' }), NOW))).toMatchObject({
      text: 'paused',
      from: NOW - 7 * 86_400_000,
    })
  })

  it('leave out what does not fit', () => {
    const odd = { entityId: '', status: 'maybe', period: 'ever', from: -1, attempt: 0, seq: 1.5, text: { a: 1 } }
    expect(filterAt(attemptSearch.parse(odd), NOW)).toEqual({})
    expect(filterAt(rejectedSearch.parse({ type: 'no dot' }), NOW)).toEqual({})
  })

  it('take the moments of a custom period only', () => {
    expect(filterAt(attemptSearch.parse({ period: 'custom', from: 5, to: 9 }), NOW)).toEqual({ from: 5, to: 9 })
    expect(filterAt(attemptSearch.parse({ from: 5, to: 9 }), NOW)).toEqual({})
  })

  it('know the open row from a filter', () => {
    const search = attemptSearch.parse({ attempt: 7, seq: 3, text: 'x' })
    expect(filtersOf(search)).toEqual({ text: 'x' })
    expect(hasFilters(search)).toBe(true)
    expect(hasFilters(attemptSearch.parse({ attempt: 7 }))).toBe(false)
  })

  it('leave retries out of logs unless asked', () => {
    expect(fixedLogFilter({})).toEqual({ actions: ['integration_started', 'integration_stopped'] })
    expect(fixedLogFilter({ retries: true })).toEqual({})
  })
})

describe('saved filters', () => {
  it('are kept by name, in order', () => {
    const one = withSaved([], { name: 'b', filters: { text: 'x' } })
    const two = withSaved(one, { name: 'a', filters: { status: 'failure' } })
    const three = withSaved(two, { name: 'b', filters: { text: 'y' } })
    expect(three).toEqual([
      { name: 'a', filters: { status: 'failure' } },
      { name: 'b', filters: { text: 'y' } },
    ])
    expect(parseSaved(JSON.stringify(three))).toEqual(three)
  })

  it.each([null, '', '{', '[1]', '[{"name":""}]'])('count as none when they cannot be read: %j', (text) => {
    expect(parseSaved(text)).toEqual([])
  })

  it('are alike whatever the order of their fields', () => {
    expect(sameFilters({ text: 'x', status: 'failure' }, { status: 'failure', text: 'x', period: undefined })).toBe(
      true,
    )
    expect(sameFilters({ text: 'x' }, { text: 'y' })).toBe(false)
  })
})

describe('the phases of an attempt', () => {
  const none = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, reused: null }

  it('are in order, with what is left at the end', () => {
    const phases = phasesOf({ ...none, connectMs: 2, firstByteMs: 7.5 }, 10)
    expect(phases.map(({ name, ms }) => [name, ms])).toEqual([
      ['connect', 2],
      ['wait', 7.5],
      ['rest', 0.5],
    ])
  })

  it('are none where nothing was measured, and never negative', () => {
    expect(phasesOf(none, 10)).toEqual([])
    expect(phasesOf({ ...none, firstByteMs: 10.1 }, 10).map(({ name }) => name)).toEqual(['wait'])
  })
})

describe('neighbours in the life of an entity', () => {
  const attempt = (id: number, seq: number, attemptedAt: number, integrationId = 'a') =>
    ({ id, seq, attemptedAt, integrationId }) as EntityAttempt
  const event = (seq: number, ...attempts: EntityAttempt[]) => ({
    seq,
    eventId: '',
    eventName: '',
    publishedAt: 0,
    acceptedAt: 0,
    attempts,
  })

  it('are the ones before and after by time, across events and integrations', () => {
    const first = attempt(1, 1, 10)
    const second = attempt(9, 2, 20, 'b')
    const third = attempt(2, 1, 30)
    const story = { domainEntityId: 'x', cut: false, events: [event(1, first, third), event(2, second)] }
    expect(neighbours(story, second)).toEqual({ previous: first, next: third })
    expect(neighbours(story, first).previous).toBeNull()
    expect(neighbours(story, { integrationId: 'a', id: 99, seq: 1 })).toEqual({ previous: null, next: null })
  })

  it('tell the events of one S3 batch apart', () => {
    const one = attempt(5, 1, 10)
    const two = attempt(5, 2, 10)
    const story = { domainEntityId: 'x', cut: false, events: [event(1, one), event(2, two)] }
    expect(neighbours(story, one)).toEqual({ previous: null, next: two })
  })
})

describe('words of the other screens', () => {
  const rejected = {
    reason: 'rejected_by_receiver',
    statusCode: 400,
    errorCode: 'rejected',
  } as RejectedEvent

  it('say why an event was rejected', () => {
    expect(reasonText(rejected)).toBe('Refused by the receiver (400)')
    expect(
      reasonText({ ...rejected, reason: 'delivery_window_exceeded', statusCode: 503, errorCode: 'server_error' }),
    ).toBe('Failed for the whole delivery window, last: 503 Server error')
  })

  it('say what a re-send takes and how far it is', () => {
    const resend = { total: 1200, succeeded: 1000, failed: 1, skipped: 0 } as Resend
    expect(progressText(resend)).toBe('1,001 of 1,200, 1,000 delivered, 1 failed')
    expect(resendText({ kind: 'events', eventIds: ['x'] })).toBe('1 chosen event')
    expect(resendText({ kind: 'rejected', eventName: 'order.created' })).toBe('Rejected events of type order.created')
    expect(resendText({ kind: 'range', from: 0, to: 1, domainEntityId: 'x' })).toContain('of x')
  })

  it('say how an export is doing', () => {
    const job = { state: 'done', rows: 1, bytes: 1200, errorMessage: null } as ExportJob
    expect(stateText(job)).toBe('Exported: 1 row, 1.2 kB')
    expect(stateText({ ...job, rows: 0 })).toContain('no row matched')
    expect(stateText({ ...job, state: 'failed', errorMessage: 'The disk is full.' })).toBe('Failed: The disk is full.')
  })

  it('say what was done, and what differs', () => {
    expect(actionText({ action: 'integration.stop' })).toBe('Paused')
    expect(actionText({ action: 'something.new' })).toBe('something.new')
    expect(
      differencesOf({
        before: JSON.stringify({ a: 1, deep: { b: 'x', c: null }, list: [1] }),
        after: JSON.stringify({ a: 1, deep: { b: 'y', c: true }, list: [1, 2] }),
      }),
    ).toEqual([
      { path: 'deep.b', before: '"x"', after: '"y"' },
      { path: 'deep.c', before: null, after: 'true' },
      { path: 'list', before: '[1]', after: '[1,2]' },
    ])
    expect(differencesOf({ before: null, after: null })).toEqual([])
  })
})

describe('settings', () => {
  it('are all on the screen, and each default is one that the schema takes', () => {
    expect(settingList.map(({ key }) => key).sort()).toEqual(Object.keys(settingsDefaults).sort())
    for (const setting of settingList) {
      const value = fieldValue(setting, fieldText(setting, settingsDefaults))
      expect(value, setting.key).toBe(settingsDefaults[setting.key])
      expect(settingsUpdate.safeParse({ [setting.key]: value }).success, setting.key).toBe(true)
      expect(defaultText(setting), setting.key).not.toBe('')
    }
  })

  it('are read in the unit of their field', () => {
    const size = settingList.find(({ key }) => key === 'maxStoreBytes')!
    expect(fieldValue(size, ' 1.5 ')).toBe(1_500_000_000)
    expect(fieldValue(size, '')).toBeNull()
    expect(fieldText(size, { ...settingsDefaults, maxStoreBytes: 2_500_000_000 })).toBe('2.5')
    const days = settingList.find(({ key }) => key === 'keepEventsDays')!
    for (const text of ['', 'many', '1 day', 'Infinity']) expect(fieldValue(days, text), text).toBeUndefined()
  })

  it('are found by their name, explanation and group', () => {
    expect(findSettings('RETENTION attempts').map(({ key }) => key)).toEqual(['keepAttemptsDays'])
    expect(findSettings('')).toHaveLength(settingList.length)
    expect(findSettings('no such setting')).toEqual([])
  })
})
