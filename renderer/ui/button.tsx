import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import styles from './button.module.css'
import { cx } from './cx'
import { Spinner } from './spinner'

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: Variant
  readonly small?: boolean
  /** Shows that the action is under way; further presses are ignored, focus stays. */
  readonly pending?: boolean
  readonly icon?: ReactNode
  readonly ref?: Ref<HTMLButtonElement>
}

export function Button({ variant = 'secondary', small, pending, icon, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={cx(buttonClass(variant, small), rest.className)}
      aria-disabled={pending || rest['aria-disabled']}
      aria-busy={pending}
      onClick={pending ? (event) => event.preventDefault() : onClick}
    >
      {pending ? <Spinner /> : icon}
      {children}
    </button>
  )
}

/** The look of a button for an element that is a link. */
export function buttonClass(variant: Variant = 'secondary', small = false): string {
  return cx(styles.button, styles[variant], small && styles.small)
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly label: string
  readonly danger?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

/** A button that shows an icon only; the label is its accessible name and its title. */
export function IconButton({ label, danger, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={cx(styles.button, styles.ghost, styles.iconOnly, danger && styles.dangerHover, rest.className)}
    >
      {children}
    </button>
  )
}
