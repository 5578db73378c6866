import { parentPort } from 'node:worker_threads'
import { AppError } from '../../shared/errors'
import { openReadable, type ReadableDb } from '../store/database'
import { createQueries } from '../store/queries'
import { asStoreError } from '../store/store-errors'
import { type ExportOrder, Exports } from './exports'
import { emit, serve } from './rpc'

type Queries = Readonly<Record<string, (input: unknown) => unknown>>

/** Progress is told at most this often. */
const COALESCE_MS = 100

const port = parentPort!
let telling = false
function changed(): void {
  if (telling) return
  telling = true
  setTimeout(() => {
    telling = false
    emit(port, 'changed', ['exports'])
  }, COALESCE_MS)
}

let db: ReadableDb | null = null
let exports: Exports | null = null
let queries: Queries = {}

function open(storePath: string): void {
  db = openReadable(storePath)
  const answers = createQueries(db)
  exports = new Exports({ db, queries: answers, onChanged: changed })
  queries = { ...answers, ...exports.calls } as unknown as Queries
}

async function answer(name: string, input: unknown): Promise<unknown> {
  if (name === 'thread.open') return open(input as string)
  if (db === null || exports === null) throw new AppError('engine_unavailable')
  if (name === 'thread.close') {
    await exports.close()
    return void db.close()
  }
  if (name === 'thread.export') return exports.start(input as ExportOrder)
  if (name === 'thread.sqlite') return db.prepare('SELECT sqlite_version()').pluck().get()
  const query = queries[name]
  if (!query) throw new AppError('unknown_call')
  return await query(input)
}

serve(port, async (name, input) => {
  try {
    return await answer(name, input)
  } catch (error) {
    throw asStoreError(error)
  }
})
