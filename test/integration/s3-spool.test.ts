import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Spool } from '../../main/engine/delivery/s3/spool'
import { Random } from '../support/random'
import { tempDir } from '../support/temp-dir'

const GENEROUS = 50 * 1024 * 1024

async function read(spool: Spool, name: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of spool.open(name)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Adds lines until the batch is full. @returns the lines that it took */
async function fill(spool: Spool, name: string, lines: readonly Buffer[], maxBytes = GENEROUS) {
  const writer = await spool.begin(name, maxBytes)
  let taken = 0
  while (taken < lines.length && (await writer.add(lines[taken]!))) taken++
  return { batch: await writer.finish(), taken }
}

function envelope(random: Random, n: number, size: number): Buffer {
  const noise = Array.from({ length: size / 8 }, () => random.uint32().toString(16)).join('')
  return Buffer.from(`{"tenant":"acme","name":"order.created","payload":{"id":${n},"noise":"${noise}"}}`)
}

describe('the spool of compressed batches', () => {
  it('gives back the lines, the same bytes each time, and their exact size', async () => {
    const folder = join(tempDir(), 'spool')
    const spool = new Spool(folder)
    const random = new Random(1)
    const lines = Array.from({ length: 500 }, (_, n) => envelope(random, n, 2000))
    const { batch, taken } = await fill(spool, 'batch-1', lines)
    expect(taken).toBe(500)
    expect(batch.lines).toBe(500)
    const first = await read(spool, 'batch-1')
    expect(first.length).toBe(batch.bytes)
    expect(await spool.size('batch-1')).toBe(batch.bytes)
    expect((await read(new Spool(folder), 'batch-1')).equals(first)).toBe(true)
    expect(gunzipSync(first).toString()).toBe(lines.map((line) => `${line}\n`).join(''))
  })

  it.skipIf(process.platform === 'win32')('is for its owner only', async () => {
    const folder = join(tempDir(), 'spool')
    const before = process.umask(0)
    onTestFinished(() => void process.umask(before))
    await fill(new Spool(folder), 'batch', [Buffer.from('{}')])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'batch.gz')).mode & 0o777).toBe(0o600)
  })

  it('shows nothing of a batch that is not finished, and forgets one that is given up', async () => {
    const folder = tempDir()
    const spool = new Spool(folder)
    const writer = await spool.begin('batch', GENEROUS)
    await writer.add(Buffer.from('{}'))
    expect(await spool.size('batch')).toBeNull()
    await writer.discard()
    expect(readdirSync(folder)).toEqual([])
  })

  it('replaces a batch only when the new one is finished', async () => {
    const spool = new Spool(tempDir())
    await fill(spool, 'batch', [Buffer.from('old')])
    const writer = await spool.begin('batch', GENEROUS)
    await writer.add(Buffer.from('new'))
    expect(gunzipSync(await read(spool, 'batch')).toString()).toBe('old\n')
    await writer.finish()
    expect(gunzipSync(await read(spool, 'batch')).toString()).toBe('new\n')
  })

  it('sweeps what a crash left behind and keeps what is still needed', async () => {
    const folder = tempDir()
    const spool = new Spool(folder)
    for (const name of ['needed', 'confirmed', 'older']) await fill(spool, name, [Buffer.from(name)])
    const interrupted = await spool.begin('interrupted', GENEROUS)
    await interrupted.add(Buffer.from('{}'))
    writeFileSync(join(folder, 'notes.txt'), 'not ours')
    await spool.remove('confirmed')
    await spool.remove('confirmed')
    expect(await spool.sweep(new Set(['needed', 'never-written']))).toBe(2)
    expect(readdirSync(folder).sort()).toEqual(['needed.gz', 'notes.txt'])
    await interrupted.discard()
    expect(await new Spool(join(folder, 'never-made')).sweep(new Set())).toBe(0)
  })

  it('fails while reading a batch that is gone', async () => {
    await expect(read(new Spool(tempDir()), 'gone')).rejects.toThrow('ENOENT')
  })

  it.each(['', '../x', 'a/b', 'a.b', 'x'.repeat(129)])('refuses the name %j', async (name) => {
    const spool = new Spool(tempDir())
    await expect(spool.begin(name, 1)).rejects.toThrow(RangeError)
  })

  it('never grows beyond its limit, and is filled up to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2_000, max: 400_000 }),
        fc.constantFrom(0, 100, 3_000, 90_000),
        fc.boolean(),
        fc.integer(),
        async (maxBytes, size, noisy, seed) => {
          const random = new Random(seed)
          const line = () => (noisy ? envelope(random, random.uint32(), size) : Buffer.alloc(size + 60, 'a'))
          const folder = tempDir()
          const spool = new Spool(folder)
          const writer = await spool.begin('batch', maxBytes)
          let last = line()
          // Lines that compress to almost nothing would take long to fill a file.
          for (let n = 0; n < 3_000 && (await writer.add(last)); n++) last = line()
          const full = writer.lines < 3_000
          const { bytes, lines } = await writer.finish()
          expect(statSync(join(folder, 'batch.gz')).size).toBe(bytes)
          if (lines > 1) expect(bytes).toBeLessThanOrEqual(maxBytes)
          // What is left is less than the refused line, its overhead and what the compressor had to keep free.
          if (full && lines > 1) expect(bytes + last.length + 200 + last.length / 1000).toBeGreaterThan(maxBytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('takes one line that alone is larger than the limit', async () => {
    const random = new Random(3)
    const lines = [envelope(random, 1, 50_000), envelope(random, 2, 10)]
    const { batch, taken } = await fill(new Spool(tempDir()), 'batch', lines, 1_000)
    expect(taken).toBe(1)
    expect(batch.bytes).toBeGreaterThan(1_000)
  })
})

/** Containers may keep even root from it. */
function mountable(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'event-stream-console-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', ['--lazy', folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('a disk that is full', () => {
  const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountable()

  it.skipIf(!canMount)('is told as store_full, and the batch can be given up', async () => {
    const folder = tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
    onTestFinished(() => void execFileSync('umount', ['--lazy', folder]))
    const spool = new Spool(folder)
    const random = new Random(4)
    const writer = await spool.begin('batch', GENEROUS)
    const filling = async () => {
      for (let n = 0; n < 500; n++) await writer.add(envelope(random, n, 8_000))
      await writer.finish()
    }
    await expect(filling()).rejects.toMatchObject({ name: 'AppError', code: 'store_full' })
    await writer.discard()
    expect(readdirSync(folder)).toEqual([])
    await fill(spool, 'batch', [Buffer.from('{}')])
    expect(gunzipSync(await read(spool, 'batch')).toString()).toBe('{}\n')
  })

  it('is not what a missing folder is', async () => {
    const parent = tempDir()
    writeFileSync(join(parent, 'file'), '')
    const spool = new Spool(join(parent, 'file', 'spool'))
    await expect(spool.begin('batch', GENEROUS)).rejects.toMatchObject({ name: 'AppError', code: 'store_failed' })
  })
})
