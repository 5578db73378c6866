import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { ExportSource, Page } from '../../shared/contract'
import type { Handlers } from '../../shared/contract/handlers'
import type { ExportFormat, ExportJob } from '../../shared/domain'
import { AppError, toErrorInfo } from '../../shared/errors'
import type { ReadableDb, Statement } from '../store/database'
import type { ReaderCall } from '../store/queries'
import { parseUuid } from '../store/uuid'
import { attemptColumns, type Columns, exportHead, exportLine, logColumns, rejectedColumns } from './export-lines'

/** The calls about exports that the reader thread answers. */
export type ExportCall = 'exports.cancel' | 'exports.list'

export interface ExportOrder {
  readonly source: ExportSource
  readonly format: ExportFormat
  /** File to write; one that exists is replaced when the export is complete. */
  readonly path: string
}

export interface ExportPorts {
  readonly db: ReadableDb
  readonly queries: Pick<Handlers<ReaderCall>, 'attempts.list' | 'integrations.rejected' | 'integrations.logs'>
  readonly onChanged: () => void
  readonly now?: () => number
}

/** Rows of one step; between two steps the viewers' queries get their turn. */
const STEP_ROWS = 500

/** Ended exports that are remembered. */
const KEPT = 20

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Writes lists to files, a page at a time, in constant memory. A file appears under its name only when it is complete. */
export class Exports {
  readonly #ports: ExportPorts
  readonly #body: Statement
  readonly #jobs: Mutable<ExportJob>[] = []
  readonly #running = new Map<number, Promise<void>>()
  #lastId = 0

  readonly calls: Handlers<ExportCall> = {
    'exports.list': () => ({ rows: this.#jobs.map((job) => ({ ...job })) }),
    'exports.cancel': ({ exportId }) => {
      const job = this.#jobs.find(({ id }) => id === exportId)
      if (!job) throw new AppError('export_not_found', undefined, { field: 'exportId' })
      if (job.state === 'running') this.#end(job, 'cancelled')
      return { ...job }
    },
  }

  constructor(ports: ExportPorts) {
    this.#ports = ports
    this.#body = ports.db.prepare('SELECT body FROM events WHERE event_id = ?').pluck()
  }

  /** Starts an export; what goes wrong later is told by its state. */
  start({ source, format, path }: ExportOrder): ExportJob {
    const job: Mutable<ExportJob> = {
      id: ++this.#lastId,
      path,
      format,
      kind: source.kind,
      integrationId: source.id,
      state: 'running',
      rows: 0,
      bytes: 0,
      startedAt: this.#now(),
      endedAt: null,
      errorMessage: null,
    }
    this.#jobs.unshift(job)
    this.#jobs.splice(KEPT)
    const run = this.#run(job, source).finally(() => this.#running.delete(job.id))
    this.#running.set(job.id, run)
    this.#ports.onChanged()
    return { ...job }
  }

  /** Resolves when an export has ended, whatever its outcome. */
  async ended(id: number): Promise<void> {
    await this.#running.get(id)
  }

  /** Cancels what runs and removes the unfinished files. */
  async close(): Promise<void> {
    for (const job of this.#jobs) if (job.state === 'running') this.#end(job, 'cancelled')
    await Promise.all(this.#running.values())
  }

  #now(): number {
    return (this.#ports.now ?? Date.now)()
  }

  #end(job: Mutable<ExportJob>, state: ExportJob['state'], errorMessage: string | null = null): void {
    job.state = state
    job.errorMessage = errorMessage
    job.endedAt = this.#now()
    this.#ports.onChanged()
  }

  async #run(job: Mutable<ExportJob>, source: ExportSource): Promise<void> {
    const part = `${job.path}.part`
    try {
      const file = createWriteStream(part, { flags: 'w', mode: 0o600 })
      await once(file, 'open')
      // Each write tells of its own failure; without a listener the stream would end the thread.
      file.on('error', () => {})
      try {
        await this.#write(job, source, file)
      } finally {
        await new Promise<void>((done) => file.close(() => done()))
      }
      if (job.state !== 'running') return await rm(part, { force: true })
      await rename(part, job.path)
      this.#end(job, 'done')
    } catch (error) {
      await rm(part, { force: true }).catch(() => {})
      if (job.state === 'running') this.#end(job, 'failed', sentenceOf(error))
    }
  }

  async #write(job: Mutable<ExportJob>, source: ExportSource, file: WriteStream): Promise<void> {
    for await (const { text, rows } of this.#pieces(source, job.format)) {
      if (job.state !== 'running') return
      const bytes = Buffer.from(text)
      if (bytes.length > 0) {
        await new Promise<void>((done, refuse) => file.write(bytes, (error) => (error ? refuse(error) : done())))
      }
      job.rows += rows
      job.bytes += bytes.length
      this.#ports.onChanged()
      await new Promise((next) => setImmediate(next))
    }
  }

  #pieces(source: ExportSource, format: ExportFormat): AsyncGenerator<Piece> {
    const { queries } = this.#ports
    switch (source.kind) {
      case 'attempts':
        return pieces(format, attemptColumns, (page) =>
          queries['attempts.list']({ id: source.id, filter: source.filter, ...page }),
        )
      case 'rejected':
        return pieces(format, rejectedColumns, async (page) => {
          const { rows, next } = await queries['integrations.rejected']({
            id: source.id,
            filter: source.filter,
            ...page,
          })
          return { rows: rows.map((row) => ({ ...row, envelope: this.#bodyOf(row.eventId) })), next }
        })
      case 'logs':
        return pieces(format, logColumns, (page) =>
          queries['integrations.logs']({ id: source.id, filter: source.filter, ...page }),
        )
    }
  }

  #bodyOf(eventId: string): string | null {
    const body = this.#body.get(parseUuid(eventId)!) as Uint8Array | undefined
    return body === undefined ? null : Buffer.from(body).toString('utf8')
  }
}

interface Piece {
  readonly text: string
  readonly rows: number
}

type Load<T> = (page: { readonly after: string | null; readonly limit: number }) => Page<T> | Promise<Page<T>>

async function* pieces<T>(format: ExportFormat, columns: Columns<T>, load: Load<T>): AsyncGenerator<Piece> {
  yield { text: exportHead(format, columns), rows: 0 }
  let after: string | null = null
  do {
    const page: Page<T> = await load({ after, limit: STEP_ROWS })
    yield { text: page.rows.map((row) => exportLine(format, columns, row)).join(''), rows: page.rows.length }
    after = page.next
  } while (after !== null)
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'The file may not be written there.',
  EPERM: 'The file may not be written there.',
  EROFS: 'The folder can only be read.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The quota of the disk is used up.',
  ENOENT: 'The folder is not there.',
  EISDIR: 'There is a folder with this name.',
}

function sentenceOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  return (code !== undefined && FILE_ERRORS[code]) || toErrorInfo(error).message
}
