import { Menu as Base } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonClass } from './button'
import { cx } from './cx'
import styles from './menu.module.css'

interface MenuProps {
  readonly label: string
  /** The accessible name, when it has to say more than the label. */
  readonly name: string
  /** In the height of fields and buttons; small, as in a row of a list, without it. */
  readonly size?: 'small' | 'normal'
  readonly children: ReactNode
}

export function Menu({ label, name, size = 'small', children }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger
        className={cx(buttonClass('secondary', size === 'small'), styles.trigger, size === 'small' && styles.small)}
        aria-label={name}
      >
        <span className={styles.label}>{label}</span>
        <ChevronDown size={13} aria-hidden="true" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={4} align="end">
          <Base.Popup className={styles.popup}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface ItemProps {
  readonly icon: ReactNode
  readonly onSelect: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, onSelect, children }: ItemProps) {
  return (
    <Base.Item className={styles.item} onClick={onSelect}>
      {icon}
      {children}
    </Base.Item>
  )
}
