import { CircleAlert } from 'lucide-react'
import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from 'react'
import { cx } from './cx'
import styles from './text-field.module.css'

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id'> {
  readonly label: string
  readonly id?: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly mono?: boolean
  /** Controls that belong to the value, at the end of the input. */
  readonly trailing?: ReactNode
  readonly ref?: Ref<HTMLInputElement>
}

export function TextField({ label, id, hint, error, mono, trailing, className, ...input }: Props) {
  const made = useId()
  const inputId = id ?? made
  const hintId = `${inputId}-hint`
  const errorId = `${inputId}-error`
  const invalid = error !== undefined
  return (
    <div className={cx(styles.field, className)}>
      <label htmlFor={inputId} className={styles.label}>
        {label}
      </label>
      <div className={styles.box} data-invalid={invalid || undefined}>
        <input
          autoComplete="off"
          spellCheck={false}
          {...input}
          id={inputId}
          className={cx(styles.input, mono && styles.mono)}
          aria-invalid={invalid}
          aria-describedby={cx(invalid && errorId, hint !== undefined && hintId) || undefined}
        />
        {trailing}
      </div>
      {invalid && (
        <p id={errorId} className={styles.error}>
          <CircleAlert size={13} aria-hidden="true" />
          {error}
        </p>
      )}
      {hint !== undefined && (
        <div id={hintId} className={styles.hint}>
          {hint}
        </div>
      )}
    </div>
  )
}
