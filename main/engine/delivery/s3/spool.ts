import { type FileHandle, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, createGzip, type Gzip } from 'node:zlib'
import { AppError } from '../../../../shared/errors'

export interface SpooledBatch {
  readonly name: string
  /** Of the compressed file: what the object will have. */
  readonly bytes: number
  readonly lines: number
}

const SUFFIX = '.gz'
const UNFINISHED = '.part'

/** A name becomes a file name. */
const NAME = /^[A-Za-z0-9_-]{1,128}$/

/** Lines that are collected before they go to the compressor. */
const BLOCK_BYTES = 64 * 1024

/** One read of a finished batch. */
const READ_BYTES = 256 * 1024

/** The end of a gzip stream and of its last block. */
const TRAILER_BYTES = 32

/**
 * Compressed batches that wait for the confirmation of their upload, as files that only this user can read. The same events would
 * not compress to the same bytes on another version of zlib, and a retried batch must be the same object byte for byte.
 */
export class Spool {
  readonly #folder: string

  /** @param folder made when the first batch is written */
  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Starts a batch. It counts, and survives a crash, from `finish` on.
   *
   * @param name letters, digits, `-` and `_`; one that exists is replaced at `finish`
   * @param maxBytes the compressed file stays within it, unless its first line alone does not
   */
  async begin(name: string, maxBytes: number): Promise<SpoolWriter> {
    const path = this.#path(name)
    return guarded(async () => {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      const file = await open(path + UNFINISHED, 'w', 0o600)
      return new SpoolWriter(name, maxBytes, file, path, this.#folder)
    })
  }

  /**
   * A finished batch, read from its first byte; every reading gives the same bytes. Fails while reading when it is not there.
   * A chunk is valid until the next one is asked for: all chunks of a reading share their memory.
   */
  async *open(name: string): AsyncGenerator<Buffer> {
    const file = await open(this.#path(name), 'r')
    try {
      const chunk = Buffer.allocUnsafeSlow(READ_BYTES)
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length)
        if (bytesRead === 0) return
        yield chunk.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }

  /** The size of a finished batch in bytes; null when there is none. */
  async size(name: string): Promise<number | null> {
    return guarded(async () => (await stat(this.#path(name))).size, { missing: null })
  }

  /** Forgets a batch whose upload is confirmed. Does nothing when it is gone already. */
  async remove(name: string): Promise<void> {
    await guarded(() => unlink(this.#path(name)), { missing: undefined })
  }

  /**
   * Removes what no batch needs: unfinished files and batches other than the named ones. For the start, before the first `begin`.
   *
   * @returns how many files were removed
   */
  async sweep(keep: ReadonlySet<string>): Promise<number> {
    const entries = await guarded(() => readdir(this.#folder), { missing: [] as string[] })
    const kept = new Set([...keep].map((name) => name + SUFFIX))
    const strays = entries.filter(
      (entry) => (entry.endsWith(SUFFIX) || entry.endsWith(SUFFIX + UNFINISHED)) && !kept.has(entry),
    )
    for (const stray of strays) await guarded(() => unlink(join(this.#folder, stray)), { missing: undefined })
    return strays.length
  }

  #path(name: string): string {
    if (!NAME.test(name)) throw new RangeError(`not a name for a batch: ${name}`)
    return join(this.#folder, name + SUFFIX)
  }
}

/**
 * One batch that is being compressed to a file. Calls must not overlap. After a failed call only `discard` is of use.
 */
export class SpoolWriter {
  readonly #name: string
  readonly #maxBytes: number
  readonly #file: FileHandle
  readonly #path: string
  readonly #folder: string
  readonly #gzip: Gzip = createGzip()
  #block: Buffer[] = []
  #blockBytes = 0
  /** Uncompressed bytes in the compressor that may not have come out yet. */
  #inside = 0
  #written = 0
  #lines = 0
  #failure: unknown = null
  #writing: Promise<void> = Promise.resolve()
  #open = true

  /** Use `Spool.begin`. */
  constructor(name: string, maxBytes: number, file: FileHandle, path: string, folder: string) {
    this.#name = name
    this.#maxBytes = maxBytes
    this.#file = file
    this.#path = path
    this.#folder = folder
    this.#gzip.on('data', (chunk: Buffer) => this.#write(chunk))
    this.#gzip.on('error', (error) => {
      this.#failure ??= error
    })
  }

  get lines(): number {
    return this.#lines
  }

  /**
   * Adds one line and its line break. False = the file could grow beyond its limit, and the line was not taken: time for `finish`.
   *
   * @param line stored bytes of an envelope, without a line break
   */
  async add(line: Buffer): Promise<boolean> {
    if (this.#lines > 0 && !this.#fits(line.length + 1)) {
      // What the compressor holds counts in full until it has come out; then there may be room again.
      await this.#flush()
      if (!this.#fits(line.length + 1)) return false
    }
    this.#block.push(line, LINE_BREAK)
    this.#blockBytes += line.length + 1
    this.#lines++
    if (this.#blockBytes >= BLOCK_BYTES) await this.#compress()
    return true
  }

  /** Completes the file; it is on disk, under its name, when this resolves. */
  async finish(): Promise<SpooledBatch> {
    return guarded(async () => {
      await this.#compress()
      await new Promise<void>((resolve, reject) => {
        this.#gzip.once('end', resolve).once('error', reject)
        this.#gzip.end()
      })
      await this.#drained()
      await this.#file.sync()
      await this.#close()
      await rename(this.#path + UNFINISHED, this.#path)
      await syncFolder(this.#folder)
      return { name: this.#name, bytes: this.#written, lines: this.#lines }
    })
  }

  /** Gives the batch up and removes its file. */
  async discard(): Promise<void> {
    this.#gzip.destroy()
    await this.#writing.catch(() => {})
    await this.#close()
    await guarded(() => unlink(this.#path + UNFINISHED), { missing: undefined })
  }

  #fits(bytes: number): boolean {
    const pending = this.#inside + this.#blockBytes + bytes
    return this.#written + grown(pending) + TRAILER_BYTES <= this.#maxBytes
  }

  /** Hands the collected lines to the compressor. */
  async #compress(): Promise<void> {
    if (this.#blockBytes === 0) return
    const block = Buffer.concat(this.#block, this.#blockBytes)
    this.#block = []
    this.#blockBytes = 0
    this.#inside += block.length
    await guarded(async () => {
      await new Promise<void>((resolve, reject) => {
        this.#gzip.write(block, (error) => (error ? reject(error) : resolve()))
      })
      await this.#drained()
    })
  }

  /** Brings everything out of the compressor, which costs a few bytes. */
  async #flush(): Promise<void> {
    await this.#compress()
    if (this.#inside === 0) return
    await guarded(async () => {
      await new Promise<void>((resolve) => this.#gzip.flush(constants.Z_SYNC_FLUSH, resolve))
      await this.#drained()
    })
    this.#inside = 0
  }

  #write(chunk: Buffer): void {
    this.#written += chunk.length
    this.#writing = this.#writing.then(() => writeAll(this.#file, chunk))
    this.#writing.catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  /** Waits until the file has what came out, so that memory stays small, and throws what went wrong so far. */
  async #drained(): Promise<void> {
    await this.#writing
    if (this.#failure !== null) throw this.#failure
  }

  async #close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#file.close()
  }
}

const LINE_BREAK = Buffer.from('\n')

/** Most that deflate makes of so many bytes: stored blocks of at least 16 KiB with 5 bytes each, and the end of a flush. */
function grown(bytes: number): number {
  return bytes + 5 * (Math.floor(bytes / 16_384) + 1) + 16
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
}

/** Makes a rename durable. Windows cannot open a folder, and its file system keeps the order by itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Runs a piece of work with files; its failure becomes an AppError, or the given value when the file is missing. */
async function guarded<T>(work: () => Promise<T>, fallback?: { readonly missing: T }): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT' && fallback) return fallback.missing
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
      throw new AppError('store_full', undefined, { cause: error })
    const sentence = `A file in the folder of unconfirmed batches could not be used (${code}).`
    throw new AppError('store_failed', sentence, { cause: error })
  }
}
