/** One module that a source refers to. */
export interface ImportRef {
  /** As written; null when it is worked out at run time and cannot be known from the source. */
  readonly specifier: string | null
  /** True when the compiler takes it away: `import type`, `export type`. */
  readonly typeOnly: boolean
  /** 1-based. */
  readonly line: number
}

interface Token {
  readonly kind: 'word' | 'string' | 'template' | 'mark'
  /** Words and marks as written; strings and templates without quotes; null for a template with substitutions. */
  readonly text: string | null
  readonly line: number
}

/** After these words a slash begins a regular expression; after any other word it divides. */
const BEFORE_OPERAND = new Set(
  'return typeof case in of delete void throw new else do await yield instanceof'.split(' '),
)

/**
 * The modules that a TypeScript or JavaScript source (with or without JSX) refers to: static imports, `export … from`, dynamic
 * imports, import types, `require`, `require.resolve` and `process.getBuiltinModule`. Comments and the inside of strings
 * and regular expressions do not count. Reads tokens, not grammar: good enough for code that compiles.
 */
export function scanImports(source: string): ImportRef[] {
  const tokens = tokenize(source)
  const found: ImportRef[] = []
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word') continue
    const { line } = token
    const previous = tokens[i - 1]
    const next = tokens[i + 1]
    if (token.text === 'import' || token.text === 'export') {
      if (isMark(previous, '.')) continue
      if (token.text === 'import' && isMark(next, '(')) {
        const ref = argument(tokens, i + 1)
        if (ref !== undefined) found.push({ specifier: ref, typeOnly: false, line })
      } else if (token.text === 'import' && next?.kind === 'string') {
        found.push({ specifier: next.text, typeOnly: false, line })
      } else {
        const clause = fromClause(tokens, i + 1)
        if (clause) found.push({ ...clause, line })
      }
    } else if (token.text === 'require' || token.text === 'getBuiltinModule') {
      const resolve = isMark(next, '.') && tokens[i + 2]?.text === 'resolve'
      const open = resolve ? i + 3 : i + 1
      const ref = isMark(tokens[open], '(') ? argument(tokens, open) : undefined
      if (ref !== undefined) found.push({ specifier: ref, typeOnly: false, line })
    }
  }
  return found
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === 'mark' && token.text === text
}

/** The literal first argument of a call; null when it is not a literal; undefined for the definition of a method of that name. */
function argument(tokens: readonly Token[], open: number): string | null | undefined {
  const first = tokens[open + 1]
  const after = tokens[open + 2]
  const literal = first?.kind === 'string' || first?.kind === 'template'
  if (literal && (isMark(after, ')') || isMark(after, ','))) return first.text
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    if (isMark(tokens[i], '(')) depth++
    if (isMark(tokens[i], ')') && --depth === 0) {
      const body = tokens[i + 1]
      return isMark(body, '{') || isMark(body, ':') ? undefined : null
    }
  }
  return null
}

/** The rest of `import … from 'x'` or `export … from 'x'`; undefined when the statement has no `from`. */
function fromClause(tokens: readonly Token[], begin: number): Pick<ImportRef, 'specifier' | 'typeOnly'> | undefined {
  for (let i = begin; i < tokens.length; i++) {
    const token = tokens[i]!
    const next = tokens[i + 1]
    if (token.kind === 'word' && token.text === 'from' && next?.kind === 'string') {
      // `import type from 'x'` imports something named `type`.
      return { specifier: next.text, typeOnly: tokens[begin]!.text === 'type' && i > begin + 1 }
    }
    const mayStand = token.kind === 'word' || token.kind === 'string' || '{},*'.includes(token.text ?? ' ')
    if (!mayStand) return undefined
  }
  return undefined
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  /** For each template substitution that is open: how many braces are open inside it. */
  const substitutions: number[] = []
  let at = 0
  let line = 1
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const take = (kind: Token['kind'], raw: string, text: string | null = raw) => {
    tokens.push({ kind, text, line })
    skip(raw)
  }
  const skip = (raw: string) => {
    at += raw.length
    for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) line++
  }
  while (at < source.length) {
    const char = source[at]!
    const blank = match(/\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*/y)
    if (blank !== undefined) {
      skip(blank)
      continue
    }
    // Numbers too: a slash after one divides.
    const word = match(/[\p{ID_Continue}$#]+/uy)
    if (word !== undefined) {
      take('word', word)
      continue
    }
    // A quote without its partner on the line is text of JSX, such as an apostrophe.
    const string = match(/'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y)
    if (string !== undefined) {
      take('string', string, string.slice(1, -1))
      continue
    }
    const resumed = char === '}' && substitutions.at(-1) === 0
    if (char === '`' || resumed) {
      const part = match(/[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y)
      if (part !== undefined) {
        if (resumed) substitutions.pop()
        const opens = part.endsWith('${')
        if (opens) substitutions.push(0)
        take('template', part, opens || resumed ? null : part.slice(1, -1))
        continue
      }
    }
    if (char === '/' && operandFollows(tokens.at(-1))) {
      const regex = match(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y)
      if (regex !== undefined) {
        take('template', regex, null)
        continue
      }
    }
    const open = substitutions.length - 1
    if (open >= 0 && char === '{') substitutions[open]!++
    if (open >= 0 && char === '}') substitutions[open]!--
    take('mark', char)
  }
  return tokens
}

function operandFollows(previous: Token | undefined): boolean {
  if (previous === undefined) return true
  if (previous.kind === 'word') return BEFORE_OPERAND.has(previous.text ?? '')
  return previous.kind === 'mark' && !')]}'.includes(previous.text ?? '')
}
