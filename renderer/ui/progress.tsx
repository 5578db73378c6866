import styles from './progress.module.css'

interface Props {
  readonly label: string
  /** Null while the end is not known. */
  readonly value: number | null
  readonly max: number
  readonly tone?: 'accent' | 'neutral'
}

/** How far something is. */
export function Progress({ label, value, max, tone = 'accent' }: Props) {
  return (
    <progress
      className={styles.bar}
      data-tone={tone}
      aria-label={label}
      {...(value === null ? {} : { value: Math.min(value, max) })}
      max={Math.max(1, max)}
    />
  )
}
