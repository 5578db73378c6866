/** Bytes of a piece: much less than a part, so that little is copied twice. */
const PIECE_BYTES = 512 * 1024

/**
 * The memory of one multipart upload. Left to the garbage collector, it would be as large as the batch: V8 lets about 64 MB of buffers
 * pile up before it looks at them. So the pieces in which the source is handed to lib-storage are used again, and the parts that it
 * makes of them are freed as soon as they are sent.
 *
 * What is relied on: lib-storage makes parts of the pieces in order, and has no use for the bytes of a part once it has handed that
 * part and the next one over. Were that to change, a freed part would be missing from the object, and the comparison of sizes would tell.
 */
export class PartMemory {
  readonly #partBytes: number
  #free: Buffer[] = []
  /** Pieces that may not have become part of a part yet, oldest first. */
  readonly #lent: { readonly piece: Buffer; readonly end: number }[] = []
  readonly #lentMemory = new Set<ArrayBufferLike>()
  /** Parts that were handed over and not freed. */
  readonly #parts = new Map<number, { readonly memory: ArrayBufferLike; sent: boolean }>()
  /** All parts up to this number were handed over. */
  #handedUpTo = 0
  readonly #handedBeyond = new Set<number>()
  #ended = false
  #wake: () => void = () => {}

  constructor(partBytes: number) {
    this.#partBytes = partBytes
  }

  /**
   * The bytes of a source in pieces of this memory. Every chunk is copied before the next one is asked for, so a source may use its
   * own memory again.
   */
  async *pieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let piece = this.#take()
    let filled = 0
    let end = 0
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; ) {
        const copied = chunk.copy(piece, filled, at)
        at += copied
        filled += copied
        if (filled < piece.length) continue
        end += filled
        this.#lent.push({ piece, end })
        yield piece
        // Lib-storage makes parts ahead of the answer that lets it send the first one.
        while (end > (this.#handedUpTo + 1) * this.#partBytes) await this.#nextHanded()
        piece = this.#take()
        filled = 0
      }
    }
    if (filled > 0) yield piece.subarray(0, filled)
  }

  /** Lib-storage sends this part now; numbers begin at 1. */
  handed(number: number, body: Uint8Array): void {
    // A part that is a piece itself must keep it.
    const own = !this.#lentMemory.has(body.buffer) && body.buffer.byteLength >= this.#partBytes
    if (own) this.#parts.set(number, { memory: body.buffer, sent: false })
    else if (this.#lentMemory.has(body.buffer)) this.#keepAll()
    this.#handedBeyond.add(number)
    while (this.#handedBeyond.delete(this.#handedUpTo + 1)) this.#handedUpTo++
    while (this.#lent.length > 0 && this.#lent[0]!.end <= this.#handedUpTo * this.#partBytes) {
      this.#free.push(this.#lent.shift()!.piece)
    }
    this.#freeSent()
    this.#wake()
  }

  /** Nothing more is handed over; who waits for a piece gets an error. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The server has confirmed this part. */
  sent(number: number): void {
    const part = this.#parts.get(number)
    if (part) part.sent = true
    this.#freeSent()
  }

  async #nextHanded(): Promise<void> {
    if (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#ended) throw new Error('The upload has ended.')
  }

  #take(): Buffer {
    const piece = this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#lentMemory.add(piece.buffer)
    return piece
  }

  #keepAll(): void {
    this.#lent.length = 0
    this.#free = []
  }

  /** The end of a part's memory is the beginning of the next one until that is handed over. */
  #freeSent(): void {
    for (const [number, part] of this.#parts) {
      if (!part.sent || number >= this.#handedUpTo) continue
      this.#parts.delete(number)
      release(part.memory)
    }
  }
}

/** Frees the memory at once. Node 20 cannot, and leaves it to the garbage collector. */
function release(memory: ArrayBufferLike): void {
  const { transfer } = memory as { transfer?: (bytes: number) => ArrayBuffer }
  transfer?.call(memory, 0)
}
