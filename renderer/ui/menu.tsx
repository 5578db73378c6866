import { Menu as Base } from '@base-ui/react/menu'
import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonClass } from './button'
import { cx } from './cx'
import styles from './menu.module.css'

/** Connects the buttons of a menu with the one menu that they open, each for its own subject. */
export type MenuHandle<Subject> = ReturnType<typeof Base.createHandle<Subject>>

export function createMenuHandle<Subject>(): MenuHandle<Subject> {
  return Base.createHandle<Subject>()
}

interface TriggerProps<Subject> {
  readonly handle: MenuHandle<Subject>
  readonly subject: Subject
  readonly label: string
  /** The accessible name, when it has to say more than the label. */
  readonly name: string
}

export function MenuTrigger<Subject>({ handle, subject, label, name }: TriggerProps<Subject>) {
  return (
    <Base.Trigger
      handle={handle}
      payload={subject}
      className={cx(buttonClass('secondary', true), styles.trigger, styles.small)}
      aria-label={name}
    >
      <span className={styles.label}>{label}</span>
      <ChevronDown size={13} aria-hidden="true" />
    </Base.Trigger>
  )
}

interface MenuProps<Subject> {
  readonly handle: MenuHandle<Subject>
  /** The items for the subject of the button that opened the menu. */
  readonly children: (subject: Subject) => ReactNode
}

/** A menu for many buttons: a list would otherwise pay for one in every row. */
export function Menu<Subject>({ handle, children }: MenuProps<Subject>) {
  return (
    <Base.Root handle={handle} modal={false}>
      {({ payload: subject }) =>
        subject !== undefined && (
          <Base.Portal>
            <Base.Positioner className={styles.positioner} sideOffset={4} align="end">
              <Base.Popup className={styles.popup}>{children(subject)}</Base.Popup>
            </Base.Positioner>
          </Base.Portal>
        )
      }
    </Base.Root>
  )
}

interface ButtonMenuProps {
  readonly label: string
  /** The accessible name, when it has to say more than the label. */
  readonly name: string
  readonly children: ReactNode
}

/** A menu with its own button, in the height of fields and buttons. */
export function ButtonMenu({ label, name, children }: ButtonMenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger className={cx(buttonClass('secondary'), styles.trigger)} aria-label={name}>
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

/** Parts groups of entries. */
export function MenuSeparator() {
  return <Base.Separator className={styles.separator} />
}
