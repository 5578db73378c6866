export type TokenKind = 'key' | 'string' | 'number' | 'literal' | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

export interface JsonLine {
  readonly depth: number
  readonly tokens: readonly Token[]
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/gy

/**
 * Sets a JSON text out in lines by its tokens, never by its values: numbers keep their digits, keys their order and number.
 * Null when the text is not JSON; then it can only be shown as it is.
 */
export function layOutJson(text: string): readonly JsonLine[] | null {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  const words = text.match(TOKEN)?.filter((word) => word.trim() !== '') ?? []
  const lines: JsonLine[] = []
  let depth = 0
  let tokens: Token[] = []
  const endLine = () => {
    if (tokens.length > 0) lines.push({ depth, tokens })
    tokens = []
  }
  words.forEach((word, i) => {
    const next = words[i + 1]
    if (word === '{' || word === '[') {
      tokens.push({ kind: 'punctuation', text: word })
      if (next === '}' || next === ']') return
      endLine()
      depth++
    } else if (word === '}' || word === ']') {
      const empty = words[i - 1] === '{' || words[i - 1] === '['
      if (!empty) {
        endLine()
        depth--
      }
      tokens.push({ kind: 'punctuation', text: word })
    } else if (word === ',') {
      tokens.push({ kind: 'punctuation', text: ',' })
      endLine()
    } else if (word === ':') {
      tokens.push({ kind: 'punctuation', text: ': ' })
    } else {
      tokens.push({ kind: kindOf(word, next), text: word })
    }
  })
  endLine()
  return lines
}

function kindOf(word: string, next: string | undefined): TokenKind {
  if (word.startsWith('"')) return next === ':' ? 'key' : 'string'
  return /^[-\d]/.test(word) ? 'number' : 'literal'
}
