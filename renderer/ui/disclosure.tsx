import { ChevronRight } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import { cx } from './cx'
import styles from './disclosure.module.css'

interface Props {
  readonly title: string
  /** What is inside, in few words, for who does not open it. */
  readonly summary?: ReactNode
  readonly open: boolean
  readonly onToggle: (open: boolean) => void
  readonly children: ReactNode
}

/** A part that is folded until somebody wants it. */
export function Disclosure({ title, summary, open, onToggle, children }: Props) {
  const id = useId()
  return (
    <div className={styles.disclosure}>
      <button
        type="button"
        className={styles.trigger}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => onToggle(!open)}
      >
        <ChevronRight size={14} aria-hidden="true" className={cx(styles.chevron, open && styles.open)} />
        <span className={styles.title}>{title}</span>
        {summary !== undefined && <span className={styles.summary}>{summary}</span>}
      </button>
      <div id={id} className={styles.panel} hidden={!open}>
        {open && children}
      </div>
    </div>
  )
}
