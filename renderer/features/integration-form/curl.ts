/** What a cURL command asks for. */
export interface CurlCommand {
  readonly url: string | null
  /** Null = not given. */
  readonly method: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
  /** Parts of the command that change what it does and that were not read, as they stand. */
  readonly ignored: readonly string[]
}

/** True for a text that is a cURL command. */
export function looksLikeCurl(text: string): boolean {
  return /^\s*(\$\s+)?curl(\.exe)?\s/.test(text)
}

const BODY = new Set(['-d', '--data', '--data-raw', '--data-binary', '--data-ascii', '--json'])

/** Options that neither change the request nor take a value. */
const SILENT = new Set([
  '-s',
  '--silent',
  '-S',
  '--show-error',
  '-v',
  '--verbose',
  '-i',
  '--include',
  '-f',
  '--fail',
  '-g',
  '--globoff',
  '-N',
  '--no-buffer',
  '--compressed',
  '--http1.1',
  '--http2',
])

/** Options with a value that the request of a delivery cannot have or need. */
const WITH_VALUE = new Set([
  '-u',
  '--user',
  '-A',
  '--user-agent',
  '-b',
  '--cookie',
  '-e',
  '--referer',
  '-F',
  '--form',
  '-T',
  '--upload-file',
  '-x',
  '--proxy',
  '-E',
  '--cert',
  '--key',
  '--cacert',
  '--data-urlencode',
  '--resolve',
  '-m',
  '--max-time',
  '--connect-timeout',
  '--retry',
  '-o',
  '--output',
  '-w',
  '--write-out',
])

/** Reads a cURL command as a shell would take it apart; null when it is none or a quote is not closed. */
export function parseCurl(text: string): CurlCommand | null {
  if (!looksLikeCurl(text)) return null
  const words = shellWords(text.replace(/^\s*\$\s+/, ''))
  if (words === null) return null
  let url: string | null = null
  let method: string | null = null
  let body: string | null = null
  const headers: [string, string][] = []
  const ignored: string[] = []
  const rest = words.slice(1).flatMap(flagsOf)
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    let name = word
    let given: string | undefined
    if (/^--[a-z][a-z0-9.-]*=/.test(word)) {
      given = word.slice(word.indexOf('=') + 1)
      name = word.slice(0, word.indexOf('='))
    } else if (/^-[XHduAbeFTxEmow]./.test(word)) {
      given = word.slice(2)
      name = word.slice(0, 2)
    }
    const value = () => given ?? rest.shift() ?? ''
    if (name === '-X' || name === '--request') method = value()
    else if (name === '--url') url = value()
    else if (name === '-H' || name === '--header') {
      const header = value()
      const colon = header.indexOf(':')
      if (colon > 0) headers.push([header.slice(0, colon).trim(), header.slice(colon + 1).trim()])
      else ignored.push(`-H '${header}'`)
    } else if (name === '--oauth2-bearer') headers.push(['Authorization', `Bearer ${value()}`])
    else if (BODY.has(name)) body = body === null ? value() : `${body}&${value()}`
    else if (SILENT.has(name)) continue
    else if (WITH_VALUE.has(name)) {
      value()
      // The value may be a password.
      ignored.push(name)
    } else if (name.startsWith('-') && name !== '-') ignored.push(name)
    else if (url === null) url = name
    else ignored.push(name)
  }
  return { url, method, headers, body, ignored }
}

/** `-sSL` as `-s`, `-S`, `-L`, where none of the letters takes a value. */
function flagsOf(word: string): string[] {
  const flags = [...word.slice(1)].map((letter) => `-${letter}`)
  const together =
    /^-[a-zA-Z]{2,}$/.test(word) && flags.every((flag) => SILENT.has(flag) || flag === '-k' || flag === '-L')
  return together ? flags : [word]
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/** The words of one command of a POSIX shell, with line continuations of the Windows command line; null when a quote stays open. */
function shellWords(text: string): string[] | null {
  const words: string[] = []
  let word: string | null = null
  let quote: "'" | '"' | "$'" | null = null
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    const next = text[i + 1]
    if (quote === "'") {
      if (c === "'") quote = null
      else word += c
    } else if (quote === "$'") {
      if (c === "'") quote = null
      else if (c === '\\' && next !== undefined) {
        const code = /^u([0-9a-fA-F]{4})|^x([0-9a-fA-F]{2})/.exec(text.slice(i + 1))
        word += code ? String.fromCharCode(Number.parseInt(code[1] ?? code[2]!, 16)) : (ESCAPES[next] ?? next)
        i += code ? code[0].length : 1
      } else word += c
    } else if (quote === '"') {
      if (c === '"') quote = null
      else if (c === '\\' && next !== undefined && '"\\$`\n'.includes(next)) {
        if (next !== '\n') word += next
        i++
      } else word += c
    } else if ((c === '\\' || c === '^') && (next === '\n' || (next === '\r' && text[i + 2] === '\n'))) {
      i += next === '\r' ? 2 : 1
    } else if (c === '\\' && next !== undefined) {
      word = (word ?? '') + next
      i++
    } else if (c === '$' && next === "'") {
      word ??= ''
      quote = "$'"
      i++
    } else if (c === "'" || c === '"') {
      word ??= ''
      quote = c
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word)
      word = null
    } else if (c === '|' || c === ';' || c === '&' || c === '>') {
      // The command ends here; what follows is for the shell.
      break
    } else word = (word ?? '') + c
  }
  if (quote !== null) return null
  if (word !== null) words.push(word)
  return words
}
