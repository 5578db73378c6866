import { parentPort } from 'node:worker_threads'
import { AppError } from '../../shared/errors'
import { openReadable, type ReadableDb } from '../store/database'
import { createQueries } from '../store/queries'
import { asStoreError } from '../store/store-errors'
import { serve } from './rpc'

type Queries = Readonly<Record<string, (input: unknown) => unknown>>

let db: ReadableDb | null = null
let queries: Queries = {}

async function answer(name: string, input: unknown): Promise<unknown> {
  if (name === 'thread.open') {
    db = openReadable(input as string)
    queries = createQueries(db) as unknown as Queries
    return
  }
  if (db === null) throw new AppError('engine_unavailable')
  if (name === 'thread.close') return void db.close()
  if (name === 'thread.sqlite') return db.prepare('SELECT sqlite_version()').pluck().get()
  const query = queries[name]
  if (!query) throw new AppError('unknown_call')
  return await query(input)
}

serve(parentPort!, async (name, input) => {
  try {
    return await answer(name, input)
  } catch (error) {
    throw asStoreError(error)
  }
})
