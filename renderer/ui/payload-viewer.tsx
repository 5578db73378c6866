import { ChevronDown, ChevronUp } from 'lucide-react'
import { Fragment, type KeyboardEvent, useMemo, useState } from 'react'
import { Button, IconButton } from './button'
import { CopyButton } from './copy-button'
import { cx } from './cx'
import { countOf, formatBytes, formatNumber } from './format'
import { type JsonLine, layOutJson } from './json-tokens'
import { nodeMatches, readJsonTree, unfolded } from './json-tree'
import { JsonTreeView } from './json-tree-view'
import styles from './payload-viewer.module.css'
import { Segmented } from './radio'
import { SearchField } from './search-field'

interface Props {
  readonly title: string
  readonly text: string
}

type Mode = 'tree' | 'text' | 'raw'

const ROWS_FIRST = 400
const CHARS_FIRST = 20_000
const LINES_PER_BLOCK = 200

/**
 * Shows a body as a tree, set out in lines or as it is, and finds text in it. Text only: nothing in a payload is ever interpreted
 * as markup or as a link.
 */
export function PayloadViewer({ title, text }: Props) {
  const lines = useMemo(() => layOutJson(text), [text])
  const nodes = useMemo(() => readJsonTree(text), [text])
  const [chosen, setChosen] = useState<Mode>('tree')
  const [whole, setWhole] = useState<string | null>(null)
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set())
  const [current, setCurrent] = useState(0)
  const [search, setSearch] = useState('')
  const [match, setMatch] = useState(0)
  const mode: Mode = lines === null || nodes === null ? 'raw' : chosen

  const found = useMemo(
    () => (search === '' ? [] : matchesOf(mode, search, text, lines, nodes)),
    [mode, search, text, lines, nodes],
  )
  const at = found.length === 0 ? -1 : Math.min(match, found.length - 1)
  const showAll = whole === text || search !== ''
  const shown = nodes === null || mode !== 'tree' ? [] : search === '' ? unfolded(nodes, folded) : nodes
  const total = mode === 'tree' ? shown.length : mode === 'text' ? lines!.length : text.length
  const limit = mode === 'raw' ? CHARS_FIRST : ROWS_FIRST
  const cut = !showAll && total > limit
  const unit = mode === 'raw' ? 'character' : 'line'

  const step = (by: number) => {
    if (found.length === 0) return
    const next = (at + by + found.length) % found.length
    setMatch(next)
    if (mode === 'tree') setCurrent(found[next]!)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || search === '') return
    step(event.shiftKey ? -1 : 1)
  }
  return (
    <section className={styles.viewer} aria-label={title}>
      <header className={styles.header}>
        <h3 className={styles.title}>{title}</h3>
        <span className={styles.size}>{formatBytes(new Blob([text]).size)}</span>
        <span className={styles.tools}>
          {lines !== null && (
            <Segmented
              label={`${title} view`}
              value={mode}
              onChange={setChosen}
              options={[
                { value: 'tree', label: 'Tree' },
                { value: 'text', label: 'Text' },
                { value: 'raw', label: 'Raw' },
              ]}
            />
          )}
          <CopyButton label={`Copy ${title.toLowerCase()}`} text={text} worded />
        </span>
      </header>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Enter in the field steps through what it found */}
      <div className={styles.find} onKeyDown={onKeyDown}>
        <SearchField
          label={`Find in ${title.toLowerCase()}`}
          value={search}
          delayMs={120}
          className={styles.findField}
          onChange={(value) => {
            if (value === search) return
            setSearch(value)
            setMatch(0)
            const first = value === '' ? undefined : matchesOf(mode, value, text, lines, nodes)[0]
            if (mode === 'tree' && first !== undefined) setCurrent(first)
          }}
        />
        <span role="status" className={styles.count}>
          {search === ''
            ? ''
            : found.length === 0
              ? 'Nothing found'
              : `${formatNumber(at + 1)} of ${formatNumber(found.length)}`}
        </span>
        {found.length > 1 && (
          <>
            <IconButton label="Previous match" onClick={() => step(-1)}>
              <ChevronUp size={14} aria-hidden="true" />
            </IconButton>
            <IconButton label="Next match" onClick={() => step(1)}>
              <ChevronDown size={14} aria-hidden="true" />
            </IconButton>
          </>
        )}
      </div>
      {mode === 'tree' ? (
        <JsonTreeView
          label={title}
          text={text}
          nodes={cut ? shown.slice(0, ROWS_FIRST) : shown}
          folded={search === '' ? folded : NONE}
          matches={new Set(found)}
          current={current}
          onCurrent={setCurrent}
          onFold={(index, fold) =>
            setFolded((before) => {
              const after = new Set(before)
              if (fold) after.add(index)
              else after.delete(index)
              return after
            })
          }
        />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
        <pre className={styles.text} tabIndex={0}>
          {mode === 'text' ? (
            <Lines lines={cut ? lines!.slice(0, ROWS_FIRST) : lines!} matches={new Set(found)} current={found[at]} />
          ) : (
            <Marked text={cut ? text.slice(0, CHARS_FIRST) : text} at={found} length={search.length} current={at} />
          )}
        </pre>
      )}
      {cut && (
        <div className={styles.more}>
          <span>First {countOf(limit, unit)}</span>
          <Button small onClick={() => setWhole(text)}>
            Show all {countOf(total, unit)}
          </Button>
        </div>
      )}
    </section>
  )
}

