import { parentPort, workerData } from 'node:worker_threads'
import { AppError } from '../../shared/errors'
import { openReadable } from '../store/database'
import { createQueries } from '../store/queries'
import { asStoreError } from '../store/store-errors'
import { reportFailure, serve } from './rpc'

const port = parentPort!

try {
  const db = openReadable((workerData as { readonly storePath: string }).storePath)
  const queries = createQueries(db) as unknown as Record<string, (input: unknown) => unknown>
  serve(port, async (name, input) => {
    if (name === 'thread.close') return void db.close()
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
