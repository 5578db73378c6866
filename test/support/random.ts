const HEX = Array.from({ length: 0x10000 }, (_, n) => n.toString(16).padStart(4, '0'))

/** A fast seeded random source (sfc32). The same seed gives the same values on every machine and Node version. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param seed an integer; seeds that differ by one give unrelated streams */
  constructor(seed: number) {
    // splitmix32 spreads a small seed over the whole state; sfc32 alone would start almost alike for 1 and 2.
    let state = seed | 0
    const next = () => {
      state = (state + 0x9e3779b9) | 0
      let z = state ^ (state >>> 16)
      z = Math.imul(z, 0x21f0aaad)
      z ^= z >>> 15
      z = Math.imul(z, 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    for (let i = 0; i < 12; i++) this.uint32()
  }

  /** An integer from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  /** A number from 0 (inclusive) to 1 (exclusive). */
  float(): number {
    return this.uint32() / 0x1_0000_0000
  }

  /** An integer from `min` to `max`, both inclusive. */
  int(min: number, max: number): number {
    return min + Math.floor(this.float() * (max - min + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.float() < probability
  }

  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!
  }

  /** A non-negative number, exponentially distributed around `mean`: the gaps between independent happenings. */
  exponential(mean: number): number {
    return -Math.log(1 - this.float()) * mean
  }

  /** A string of decimal digits, the first of which is not 0. */
  digits(length: number): string {
    let text = String(this.int(1, 9))
    while (text.length < length) text += this.int(0, 9)
    return text
  }

  /** A UUID of version 4 in its usual lower-case form. */
  uuid(): string {
    const a = this.uint32()
    const b = this.uint32()
    const c = this.uint32()
    const d = this.uint32()
    const version = (b & 0x0fff) | 0x4000
    const variant = ((c >>> 16) & 0x3fff) | 0x8000
    return `${HEX[a >>> 16]}${HEX[a & 0xffff]}-${HEX[b >>> 16]}-${HEX[version]}-${HEX[variant]}-${HEX[c & 0xffff]}${HEX[d >>> 16]}${HEX[d & 0xffff]}`
  }
}
