import { type ReactNode, useId } from 'react'
import styles from './integration-form.module.css'

interface Props {
  readonly title: string
  readonly about: ReactNode
  readonly children: ReactNode
}

/** One of the areas of the form: what it is about on the left, its fields on the right. */
export function Area({ title, about, children }: Props) {
  const id = useId()
  return (
    <section className={styles.area} aria-labelledby={id}>
      <div className={styles.about}>
        <h2 id={id} className={styles.areaTitle}>
          {title}
        </h2>
        <div className={styles.aboutText}>{about}</div>
      </div>
      <div className={styles.fields}>{children}</div>
    </section>
  )
}
