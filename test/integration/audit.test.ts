import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { verifyAudit } from '../../main/store/audit'
import { STORE_FILE } from '../../main/store/database'
import { numberOf, Workbench } from '../support/workbench'

const SECRETS = ['canary-key', 'canary-next', `whsec_${Buffer.from('canary-signing-secret-0123').toString('base64')}`]

/** Every manual action once. */
async function acted() {
  const bench = await Workbench.start()
  bench.receiver.always((request) => (numberOf(request) === 1 ? 'rejected' : 'ok'))
  bench.open()
  const target = { kind: 'webhook', callbackUrl: bench.receiver.url, apiKey: SECRETS[0] } as const
  await bench.create({ target: { ...target, signingSecrets: [SECRETS[2]!] } } as never)
  bench.publish([1, 2])
  await bench.untilSettled(2)
  await bench.call('integrations.update', { id: 'orders', target: { kind: 'webhook', apiKey: SECRETS[1]! } })
  await bench.call('integrations.stop', { id: 'orders' })
  await bench.call('integrations.start', { id: 'orders' }, { name: 'erp', via: 'api' })
  const filter = { kind: 'range', from: 0, to: 8.64e15 } as const
  const { id: resendId } = await bench.call('resends.start', { id: 'orders', filter })
  await bench.call('resends.pause', { resendId })
  await bench.call('resends.resume', { resendId })
  await bench.call('resends.cancel', { resendId })
  await bench.call('rejected.delete', { id: 'orders', eventIds: 'all' })
  await bench.call('settings.update', { keepEventsDays: 7 })
  await bench.call('integrations.delete', { id: 'orders' })
  return bench
}

describe('the audit log', () => {
  it('has one entry for each manual action, who and what, without secrets', async () => {
    const bench = await acted()
    const rows = bench.ask('audit.list', { limit: 100 }).rows.toReversed()
    expect(rows.map((r) => [r.action, r.subject, r.actor, r.via])).toEqual([
      ['integration.create', 'orders', 'kim', 'console'],
      ['integration.update', 'orders', 'kim', 'console'],
      ['integration.stop', 'orders', 'kim', 'console'],
      ['integration.start', 'orders', 'erp', 'api'],
      ['resend.start', 'orders', 'kim', 'console'],
      ['resend.pause', 'orders', 'kim', 'console'],
      ['resend.resume', 'orders', 'kim', 'console'],
      ['resend.cancel', 'orders', 'kim', 'console'],
      ['rejected.delete', 'orders', 'kim', 'console'],
      ['settings.update', null, 'kim', 'console'],
      ['integration.delete', 'orders', 'kim', 'console'],
    ])
    expect(JSON.parse(rows[1]!.after!)).toMatchObject({ secretsChanged: ['apiKey'] })
    expect(JSON.parse(rows[9]!.before!)).toMatchObject({ keepEventsDays: 30 })
    expect(JSON.parse(rows[9]!.after!)).toMatchObject({ keepEventsDays: 7 })
    const text = JSON.stringify(rows)
    for (const secret of SECRETS) expect(text).not.toContain(secret)
    expect(bench.ask('audit.verify', {})).toEqual({ entries: 11, brokenAt: null })
  })

  it('has no entry of an action that was refused', async () => {
    const bench = await acted()
    await expect(bench.call('integrations.stop', { id: 'orders' })).rejects.toMatchObject({
      code: 'integration_not_found',
    })
    bench.refuse()
    await expect(bench.call('settings.update', { keepEventsDays: 8 })).rejects.toMatchObject({
      code: 'workspace_not_writable',
    })
    bench.accept()
    expect((await bench.call('settings.get', {})).keepEventsDays).toBe(7)
    expect(bench.ask('audit.verify', {})).toEqual({ entries: 11, brokenAt: null })
  })

  it.each([
    ['an entry that was changed', "UPDATE audit SET actor = 'somebody else' WHERE id = 4", 4],
    ['one that was taken out', 'DELETE FROM audit WHERE id = 4', 5],
    ['the newest ones taken out', 'DELETE FROM audit WHERE id > 9', 10],
    ['the first one taken out', 'DELETE FROM audit WHERE id = 1', 2],
    [
      'one that was put in',
      `INSERT INTO audit SELECT 12, at, actor, via, action, subject, before, after, hash FROM audit WHERE id = 11`,
      12,
    ],
    [
      'two that changed places',
      'UPDATE audit SET id = CASE id WHEN 4 THEN -5 WHEN 5 THEN -4 END WHERE id IN (4, 5); UPDATE audit SET id = -id WHERE id < 0',
      4,
    ],
  ])('shows %s', async (_, change, brokenAt) => {
    const bench = await acted()
    await bench.close()
    const db = new Sqlite(join(bench.folder, STORE_FILE))
    db.exec(change)
    expect(verifyAudit(db as never).brokenAt).toBe(brokenAt)
    db.close()
  })
})
