// The icon files of Windows and macOS, written from drawn images.

/**
 * @typedef {object} Image a square image
 * @property {number} size pixels along an edge
 * @property {Buffer} png
 * @property {Buffer} rgba the pixels, row by row from the top, four bytes each
 */

/**
 * A Windows icon. Up to 128 pixels an image is stored as a bitmap, which every reader of such files understands; larger ones as PNG.
 * @param {Image[]} images up to 256 pixels
 */
export function icoOf(images) {
  const bodies = images.map((image) => (image.size > 128 ? image.png : bitmapOf(image)))
  const header = Buffer.alloc(6 + images.length * 16)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(images.length, 4)
  let offset = header.length
  images.forEach(({ size }, i) => {
    const at = 6 + i * 16
    const body = /** @type {Buffer} */ (bodies[i])
    // One byte each: 0 stands for 256.
    header.writeUInt8(size % 256, at)
    header.writeUInt8(size % 256, at + 1)
    header.writeUInt16LE(1, at + 4)
    header.writeUInt16LE(32, at + 6)
    header.writeUInt32LE(body.length, at + 8)
    header.writeUInt32LE(offset, at + 12)
    offset += body.length
  })
  return Buffer.concat([header, ...bodies])
}

/** BITMAPINFOHEADER, pixels from the bottom row up as BGRA, and an empty mask. @param {Image} image */
function bitmapOf({ size, rgba }) {
  const header = Buffer.alloc(40)
  header.writeUInt32LE(40, 0)
  header.writeInt32LE(size, 4)
  // The height counts the mask too.
  header.writeInt32LE(size * 2, 8)
  header.writeUInt16LE(1, 12)
  header.writeUInt16LE(32, 14)
  header.writeUInt32LE(size * size * 4, 20)
  const rows = Array.from({ length: size }, (_, y) => rgba.subarray(y * size * 4, (y + 1) * size * 4)).reverse()
  const pixels = Buffer.concat(rows)
  for (let i = 0; i < pixels.length; i += 4) {
    const red = pixels.readUInt8(i)
    pixels.writeUInt8(pixels.readUInt8(i + 2), i)
    pixels.writeUInt8(red, i + 2)
  }
  const maskRow = Math.ceil(size / 32) * 4
  return Buffer.concat([header, pixels, Buffer.alloc(maskRow * size)])
}

/** The PNG types of an Apple icon and the sizes they hold; the second of a size is the one for dense displays. */
const ICNS_TYPES = new Map([
  ['icp4', 16],
  ['icp5', 32],
  ['icp6', 64],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
])

/** An Apple icon. @param {Image[]} images of 16 to 1,024 pixels, all powers of two */
export function icnsOf(images) {
  const entries = [...ICNS_TYPES].map(([type, size]) => {
    const image = images.find((candidate) => candidate.size === size)
    if (image === undefined) throw new Error(`there is no image of ${size} pixels`)
    return chunk(type, image.png)
  })
  return chunk('icns', Buffer.concat(entries))
}

/** @param {string} type @param {Buffer} body */
function chunk(type, body) {
  const head = Buffer.alloc(8)
  head.write(type, 'latin1')
  head.writeUInt32BE(body.length + 8, 4)
  return Buffer.concat([head, body])
}
