import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { BatchLane } from '../../main/engine/delivery/s3/batch-lane'
import { Spool } from '../../main/engine/delivery/s3/spool'
import { BatchStore } from '../../main/store/batches'
import { openWritable } from '../../main/store/database'
import { EventLog } from '../../main/store/event-log'
import { IntegrationStore } from '../../main/store/integrations'
import { migrate } from '../../main/store/migrate'
import { ResendStore } from '../../main/store/resends'
import { deliveryDefaults } from '../../shared/schemas/integration'
import { FakeClock } from '../support/fake-clock'
import { tempDir } from '../support/temp-dir'

it('an abandoned lane records nothing of the batch it has stored, settles, and keeps the file to upload it again', async () => {
  const folder = tempDir()
  const path = join(folder, 'store.sqlite')
  const db = openWritable(path)
  migrate(db, path)
  onTestFinished(() => void db.close())
  const clock = new FakeClock()
  const log = new EventLog(db)
  const body = Buffer.from('{}')
  const event = { tenant: 't', name: 'order.created', domainEntityId: null, publishedAt: clock.now(), body }
  log.append([{ ...event, eventId: Buffer.alloc(16) }], clock.now())
  const selection = { entities: [], events: [] }
  const target = {
    kind: 's3',
    region: 'eu-west-1',
    bucket: 'b',
    keyPrefix: '',
    endpoint: null,
    pathStyle: true,
  } as const
  const { no } = new IntegrationStore(db).create(
    {
      id: 'warehouse',
      integrationType: 'permanent',
      startsAt: null,
      endsAt: null,
      selection,
      target: { ...target, accessKeyHint: '', hasSessionToken: false },
      options: {},
      secrets: null,
      cursor: 0,
      matchedBase: 0,
    },
    'created',
    clock.now(),
  )
  const spool = join(folder, 'spool')
  mkdirSync(spool)
  const upload = vi.fn(async () => ({
    statusCode: 200,
    errorCode: null,
    errorDetail: null,
    responseBody: null,
    requestId: null,
    retryAfterMs: null,
    etag: '"1"',
    verification: null,
  }))
  const requestCommit = vi.fn()
  const lane = new BatchLane(
    {
      no,
      cursor: 0,
      integration: { selection, startsAt: null, endsAt: null, createdAt: clock.now() - 3_600_000 },
      keyPrefix: '',
      options: { ...deliveryDefaults, gzip: true },
      possibleMs: 0,
      outage: null,
      upload,
      clearOrphans: async () => {},
    },
    {
      log,
      batches: new BatchStore(db),
      resends: new ResendStore(db),
      spool: new Spool(spool),
      clock,
      random: () => 0.5,
      randomName: () => 'batch1',
      requestCommit,
      blocked: () => false,
      onEnded: () => {},
      onFailed: () => {},
      onRecovered: () => {},
      onRetries: () => {},
      onError: (error) => {
        throw error
      },
      ready: Promise.resolve(),
    },
  )
  lane.start(false)
  await vi.waitFor(() => expect(requestCommit).toHaveBeenCalled())
  expect(lane.collect()?.batches).toHaveLength(1)
  const settled = lane.settled()
  lane.abandon()
  expect(lane.collect()).toBeNull()
  await settled
  await lane.settled()
  await new Promise((resolve) => setImmediate(resolve))
  expect(readdirSync(spool)).toHaveLength(1)
  expect(upload).toHaveBeenCalledTimes(1)
})
