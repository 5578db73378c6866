import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CallName, callNames, contract, eventNames, type Input, PAGE_LIMIT_MAX } from '../../shared/contract'

const id = 'an-integration'

/** One full and valid input of every call, optional fields included; a new call does not compile without one. */
const inputs: { readonly [N in CallName]: Input<N> } = {
  'app.info': {},
  'secrets.consent': {},
  'integrations.list': {},
  'integrations.get': { id },
  'integrations.create': {
    id,
    integrationType: 'permanent',
    startsAt: null,
    endsAt: null,
    selection: { entities: ['order'], events: [] },
    target: { kind: 'webhook', callbackUrl: 'https://example.com/events', apiKey: 'a-key' },
  },
  'integrations.update': {
    id,
    selection: { entities: [], events: ['order.created'] },
    target: {
      kind: 's3',
      accessKeyId: 'an-access-key',
      secretAccessKey: 'a-secret-key',
      sessionToken: 'a-token',
      region: 'eu-central-1',
      bucket: 'a-bucket',
      keyPrefix: 'a/prefix',
      endpoint: 'http://localhost:9000',
      pathStyle: true,
    },
    options: {
      concurrency: 4,
      ratePerSecond: 10,
      connectTimeoutMs: 1000,
      totalTimeoutMs: 10_000,
      deliveryWindowHours: 24,
      stopAfterMinutes: 30,
      restartWhenBack: false,
      keepAnswers: 'all',
      batchBytes: 5_000_000,
      batchSeconds: 60,
      gzip: true,
    },
  },
  'integrations.start': { id },
  'integrations.stop': { id },
  'integrations.delete': { id },
  'integrations.restore': { id },
  'integrations.minutes': { id, from: 0, to: 3_600_000 },
  'integrations.logs': {
    id,
    filter: { actions: ['integration_started'], text: 'paused', from: 0, to: 1 },
    after: '1768204800000.7',
    limit: 50,
  },
  'integrations.rejected': {
    id,
    filter: { from: 0, to: 1, eventName: 'order.created', domainEntityId: 'an-order' },
    after: '1768204800000.7',
    limit: 50,
  },
  'targets.test': {
    id,
    target: { kind: 'webhook', callbackUrl: 'https://example.com/events', apiKey: 'a-key', signingSecrets: [] },
    sendTestEvent: true,
  },
  'resends.preview': {
    id,
    filter: { kind: 'range', from: 0, to: 1, eventName: 'order.created', domainEntityId: 'an-order' },
  },
  'resends.start': {
    id,
    filter: { kind: 'rejected', from: 0, to: 1, eventName: 'order.created', domainEntityId: 'an-order' },
  },
  'resends.list': { id },
  'resends.pause': { resendId: 1 },
  'resends.resume': { resendId: 1 },
  'resends.cancel': { resendId: 1 },
  'rejected.delete': { id, eventIds: ['471278c7-dee8-4de5-8383-d8e50ede1c3f'] },
  'alerts.list': { after: '0.7', limit: 50 },
  'alerts.unseen': {},
  'alerts.seen': { upTo: 1 },
  'audit.list': { after: '0.7', limit: 50 },
  'audit.verify': {},
  'settings.get': {},
  'settings.update': {
    integrationLimit: 30,
    keepEventsDays: 10,
    keepAttemptsDays: 10,
    keepRejectedDays: 10,
    maxStoreBytes: 1_000_000_000,
    lateAfterMinutes: 20,
    lagAlertMinutes: 60,
    alertUrl: 'https://example.com/alerts',
  },
  'attempts.list': {
    id,
    filter: { domainEntityId: 'an-order', outcome: 'failure', from: 0, to: 1, eventName: 'order.created', text: 'f0' },
    after: '1768204800000.7',
    limit: 50,
  },
  'attempts.get': { id, attemptId: 1, seq: 1 },
  'entities.story': { domainEntityId: 'an-order' },
  'exports.choose': {
    source: {
      kind: 'rejected',
      id,
      filter: { from: 0, to: 1, eventName: 'order.created', domainEntityId: 'an-order' },
    },
    format: 'csv',
  },
  'exports.cancel': { exportId: 1 },
  'exports.list': {},
  'events.figures': {},
  'events.matching': { selection: { entities: ['order'], events: ['return.processed'] } },
  'imports.choose': {},
  'imports.start': { path: '/tmp/events.ndjson' },
  'imports.cancel': { importId: 1 },
  'imports.list': {},
  'imports.problems': { importId: 1 },
  'inbox.status': {},
  'inbox.start': {},
  'inbox.stop': {},
  'inbox.clear': {},
  'inbox.list': {},
  'inbox.get': { no: 1 },
}

