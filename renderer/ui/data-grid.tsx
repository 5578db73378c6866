// biome-ignore-all lint/a11y/useSemanticElements: rows are placed one by one, which the layout of a table does not allow
// biome-ignore-all lint/a11y/useFocusableInteractive: focus stays on the grid, which names the active row
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import { cx } from './cx'
import styles from './data-grid.module.css'
import { Spinner } from './spinner'

export interface Column<T> {
  readonly id: string
  readonly header: ReactNode
  /** A track of `grid-template-columns`. */
  readonly width: string
  readonly align?: 'end'
  readonly render: (row: T) => ReactNode
}

export interface DataGridHandle {
  readonly scrollToTop: () => void
  readonly focus: () => void
}

interface Props<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly rowHeight: number
  readonly keyOf: (row: T) => string | number
  readonly selected?: string | number | undefined
  readonly onSelect?: (row: T) => void
  /** Space marks a row instead of opening it. */
  readonly onToggle?: (row: T) => void
  /** Escape was pressed in the list. */
  readonly onDismiss?: () => void
  readonly hasMore?: boolean
  readonly loadingMore?: boolean
  readonly onEndReached?: () => void
  readonly onAtTopChange?: (atTop: boolean) => void
  /** The rows are about to be replaced. */
  readonly outdated?: boolean
  readonly ref?: Ref<DataGridHandle>
}

const OVERSCAN = 10
const LOAD_AHEAD_ROWS = 30

/**
 * A grid of rows with one height of which only those in view exist. It is one stop in the tab order: arrow keys, Home, End and
 * the page keys move through it, Enter selects, Space selects or marks; once a row is selected the selection follows the keys.
 */
export function DataGrid<T>({
  label,
  columns,
  rows,
  rowHeight,
  keyOf,
  selected,
  onSelect,
  onToggle,
  onDismiss,
  hasMore = false,
  loadingMore = false,
  onEndReached,
  onAtTopChange,
  outdated = false,
  ref,
}: Props<T>) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [activeKey, setActiveKey] = useState<string | number | undefined>(selected)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(rows[index]!),
    overscan: OVERSCAN,
  })
  const items = virtual.getVirtualItems()
  const selectedIndex = selected === undefined ? -1 : rows.findIndex((row) => keyOf(row) === selected)
  const activeIndex = activeKey === undefined ? selectedIndex : rows.findIndex((row) => keyOf(row) === activeKey)

  useImperativeHandle(ref, () => ({
    scrollToTop: () => scroller.current?.scrollTo({ top: 0 }),
    focus: () => scroller.current?.focus({ preventScroll: true }),
  }))

  const lastShown = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && !loadingMore && lastShown >= rows.length - LOAD_AHEAD_ROWS) onEndReached?.()
  }, [hasMore, loadingMore, lastShown, rows.length, onEndReached])

  const goTo = (index: number) => {
    const bounded = Math.max(0, Math.min(rows.length - 1, index))
    const row = rows[bounded]
    if (row === undefined) return
    setActiveKey(keyOf(row))
    virtual.scrollToIndex(bounded)
    if (selected !== undefined) onSelect?.(row)
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    // A control inside of a row answers these keys itself.
    if (event.target !== event.currentTarget && (event.key === 'Enter' || event.key === ' ')) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2)
    const moves: Record<string, number> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex < 0 ? 0 : activeIndex - 1,
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: rows.length - 1,
    }
    const to = moves[event.key]
    if (to !== undefined) goTo(to)
    else if (event.key === 'Enter' || event.key === ' ') {
      const row = rows[activeIndex]
      const act = event.key === ' ' && onToggle !== undefined ? onToggle : onSelect
      if (row !== undefined) act?.(row)
    } else if (event.key === 'Escape' && selected !== undefined) onDismiss?.()
    else return
    event.preventDefault()
  }

  const template = columns.map((column) => column.width).join(' ')
  const rowDomId = (index: number) => `${id}-${index}`
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-colcount={columns.length}
      aria-busy={outdated}
      aria-activedescendant={items.some((item) => item.index === activeIndex) ? rowDomId(activeIndex) : undefined}
      tabIndex={0}
      className={cx(styles.grid, outdated && styles.outdated)}
      style={{ '--columns': template }}
      onScroll={(event) => onAtTopChange?.(event.currentTarget.scrollTop < rowHeight / 2)}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className={styles.head}>
        <div role="row" aria-rowindex={1} className={styles.row}>
          {columns.map((column) => (
            <div key={column.id} role="columnheader" className={cx(styles.cell, column.align && styles.end)}>
              {column.header}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index]!
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys for all of its rows
            <div
              key={item.key}
              id={rowDomId(item.index)}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={item.index === selectedIndex}
              className={cx(styles.row, styles.bodyRow, item.index === activeIndex && styles.active)}
              style={{ height: rowHeight, transform: `translateY(${item.start}px)` }}
              onClick={() => {
                setActiveKey(keyOf(row))
                onSelect?.(row)
              }}
            >
              {columns.map((column) => (
                <div key={column.id} role="gridcell" className={cx(styles.cell, column.align && styles.end)}>
                  {column.render(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
      {loadingMore && (
        <div className={styles.more}>
          <Spinner /> Loading more
        </div>
      )}
    </div>
  )
}
