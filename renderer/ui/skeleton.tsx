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
          <span className={styles.bar} style={{ width: `${22 + ((i * 7) % 11)}%` }} />
          <span className={styles.bar} style={{ width: `${14 + ((i * 5) % 9)}%` }} />
          <span className={styles.bar} style={{ width: '10%' }} />
        </div>
      ))}
    </div>
  )
}
