import { X } from 'lucide-react'
import type { KeyboardEvent, ReactNode } from 'react'
import { IconButton } from './button'
import styles from './split-view.module.css'

interface Props {
  readonly children: ReactNode
  /** The pane on the right; absent when nothing is selected. */
  readonly pane: ReactNode
  readonly paneTitle: string
  readonly onClose: () => void
}

/** A list with the detail of the selected row beside it; where there is no room for both, the detail covers the list. */
export function SplitView({ children, pane, paneTitle, onClose }: Props) {
  const open = pane !== null && pane !== undefined && pane !== false
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    // Popups bubble through the tree of components; an Escape that closes one of them is not meant for the pane.
    const here = event.target instanceof Node && event.currentTarget.contains(event.target)
    if (event.key === 'Escape' && here && !event.defaultPrevented) onClose()
  }
  return (
    <div className={styles.split}>
      <div className={styles.main}>{children}</div>
      {open && (
        <section className={styles.pane} aria-label={paneTitle} onKeyDown={onKeyDown}>
          <header className={styles.header}>
            <h2 className={styles.title}>{paneTitle}</h2>
            <IconButton label="Close details" onClick={onClose}>
              <X size={15} aria-hidden="true" />
            </IconButton>
          </header>
          {pane}
        </section>
      )}
    </div>
  )
}
