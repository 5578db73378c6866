/** A line longer than the limit: only its start is kept, so that no file can fill the memory. */
export interface OverlongLine {
  readonly overlong: true
  readonly start: Buffer
  /** Bytes of the whole line. */
  readonly bytes: number
}

export type Line = Buffer | OverlongLine

const LF = 0x0a
const START_KEPT = 200

/**
 * Cuts a stream of chunks into lines at LF. Memory is bounded by one chunk plus one line of `maxBytes`.
 *
 * Yields the lines of each chunk together, since an async step per line would cost more than the line. A last line without
 * LF counts; the lines share the memory of the chunk that they came from.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line[]> {
  let parts: Buffer[] = []
  let pending = 0
  let overlong: { start: Buffer; bytes: number } | null = null

  const finish = (tail: Buffer): Line => {
    if (overlong) {
      const line: OverlongLine = {
        overlong: true,
        start: overlong.start,
        bytes: overlong.bytes + tail.length,
      }
      overlong = null
      return line
    }
    const line = pending === 0 ? tail : Buffer.concat([...parts, tail])
    parts = []
    pending = 0
    return line.length > maxBytes
      ? {
          overlong: true,
          start: line.subarray(0, START_KEPT),
          bytes: line.length,
        }
      : line
  }

  for await (const chunk of chunks) {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      lines.push(finish(chunk.subarray(from, at)))
      from = at + 1
    }
    const rest = chunk.subarray(from)
    if (rest.length > 0) {
      if (overlong) overlong.bytes += rest.length
      else {
        parts.push(rest)
        pending += rest.length
        if (pending > maxBytes) {
          overlong = {
            start: Buffer.concat(parts).subarray(0, START_KEPT),
            bytes: pending,
          }
          parts = []
          pending = 0
        }
      }
    }
    if (lines.length > 0) yield lines
  }
  if (pending > 0 || overlong) yield [finish(Buffer.alloc(0))]
}
