import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface AsarFile {
  readonly path: string
  readonly unpacked: boolean
  readonly bytes: Buffer
  /** SHA-256 that the archive's header gives, of the whole file and of its blocks; null where it gives none. */
  readonly integrity: { readonly hash: string; readonly blockSize: number; readonly blocks: readonly string[] } | null
}

interface Node {
  readonly files?: Readonly<Record<string, Node>>
  readonly size?: number
  readonly offset?: string
  readonly unpacked?: boolean
  readonly link?: string
  readonly integrity?: { algorithm: string; hash: string; blockSize: number; blocks: string[] }
}

/** Reads an archive by its format: two sizes, the header as JSON, then the contents. Source: the README of electron/asar. */
export function readAsar(archive: string): AsarFile[] {
  const all = readFileSync(archive)
  const headerSize = all.readUInt32LE(4)
  const header = JSON.parse(all.toString('utf8', 16, 16 + all.readUInt32LE(12))) as Node
  const start = 8 + headerSize
  const walk = (node: Node, path: string): AsarFile[] =>
    Object.entries(node.files ?? {}).flatMap(([name, child]) => {
      const at = path === '' ? name : `${path}/${name}`
      if (child.files) return walk(child, at)
      if (child.link !== undefined) throw new Error(`${at} is a link`)
      const offset = start + Number(child.offset ?? 0)
      const unpacked = child.unpacked === true
      const bytes = unpacked
        ? readFileSync(join(`${archive}.unpacked`, at))
        : all.subarray(offset, offset + (child.size ?? 0))
      return [{ path: at, unpacked, bytes, integrity: child.integrity ?? null }]
    })
  return walk(header, '')
}

/** Whether the contents of a file are those that the header vouches for. */
export function isIntact({ bytes, integrity }: AsarFile): boolean {
  if (integrity === null) return false
  const sha256 = (part: Buffer) => createHash('sha256').update(part).digest('hex')
  const blocks: string[] = []
  for (let at = 0; at < bytes.length; at += integrity.blockSize) {
    blocks.push(sha256(bytes.subarray(at, at + integrity.blockSize)))
  }
  // An empty file has one empty block.
  if (bytes.length === 0) blocks.push(sha256(bytes))
  return sha256(bytes) === integrity.hash && blocks.join() === integrity.blocks.join()
}
