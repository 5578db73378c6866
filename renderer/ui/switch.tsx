import { Switch as Base } from '@base-ui/react/switch'
import { cx } from './cx'
import styles from './switch.module.css'

interface Props {
  readonly label: string
  readonly describedBy?: string
  readonly checked: boolean
  readonly pending: boolean
  readonly disabled?: boolean
  readonly onChange: (checked: boolean) => void
}

/** A switch that shows where it goes while the change is under way, without losing focus. */
export function Switch({ label, describedBy, checked, pending, disabled = false, onChange }: Props) {
  return (
    <Base.Root
      className={cx(styles.switch, pending && styles.pending)}
      aria-label={label}
      aria-busy={pending}
      {...(describedBy === undefined ? {} : { 'aria-describedby': describedBy })}
      checked={checked}
      disabled={disabled}
      readOnly={pending}
      onCheckedChange={onChange}
    >
      <Base.Thumb className={styles.thumb} />
    </Base.Root>
  )
}
