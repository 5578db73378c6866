import { describe, expect, it } from 'vitest'
import { PartMemory } from '../../main/engine/delivery/s3/part-memory'

const MB = 1024 * 1024
const PART = 5 * MB

async function* source(parts: number): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(100_000)
  for (let at = 0; at < parts * PART; at += chunk.length) yield chunk.fill(at / chunk.length)
}

const body = () => new Uint8Array(new ArrayBuffer(PART + 7), 0, PART)
const isFreed = (part: Uint8Array) => part.byteLength === 0

describe('the memory of a multipart upload', () => {
  it('waits for the hand-over of a part before it goes far beyond it, and uses its pieces again', async () => {
    const memory = new PartMemory(PART)
    const seen = new Set<ArrayBufferLike>()
    let bytes = 0
    let handed = 0
    const reading = (async () => {
      for await (const piece of memory.pieces(source(6))) {
        seen.add(piece.buffer)
        bytes += piece.length
        expect(bytes).toBeLessThanOrEqual((handed + 1) * PART + MB)
        if (bytes > (handed + 1) * PART) {
          // Later than the piece is taken, as lib-storage does while it waits for an upload to begin.
          setImmediate(() => memory.handed(++handed, body()))
        }
      }
    })()
    await reading
    expect(bytes).toBeGreaterThanOrEqual(6 * PART)
    expect(seen.size).toBeLessThanOrEqual(Math.ceil((PART + 2 * MB) / (MB / 2)))
  })

  it('frees a part when it is sent and the next one is handed over, in whatever order', () => {
    const memory = new PartMemory(PART)
    const [one, two, three] = [body(), body(), body()]
    memory.handed(1, one)
    memory.sent(1)
    expect(isFreed(one)).toBe(false)
    memory.handed(3, three)
    memory.sent(3)
    expect(isFreed(one)).toBe(false)
    memory.handed(2, two)
    expect([one, two, three].map(isFreed)).toEqual([true, false, false])
    memory.sent(2)
    expect([one, two, three].map(isFreed)).toEqual([true, true, false])
  })

  it('never frees memory that is not a part’s own', async () => {
    const memory = new PartMemory(PART)
    const pieces: Buffer[] = []
    for await (const piece of memory.pieces(source(0.5))) pieces.push(piece)
    const [piece] = pieces
    memory.handed(1, piece!)
    memory.handed(2, Buffer.from('pooled'))
    memory.handed(3, body())
    memory.sent(1)
    memory.sent(2)
    expect(piece!.length).toBe(MB / 2)
    expect(Buffer.from('pool again').toString()).toBe('pool again')
  })

  it('tells who waits that the upload has ended', async () => {
    const memory = new PartMemory(PART)
    const reading = (async () => {
      for await (const _ of memory.pieces(source(3))) {
        // Nothing is handed over.
      }
    })()
    setImmediate(() => memory.end())
    await expect(reading).rejects.toThrow('The upload has ended.')
  })
})
