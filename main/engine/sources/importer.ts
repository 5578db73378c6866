import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { ImportJob, ImportProblem } from '../../../shared/domain'
import { AppError, toErrorInfo } from '../../../shared/errors'
import type { AppendResult, NewEvent } from '../../store/event-log'
import type { ImportFigures, ImportStore } from '../../store/imports'
import { asStoreError } from '../../store/store-errors'
import type { Clock } from '../clock'
import { EVENT_BYTES_MAX, parseEnvelope } from './envelope'
import { type Line, readLines } from './lines'

/** Refused lines that are listed one by one; all are counted. */
export const PROBLEMS_LISTED = 1000

/** Events of one transaction: large enough to share a sync, small enough to let deliveries in between. */
const BATCH_EVENTS = 256
const BATCH_BYTES = 1024 * 1024
const CHUNK_BYTES = 256 * 1024
const EXCERPT_CHARS = 120

/** The probe that the specified system writes into a bucket to test it; no event. */
const PROBE_LINE = 'temp'

export interface ImporterPorts {
  readonly clock: Clock
  readonly store: ImportStore
  readonly append: (events: readonly NewEvent[]) => AppendResult
  readonly onChange: () => void
}

/** One line of NDJSON after the checks. */
type Checked = { readonly event: NewEvent; readonly line: number } | { readonly problem: ImportProblem } | 'skipped'

/** Imports NDJSON files: one envelope a line, also the `.export` objects of an S3 target. */
export class Importer {
  readonly #ports: ImporterPorts
  readonly #running = new Map<number, AbortController>()
  readonly #ends = new Map<number, Promise<void>>()

  constructor(ports: ImporterPorts) {
    this.#ports = ports
  }

  /**
   * Begins the import of a file and answers as soon as it is known to be readable. It goes on by itself: a bad line is
   * reported and never stops the good ones.
   *
   * @throws AppError `file_not_found`, `file_not_readable`, `file_not_regular`
   */
  async start(path: string): Promise<ImportJob> {
    const file = await openFile(path)
    const { size } = await file.stat()
    const job = this.#ports.store.begin(path, size, this.#ports.clock.now())
    const abort = new AbortController()
    this.#running.set(job.id, abort)
    const end = this.#run(job, file, abort.signal).finally(() => {
      this.#running.delete(job.id)
      this.#ends.delete(job.id)
      this.#ports.onChange()
    })
    this.#ends.set(job.id, end)
    this.#ports.onChange()
    return job
  }

  /** Stops an import after the batch in hand; what it accepted stays. No effect on one that has ended. */
  async cancel(id: number): Promise<ImportJob> {
    this.#running.get(id)?.abort()
    await this.#ends.get(id)
    const job = this.#ports.store.find(id)
    if (!job) throw new AppError('import_not_found', undefined, { field: 'importId' })
    return job
  }

  /** Resolves when the import has ended, however. */
  async ended(id: number): Promise<void> {
    await this.#ends.get(id)
  }

  /** Cancels everything; used when the engine closes. */
  async close(): Promise<void> {
    for (const abort of this.#running.values()) abort.abort()
    await Promise.all(this.#ends.values())
  }

  async #run(job: ImportJob, file: FileHandle, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#ports
    try {
      const chunks = createReadStream('', {
        fd: file,
        highWaterMark: CHUNK_BYTES,
        signal,
      })
      await this.importChunks(job.id, chunks as AsyncIterable<Buffer>, signal)
      store.end(job.id, signal.aborted ? 'cancelled' : 'done', null, clock.now())
    } catch (error) {
      if (signal.aborted) return store.end(job.id, 'cancelled', null, clock.now())
      const info = toErrorInfo(asImportError(error))
      try {
        store.end(job.id, 'failed', info, clock.now())
      } catch {
        // A store that is full cannot record the end either; the next start marks the import as interrupted.
      }
    }
  }

  /**
   * The import itself, from any stream of bytes.
   *
   * @throws when the stream or the store fails; events accepted before that stay
   */
  async importChunks(id: number, chunks: AsyncIterable<Buffer>, signal: AbortSignal): Promise<ImportFigures> {
    const f = {
      bytesRead: 0,
      lines: 0,
      accepted: 0,
      duplicates: 0,
      skipped: 0,
      refused: 0,
    }
    let batch: { event: NewEvent; line: number }[] = []
    let batchBytes = 0
    let problems: ImportProblem[] = []
    let listed = 0

    const refuse = (problem: ImportProblem) => {
      f.refused++
      if (listed++ < PROBLEMS_LISTED) problems.push(problem)
    }
    const flush = () => {
      const { outcomes } = this.#ports.append(batch.map((b) => b.event))
      for (const [i, outcome] of outcomes.entries()) {
        if (outcome === 'accepted') f.accepted++
        else if (outcome === 'duplicate') f.duplicates++
        else refuse(problemOf(batch[i]!.line, new AppError('event_id_conflict'), batch[i]!.event.body))
      }
      if (problems.length > 0) this.#ports.store.addProblems(id, problems)
      this.#ports.store.progress(id, f)
      this.#ports.onChange()
      batch = []
      batchBytes = 0
      problems = []
    }

    const counted = async function* () {
      for await (const chunk of chunks) {
        yield chunk
        f.bytesRead += chunk.length
      }
    }
    for await (const lines of readLines(counted(), EVENT_BYTES_MAX)) {
      for (const line of lines) {
        f.lines++
        const checked = check(line, f.lines)
        if (checked === 'skipped') f.skipped++
        else if ('problem' in checked) refuse(checked.problem)
        else {
          batch.push(checked)
          batchBytes += checked.event.body.length
        }
        if (batch.length < BATCH_EVENTS && batchBytes < BATCH_BYTES) continue
        flush()
        // Deliveries, pauses and cancellations get their turn between two batches.
        await new Promise(setImmediate)
        if (signal.aborted) return f
      }
    }
    flush()
    return f
  }
}

function check(line: Line, number: number): Checked {
  if ('overlong' in line) {
    const error = new AppError('event_too_large', `The line has ${line.bytes} bytes; the limit is ${EVENT_BYTES_MAX}.`)
    return { problem: problemOf(number, error, line.start) }
  }
  // Probe and blank lines are short; a copy of every line just to compare it would cost more than the check.
  if (line.length <= 16) {
    const text = line.toString('utf8').replace('\uFEFF', '').trim()
    if (text === '' || text === PROBE_LINE) return 'skipped'
  }
  try {
    return { event: parseEnvelope(line), line: number }
  } catch (error) {
    return { problem: problemOf(number, error, line) }
  }
}

function problemOf(line: number, error: unknown, bytes: Buffer): ImportProblem {
  const { code, message } = toErrorInfo(error)
  return {
    line,
    code,
    message,
    excerpt: bytes
      .subarray(0, EXCERPT_CHARS * 4)
      .toString('utf8')
      .slice(0, EXCERPT_CHARS),
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    throw asImportError(error)
  }
  if (!(await file.stat()).isFile()) {
    await file.close()
    throw new AppError('file_not_regular', 'This is a folder or a device, not a file.', { field: 'path' })
  }
  return file
}

function asImportError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new AppError('file_not_found', undefined, {
      field: 'path',
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EIO' || code === 'EISDIR' || code === 'ELOOP') {
    return new AppError('file_not_readable', undefined, {
      field: 'path',
      cause: error,
    })
  }
  return asStoreError(error)
}
