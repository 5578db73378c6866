import { Search, X } from 'lucide-react'
import { type Ref, useEffect, useRef, useState } from 'react'
import { IconButton } from './button'
import { cx } from './cx'
import styles from './search-field.module.css'

interface Props {
  readonly label: string
  readonly value: string
  /** Called when typing pauses, at once on Enter and when the field is cleared. Without spaces at the ends. */
  readonly onChange: (value: string) => void
  readonly placeholder?: string
  readonly delayMs?: number
  readonly className?: string | undefined
  readonly ref?: Ref<HTMLInputElement>
}

/** Text to look for. What is typed is kept here until typing pauses, so that a slow list never holds up a key. */
export function SearchField({ label, value, onChange, placeholder = label, delayMs = 300, className, ref }: Props) {
  const [text, setText] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // The value can change without typing: a way back, a link, Clear filters.
  useEffect(() => {
    clearTimeout(timer.current)
    setText(value)
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])

  const change = (next: string, delay = delayMs) => {
    setText(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => onChange(next.trim()), delay)
  }
  return (
    <div className={cx(styles.field, className)}>
      <Search size={14} aria-hidden="true" />
      <input
        ref={ref}
        type="text"
        className={styles.input}
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        maxLength={200}
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') change(text, 0)
          if (event.key === 'Escape' && text !== '') {
            event.preventDefault()
            change('', 0)
          }
        }}
      />
      {text !== '' && (
        <IconButton label={`Clear ${label}`} className={styles.clear} onClick={() => change('', 0)}>
          <X size={13} aria-hidden="true" />
        </IconButton>
      )}
    </div>
  )
}
