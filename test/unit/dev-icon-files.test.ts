import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { icnsOf, icoOf } from '../../main/dev/icon-files.mjs'

const FOLDER = join(import.meta.dirname, '../../main/resources/icons')
const PNG = Buffer.from('\x89PNG\r\n', 'latin1')

/** Width of a PNG. */
const widthOf = (png: Buffer) => png.readUInt32BE(16)

function entriesOfIco(file: Buffer) {
  return Array.from({ length: file.readUInt16LE(4) }, (_, i) => {
    const at = 6 + i * 16
    const offset = file.readUInt32LE(at + 12)
    return { size: file.readUInt8(at) || 256, body: file.subarray(offset, offset + file.readUInt32LE(at + 8)) }
  })
}

function entriesOfIcns(file: Buffer) {
  const entries: { type: string; body: Buffer }[] = []
  for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) {
    entries.push({
      type: file.toString('latin1', at, at + 4),
      body: file.subarray(at + 8, at + file.readUInt32BE(at + 4)),
    })
  }
  return entries
}

describe('an icon file', () => {
  it('of Windows stores small images as bitmaps, upside down and blue first, and large ones as PNG', () => {
    const small = {
      size: 2,
      png: Buffer.from('-'),
      rgba: Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    }
    const large = { size: 256, png: Buffer.from('the png'), rgba: Buffer.alloc(0) }
    const [first, second] = entriesOfIco(icoOf([small, large]))
    expect(first?.size).toBe(2)
    expect([first?.body.readInt32LE(4), first?.body.readInt32LE(8)]).toEqual([2, 4])
    expect([...first!.body.subarray(40)]).toEqual([
      11,
      10,
      9,
      12,
      15,
      14,
      13,
      16,
      3,
      2,
      1,
      4,
      7,
      6,
      5,
      8,
      ...Array(8).fill(0),
    ])
    expect(second).toEqual({ size: 256, body: Buffer.from('the png') })
  })

  it('of macOS needs every size', () => {
    expect(() => icnsOf([{ size: 16, png: PNG, rgba: PNG }])).toThrow('no image of 32 pixels')
  })
})

describe("the product's icon", () => {
  it('is there in every size that Linux themes use', () => {
    const files = readdirSync(join(FOLDER, 'linux'))
    expect(files.sort()).toEqual(['16', '24', '32', '48', '64', '128', '256', '512'].map((s) => `${s}x${s}.png`).sort())
    for (const file of files) expect(widthOf(readFileSync(join(FOLDER, 'linux', file)))).toBe(Number.parseInt(file, 10))
  })

  it('is whole for Windows', () => {
    const entries = entriesOfIco(readFileSync(join(FOLDER, 'icon.ico')))
    expect(entries.map(({ size }) => size)).toEqual([16, 20, 24, 32, 40, 48, 64, 128, 256])
    for (const { size, body } of entries) {
      if (size === 256) expect(widthOf(body)).toBe(256)
      else expect(body.length).toBe(40 + size * size * 4 + Math.ceil(size / 32) * 4 * size)
    }
  })

  it('is whole for macOS', () => {
    const file = readFileSync(join(FOLDER, 'icon.icns'))
    expect(file.readUInt32BE(4)).toBe(file.length)
    const entries = entriesOfIcns(file)
    expect(entries.map(({ body }) => widthOf(body))).toEqual([16, 32, 64, 128, 256, 512, 1024, 32, 64, 256, 512])
    for (const { body } of entries) expect(body.subarray(0, PNG.length)).toEqual(PNG)
  })
})