/** Calls that only look, or copy what is looked at; every other one changes something. */
const looking: readonly CallName[] = [
  'alerts.list',
  'alerts.unseen',
  'app.info',
  'attempts.get',
  'attempts.list',
  'audit.list',
  'audit.verify',
  'entities.story',
  'events.figures',
  'events.matching',
  'exports.cancel',
  'exports.choose',
  'exports.list',
  'imports.list',
  'imports.problems',
  'inbox.get',
  'inbox.list',
  'inbox.status',
  'integrations.get',
  'integrations.list',
  'integrations.logs',
  'integrations.minutes',
  'integrations.rejected',
  'resends.list',
  'resends.preview',
  'settings.get',
]

/** Keys besides those of a page that a caller may leave out. */
const mayLack: Partial<Record<CallName, readonly string[]>> = {
  'integrations.update': ['selection', 'target', 'options'],
  'targets.test': ['id', 'sendTestEvent'],
  'attempts.get': ['seq'],
  'integrations.minutes': ['id'],
  'integrations.logs': ['filter'],
  'integrations.rejected': ['filter'],
  'settings.update': Object.keys(inputs['settings.update']),
}

const answer = (name: CallName, input: unknown) => contract[name].input.safeParse(input)
const paged = [
  'integrations.logs',
  'integrations.rejected',
  'attempts.list',
  'alerts.list',
  'audit.list',
] as const satisfies readonly CallName[]

describe('permissions', () => {
  it('let who may view only look', () => {
    expect(callNames.filter((name) => contract[name].permission === 'tools:view').sort()).toEqual(looking)
  })

  it('demand tools:manage for everything that changes something', () => {
    for (const name of callNames.filter((n) => !looking.includes(n))) {
      expect(contract[name].permission, name).toBe('tools:manage')
    }
  })
})

describe.each(callNames)('%s', (name) => {
  it('accepts a valid input', () => {
    expect(answer(name, inputs[name]).error).toBeUndefined()
  })

  it('refuses a key that it does not know, at every depth', () => {
    for (const spoiled of withUnknownKey(inputs[name])) {
      const codes = answer(name, spoiled).error?.issues.map((issue) => issue.code) ?? []
      expect(codes, JSON.stringify(spoiled)).toContain('unrecognized_keys')
    }
  })

  it('refuses an input without one of its keys, unless that is optional', () => {
    const optional = ['after', 'limit', ...(mayLack[name] ?? [])]
    for (const key of Object.keys(inputs[name]).filter((k) => !optional.includes(k))) {
      const rest = Object.fromEntries(Object.entries(inputs[name]).filter(([k]) => k !== key))
      expect(answer(name, rest).success, key).toBe(false)
    }
  })

  it.each([undefined, null, 7, 'text', [], true])('refuses %j', (input) => {
    expect(answer(name, input).success).toBe(false)
  })

  it('answers anything at all without throwing', () => {
    fc.assert(fc.property(fc.anything(), (input) => typeof answer(name, input).success === 'boolean'))
  })
})

describe('names', () => {
  it('are the keys of the contract, in the form topic.verb', () => {
    expect([...callNames].sort()).toEqual(Object.keys(inputs).sort())
    for (const name of callNames) expect(name).toMatch(/^[a-z]+\.[a-z]+$/)
  })

  it('of events differ from each other', () => {
    expect(new Set(eventNames).size).toBe(eventNames.length)
  })
})