const NONE: ReadonlySet<number> = new Set()

/** What a search finds: nodes of a tree, lines of a text, places of characters in a raw text. */
function matchesOf(
  mode: Mode,
  search: string,
  text: string,
  lines: readonly JsonLine[] | null,
  nodes: ReturnType<typeof readJsonTree>,
): number[] {
  const wanted = search.toLowerCase()
  if (mode === 'tree') return nodes!.filter((node) => nodeMatches(node, wanted)).map((node) => node.index)
  if (mode === 'text') {
    return lines!.flatMap(({ tokens }, i) => {
      const line = tokens.map((token) => token.text).join('')
      return line.toLowerCase().includes(wanted) ? [i] : []
    })
  }
  const places: number[] = []
  const all = text.toLowerCase()
  for (let i = all.indexOf(wanted); i >= 0; i = all.indexOf(wanted, i + wanted.length)) places.push(i)
  return places
}

interface MarkedProps {
  readonly text: string
  readonly at: readonly number[]
  readonly length: number
  readonly current: number
}

function Marked({ text, at, length, current }: MarkedProps) {
  let end = 0
  const parts = at.map((from, i) => {
    const before = text.slice(end, from)
    end = from + length
    return (
      <Fragment key={from}>
        {before}
        <mark
          ref={i === current ? intoView : undefined}
          className={cx(styles.mark, i === current && styles.currentMark)}
        >
          {text.slice(from, end)}
        </mark>
      </Fragment>
    )
  })
  return (
    <>
      {parts}
      {text.slice(end)}
    </>
  )
}

function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'center' })
}

interface LinesProps {
  readonly lines: readonly JsonLine[]
  readonly matches: ReadonlySet<number>
  readonly current: number | undefined
}

/** Blocks out of view are not laid out by the browser, so that a body of a megabyte scrolls as lightly as a small one. */
function Lines({ lines, matches, current }: LinesProps) {
  const blocks = Array.from({ length: Math.ceil(lines.length / LINES_PER_BLOCK) }, (_, i) =>
    lines.slice(i * LINES_PER_BLOCK, (i + 1) * LINES_PER_BLOCK),
  )
  return blocks.map((block, b) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the text of a body never changes
    <div key={b} className={styles.block}>
      {block.map((line, l) => {
        const index = b * LINES_PER_BLOCK + l
        return (
          <div
            key={index}
            ref={index === current ? intoView : undefined}
            className={cx(styles.line, matches.has(index) && styles.mark, index === current && styles.currentMark)}
            style={{ '--depth': line.depth }}
          >
            {'  '.repeat(line.depth)}
            {line.tokens.map((token, t) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the text of a body never changes
              <span key={t} className={styles[token.kind]}>
                {token.text}
              </span>
            ))}
          </div>
        )
      })}
    </div>
  ))
}
