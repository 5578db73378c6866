import styles from './skeleton.module.css'

interface Props {
  readonly rows: number
  readonly rowHeight: number
}

/** Rows to come. Appears late, so that a quick answer does not flicker. */
export function SkeletonRows({ rows, rowHeight }: Props) {
  return (
    <div className={styles.rows} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the placeholders are all alike
        <div key={i} className={styles.row} style={{ height: rowHeight }}>
          <span className={styles.bar} style={{ width: `${55 + ((i * 17) % 30)}%` }} />
          <span className={styles.bar} style={{ width: `${45 + ((i * 23) % 35)}%` }} />
          <span className={styles.bar} style={{ width: '60%' }} />
        </div>
      ))}
    </div>
  )
}
