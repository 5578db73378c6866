import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Line, readLines } from '../../main/engine/sources/lines'

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** The lines as text; of an overlong one its size and the text that was kept. */
async function lines(chunks: readonly Uint8Array[], maxBytes = 1000): Promise<(string | [number, string])[]> {
  const all: Line[] = []
  for await (const some of readLines(stream(chunks), maxBytes)) all.push(...some)
  return all.map((l) => (Buffer.isBuffer(l) ? l.toString('latin1') : [l.bytes, l.start.toString('latin1')]))
}

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((to, i) => bytes.subarray(places[i], to))
}

describe('readLines', () => {
  it('gives the lines between line feeds, the last one also without', async () => {
    expect(await lines([Buffer.from('a\n\nbc\r\nd')])).toEqual(['a', '', 'bc\r', 'd'])
    expect(await lines([Buffer.from('a\n')])).toEqual(['a'])
    expect(await lines([])).toEqual([])
  })

  it('gives the same lines however the bytes are cut', async () => {
    const byte = fc.constantFrom(0x0a, 0x0d, 0x61, 0xc3, 0xa4, 0x00)
    const input = fc.array(byte, { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes))
    await fc.assert(
      fc.asyncProperty(input, fc.array(fc.nat(100)), fc.integer({ min: 1, max: 12 }), async (bytes, at, max) => {
        const texts = Buffer.from(bytes).toString('latin1').split('\n')
        if (texts.at(-1) === '') texts.pop()
        const expected = texts.map((text) => (text.length > max ? [text.length, text] : text))
        const got = await lines(cut(bytes, at), max)
        // What is kept of an overlong line is a beginning of it; how much depends on the chunks.
        const full = got.map((line, i) => {
          if (typeof line === 'string') return line
          expect(texts[i]!.startsWith(line[1])).toBe(true)
          expect(line[1].length).toBeGreaterThan(0)
          return [line[0], texts[i]]
        })
        expect(full).toEqual(expected)
      }),
    )
  })

  it('keeps only the start of an overlong line, and goes on with the next', async () => {
    const chunks = Array.from({ length: 500 }, () => Buffer.alloc(100, 'x'))
    const got = await lines([...chunks, Buffer.from('y\nnext')], 1000)
    expect(got).toEqual([[50_001, 'x'.repeat(200)], 'next'])
    expect(await lines([Buffer.from(`${'z'.repeat(1001)}\n${'z'.repeat(1000)}`)], 1000)).toEqual([
      [1001, 'z'.repeat(200)],
      'z'.repeat(1000),
    ])
  })
})
