import { useMemo, useState } from 'react'
import { Button } from './button'
import { CopyButton } from './copy-button'
import { countOf, formatBytes } from './format'
import { type JsonLine, layOutJson } from './json-tokens'
import styles from './payload-viewer.module.css'
import { Segmented } from './radio'

interface Props {
  readonly title: string
  readonly text: string
}

type Mode = 'pretty' | 'raw'

const LINES_FIRST = 400
const CHARS_FIRST = 20_000
const LINES_PER_BLOCK = 200

/** Shows a body as it is or set out in lines. Text only: nothing in a payload is ever interpreted as markup or as a link. */
export function PayloadViewer({ title, text }: Props) {
  const lines = useMemo(() => layOutJson(text), [text])
  const [mode, setMode] = useState<Mode>('pretty')
  const [whole, setWhole] = useState<string | null>(null)
  const showAll = whole === text
  const pretty = lines !== null && mode === 'pretty'
  const cut = !showAll && (pretty ? lines.length > LINES_FIRST : text.length > CHARS_FIRST)
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
              onChange={setMode}
              options={[
                { value: 'pretty', label: 'Pretty' },
                { value: 'raw', label: 'Raw' },
              ]}
            />
          )}
          <CopyButton label={`Copy ${title.toLowerCase()}`} text={text} worded />
        </span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
      <pre className={styles.text} tabIndex={0}>
        {pretty ? <Lines lines={cut ? lines.slice(0, LINES_FIRST) : lines} /> : cut ? text.slice(0, CHARS_FIRST) : text}
      </pre>
      {cut && (
        <div className={styles.more}>
          <span>{pretty ? `First ${countOf(LINES_FIRST, 'line')}` : `First ${countOf(CHARS_FIRST, 'character')}`}</span>
          <Button small onClick={() => setWhole(text)}>
            Show all {pretty ? countOf(lines.length, 'line') : countOf(text.length, 'character')}
          </Button>
        </div>
      )}
    </section>
  )
}

/** Blocks out of view are not laid out by the browser, so that a body of a megabyte scrolls as lightly as a small one. */
function Lines({ lines }: { readonly lines: readonly JsonLine[] }) {
  const blocks = Array.from({ length: Math.ceil(lines.length / LINES_PER_BLOCK) }, (_, i) =>
    lines.slice(i * LINES_PER_BLOCK, (i + 1) * LINES_PER_BLOCK),
  )
  return blocks.map((block, b) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the text of a body never changes
    <div key={b} className={styles.block}>
      {block.map((line, l) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the text of a body never changes
        <div key={l} className={styles.line} style={{ '--depth': line.depth }}>
          {'  '.repeat(line.depth)}
          {line.tokens.map((token, t) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the text of a body never changes
            <span key={t} className={styles[token.kind]}>
              {token.text}
            </span>
          ))}
        </div>
      ))}
    </div>
  ))
}
