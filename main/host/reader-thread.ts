import { parentPort, workerData } from 'node:worker_threads'
import { AppError } from '../../shared/errors'
import { openReadable } from '../store/database'
import { createQueries } from '../store/queries'
import { asStoreError } from '../store/store-errors'
import { type ExportOrder, Exports } from './exports'
import { emit, reportFailure, serve } from './rpc'

const port = parentPort!

/** Progress is told at most this often. */
const COALESCE_MS = 100

let telling = false
function changed(): void {
  if (telling) return
  telling = true
  setTimeout(() => {
    telling = false
    emit(port, 'changed', ['exports'])
  }, COALESCE_MS)
}

try {
  const db = openReadable((workerData as { readonly storePath: string }).storePath)
  const answers = createQueries(db)
  const exports = new Exports({ db, queries: answers, onChanged: changed })
  const queries = { ...answers, ...exports.calls } as unknown as Record<string, (input: unknown) => unknown>
  serve(port, async (name, input) => {
    if (name === 'thread.close') {
      await exports.close()
      return void db.close()
    }
    if (name === 'thread.export') return exports.start(input as ExportOrder)
    if (name === 'thread.sqlite') return db.prepare('SELECT sqlite_version()').pluck().get()
    const query = queries[name]
    if (!query) throw new AppError('unknown_call')
    try {
      return await query(input)
    } catch (error) {
      throw asStoreError(error)
    }
  })
} catch (error) {
  reportFailure(port, asStoreError(error))
}
