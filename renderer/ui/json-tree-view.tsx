import { ChevronRight } from 'lucide-react'
import { type KeyboardEvent, useEffect, useId, useRef } from 'react'
import { CopyButton } from './copy-button'
import { cx } from './cx'
import { countOf } from './format'
import type { JsonNode } from './json-tree'
import styles from './json-tree-view.module.css'

interface Props {
  readonly label: string
  readonly text: string
  /** The nodes that show. */
  readonly nodes: readonly JsonNode[]
  readonly folded: ReadonlySet<number>
  readonly matches: ReadonlySet<number>
  /** Node with the cursor; the match that is looked at, while there is a search. */
  readonly current: number
  readonly onCurrent: (index: number) => void
  readonly onFold: (index: number, folded: boolean) => void
}

/** A JSON text as a tree: one stop in the tab order, arrow keys move, fold and unfold; path and value of the current node can be copied. */
export function JsonTreeView({ label, text, nodes, folded, matches, current, onCurrent, onFold }: Props) {
  const id = useId()
  const tree = useRef<HTMLDivElement>(null)
  const at = Math.max(
    0,
    nodes.findIndex((node) => node.index === current),
  )
  const node = nodes[at]

  const shown = useRef(current)
  useEffect(() => {
    // Not when the tree appears: that would scroll what is around it.
    if (shown.current === current) return
    shown.current = current
    const moving = document.activeElement === tree.current
    tree.current?.querySelector(`[data-node="${current}"]`)?.scrollIntoView({ block: moving ? 'nearest' : 'center' })
  }, [current])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || node === undefined) return
    const moves: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1 }
    const to = moves[event.key]
    const folds = node.children > 0
    if (to !== undefined) onCurrent(nodes[Math.max(0, Math.min(nodes.length - 1, to))]!.index)
    else if (event.key === 'ArrowRight' && folds && folded.has(node.index)) onFold(node.index, false)
    else if (event.key === 'ArrowRight' && folds) onCurrent(nodes[at + 1]!.index)
    else if (event.key === 'ArrowLeft' && folds && !folded.has(node.index)) onFold(node.index, true)
    else if (event.key === 'ArrowLeft' && node.parent >= 0) onCurrent(node.parent)
    else if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
    event.preventDefault()
  }
  return (
    <div className={styles.frame}>
      <div
        ref={tree}
        role="tree"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={node && `${id}-${node.index}`}
        className={styles.tree}
        onKeyDown={onKeyDown}
      >
        {nodes.map((each) => (
          <Row
            key={each.index}
            id={`${id}-${each.index}`}
            node={each}
            folded={folded.has(each.index)}
            matched={matches.has(each.index)}
            current={each.index === node?.index}
            onCurrent={onCurrent}
            onFold={onFold}
          />
        ))}
      </div>
      {node && (
        <div className={styles.path}>
          <span className={styles.pathText} title={node.path}>
            {node.path}
          </span>
          <CopyButton label="Copy path" text={node.path} short="Path" />
          <CopyButton label="Copy value" text={text.slice(node.from, node.to)} short="Value" />
        </div>
      )}
    </div>
  )
}

interface RowProps extends Pick<Props, 'onCurrent' | 'onFold'> {
  readonly id: string
  readonly node: JsonNode
  readonly folded: boolean
  readonly matched: boolean
  readonly current: boolean
}

function Row({ id, node, folded, matched, current, onCurrent, onFold }: RowProps) {
  const { index, depth, name, inArray, kind, text, children } = node
  const folds = children > 0
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles the keys for all of its nodes
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays on the tree, which names the current node
    <div
      id={id}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={current}
      {...(folds ? { 'aria-expanded': !folded } : {})}
      data-node={index}
      className={cx(styles.row, current && styles.current, matched && styles.matched)}
      style={{ '--depth': depth }}
      onClick={() => {
        if (current && folds) onFold(index, !folded)
        onCurrent(index)
      }}
    >
      <span className={styles.fold}>
        {folds && <ChevronRight size={12} aria-hidden="true" className={cx(!folded && styles.open)} />}
      </span>
      {name !== '' && <span className={cx(styles.name, inArray && styles.place)}>{name}</span>}
      {kind === 'object' || kind === 'array' ? (
        <span className={styles.punctuation}>
          {kind === 'object' ? '{' : '['}
          {children === 0 ? '' : ` ${countOf(children, kind === 'object' ? 'member' : 'element')} `}
          {kind === 'object' ? '}' : ']'}
        </span>
      ) : (
        <span className={styles[kind]}>{text}</span>
      )}
    </div>
  )
}