describe.each(paged)('the pages of %s', (name) => {
  const withPage = (page: { after?: unknown; limit?: unknown }) => {
    const { after: _, limit: __, ...rest } = inputs[name]
    return contract[name].input.safeParse({ ...rest, ...page })
  }

  it('have 100 rows from the newest on, when nothing is said', () => {
    expect(withPage({}).data).toMatchObject({ limit: 100 })
    expect(withPage({}).data?.after ?? null).toBeNull()
    expect(withPage({ after: null }).success).toBe(true)
  })

  it('have from 1 to the maximum of rows', () => {
    for (const limit of [1, PAGE_LIMIT_MAX]) expect(withPage({ limit }).success, String(limit)).toBe(true)
    for (const limit of [0, -1, 1.5, PAGE_LIMIT_MAX + 1, '10', null, Number.NaN]) {
      expect(withPage({ limit }).success, String(limit)).toBe(false)
    }
  })

  it('are found by a cursor of the form that an answer gives, and by no other text', () => {
    for (const after of ['0.0', '1768204800000.123456', '1768204800000.123.7'])
      expect(withPage({ after }).success, after).toBe(true)
    for (const after of [
      '',
      '1',
      '1.',
      '.1',
      '1.2.3.4',
      '1.2.',
      '-1.2',
      '1.2\n',
      ' 1.2',
      "1.2' OR 1=1",
      `1.${'1'.repeat(64)}`,
      12,
    ]) {
      expect(withPage({ after }).success, String(after)).toBe(false)
    }
  })
})

describe('the filter of attempts', () => {
  const filter = (value: unknown) => answer('attempts.list', { id, filter: value }).success

  it('may be empty or use any of its fields alone', () => {
    const { filter: full } = inputs['attempts.list']
    expect(filter({})).toBe(true)
    for (const [key, value] of Object.entries(full)) expect(filter({ [key]: value }), key).toBe(true)
  })

  it.each([
    { outcome: 'rejected' },
    { from: -1 },
    { to: 1.5 },
    { from: '2026-01-12' },
    { domainEntityId: 'x'.repeat(201) },
  ])('may not be %j', (value) => {
    expect(filter(value)).toBe(false)
  })
})

describe('the minutes of integrations', () => {
  const minutes = (from: number, to: number) => answer('integrations.minutes', { from, to }).success

  it('are asked for over a time that is bounded and goes forward', () => {
    const week = 7 * 24 * 3_600_000
    expect(minutes(0, week)).toBe(true)
    for (const [from, to] of [
      [0, week + 1],
      [5, 5],
      [5, 4],
    ] as const) {
      expect(minutes(from, to), `${from} to ${to}`).toBe(false)
    }
  })
})

describe('what is exported', () => {
  it('is one of the lists, with a filter of that list', () => {
    const source = (value: unknown) => answer('exports.choose', { source: value, format: 'csv' }).success
    expect(source({ kind: 'attempts', id, filter: { text: 'x' } })).toBe(true)
    expect(source({ kind: 'logs', id, filter: { actions: ['retry_triggered'] } })).toBe(true)
    expect(source({ kind: 'logs', id, filter: { outcome: 'failure' } })).toBe(false)
    expect(source({ kind: 'audit', id, filter: {} })).toBe(false)
  })

  it('never says where it goes', () => {
    const { source } = inputs['exports.choose']
    expect(answer('exports.choose', { source, format: 'csv', path: '/etc/passwd' }).success).toBe(false)
  })
})

describe('identifiers', () => {
  it.each([0, -1, 1.5, '1', null])('of a row may not be %j', (value) => {
    expect(answer('attempts.get', { id, attemptId: value }).success).toBe(false)
    expect(answer('imports.cancel', { importId: value }).success).toBe(false)
    expect(answer('imports.problems', { importId: value }).success).toBe(false)
    expect(answer('inbox.get', { no: value }).success).toBe(false)
  })

  it('of an integration are checked in every call that takes one', () => {
    for (const name of callNames.filter((n) => 'id' in inputs[n])) {
      expect(answer(name, { ...inputs[name], id: 'Not An ID' }).success, name).toBe(false)
    }
  })

  it('of a file have bounds', () => {
    expect(answer('imports.start', { path: '' }).success).toBe(false)
    expect(answer('imports.start', { path: 'x'.repeat(4097) }).success).toBe(false)
  })
})

/** Copies of a value, each with one unknown key in another of its objects. */
function* withUnknownKey(value: object): Generator<object> {
  yield { ...value, unknownKey: true }
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) continue
    for (const spoiled of withUnknownKey(inner)) yield { ...value, [key]: spoiled }
  }
}
