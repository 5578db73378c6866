import type { TokenKind } from './json-tokens'

/** One value of a JSON text. Values are never parsed: what is shown are the characters of the text. */
export interface JsonNode {
  readonly index: number
  /** Index of the object or array that holds it; -1 for the outermost. */
  readonly parent: number
  readonly depth: number
  /** The key, decoded, or the place in an array; empty for the outermost. */
  readonly name: string
  readonly inArray: boolean
  /** JSONPath, e.g. `$.payload.items[0].id`. */
  readonly path: string
  readonly kind: 'object' | 'array' | Exclude<TokenKind, 'key' | 'punctuation'>
  /** The characters of a scalar; empty for an object or array. */
  readonly text: string
  /** Where the value lies in the text: from inclusive, to exclusive. */
  readonly from: number
  readonly to: number
  readonly children: number
}

const WORD = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/g
const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** All values of a JSON text, each after the one that holds it; null when the text is not JSON. */
export function readJsonTree(text: string): readonly JsonNode[] | null {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  const nodes: Mutable<JsonNode>[] = []
  const open: Mutable<JsonNode>[] = []
  let key: string | null = null
  for (const match of text.matchAll(WORD)) {
    const [word] = match
    const from = match.index
    if (word === ',' || word === ':') continue
    if (word === '}' || word === ']') {
      open.pop()!.to = from + 1
      continue
    }
    const holder = open.at(-1)
    if (holder?.kind === 'object' && key === null) {
      key = JSON.parse(word) as string
      continue
    }
    const node: Mutable<JsonNode> = {
      index: nodes.length,
      parent: holder?.index ?? -1,
      depth: open.length,
      inArray: holder?.kind === 'array',
      ...nameOf(holder, key),
      kind: kindOf(word),
      text: word === '{' || word === '[' ? '' : word,
      from,
      to: from + word.length,
      children: 0,
    }
    if (holder) holder.children++
    nodes.push(node)
    key = null
    if (word === '{' || word === '[') open.push(node)
  }
  return nodes
}

function nameOf(holder: JsonNode | undefined, key: string | null): { name: string; path: string } {
  if (holder === undefined) return { name: '', path: '$' }
  if (key === null) return { name: String(holder.children), path: `${holder.path}[${holder.children}]` }
  return { name: key, path: PLAIN_KEY.test(key) ? `${holder.path}.${key}` : `${holder.path}[${JSON.stringify(key)}]` }
}

function kindOf(word: string): JsonNode['kind'] {
  if (word === '{') return 'object'
  if (word === '[') return 'array'
  if (word.startsWith('"')) return 'string'
  return /^[-\d]/.test(word) ? 'number' : 'literal'
}

/** The nodes that show when some are folded. */
export function unfolded(nodes: readonly JsonNode[], folded: ReadonlySet<number>): readonly JsonNode[] {
  const hidden = new Set<number>()
  return nodes.filter((node) => {
    if (node.parent >= 0 && (hidden.has(node.parent) || folded.has(node.parent))) {
      hidden.add(node.index)
      return false
    }
    return true
  })
}

/** True when a name or a scalar holds the text; small and capital letters are alike. */
export function nodeMatches(node: JsonNode, wanted: string): boolean {
  const text = wanted.toLowerCase()
  return (!node.inArray && node.name.toLowerCase().includes(text)) || node.text.toLowerCase().includes(text)
}
