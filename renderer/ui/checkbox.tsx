import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check, Minus } from 'lucide-react'
import styles from './checkbox.module.css'

interface Props {
  readonly id?: string
  readonly label: string
  readonly describedBy?: string
  readonly checked: boolean
  readonly mixed?: boolean
  /** Left out of the tab order, for a list that toggles it by a key of its own. */
  readonly passed?: boolean
  readonly onChange: (checked: boolean) => void
}

export function Checkbox({ id, label, describedBy, checked, mixed = false, passed = false, onChange }: Props) {
  return (
    <Base.Root
      className={styles.checkbox}
      aria-label={label}
      {...(passed ? { tabIndex: -1 } : {})}
      {...(id === undefined ? {} : { id })}
      {...(describedBy === undefined ? {} : { 'aria-describedby': describedBy })}
      checked={checked}
      indeterminate={mixed}
      onCheckedChange={onChange}
    >
      <Base.Indicator className={styles.indicator}>
        {mixed ? <Minus size={12} strokeWidth={3} /> : <Check size={12} strokeWidth={3} />}
      </Base.Indicator>
    </Base.Root>
  )
}
