import styles from './header-list.module.css'

interface Props {
  readonly headers: readonly (readonly [string, string])[]
}

/** Headers of a request or an answer, in their order. */
export function HeaderList({ headers }: Props) {
  return (
    <dl className={styles.headers}>
      {headers.map(([name, value], i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a header may come twice, and the list never changes
        <div key={i} className={styles.header}>
          <dt className={styles.name}>{name}</dt>
          <dd className={styles.value}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
