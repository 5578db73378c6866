import styles from './mono.module.css'

interface Props {
  readonly children: string
  /** On one line, cut at the end; the whole text is its title. */
  readonly cut?: boolean
  readonly faint?: boolean
}

/** Text of machines: ids, addresses, codes. */
export function Mono({ children, cut = false, faint = false }: Props) {
  return (
    <span
      className={styles.mono}
      data-cut={cut || undefined}
      data-faint={faint || undefined}
      title={cut ? children : undefined}
    >
      {children}
    </span>
  )
}
