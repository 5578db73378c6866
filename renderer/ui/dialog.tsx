import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { IconButton } from './button'
import styles from './dialog.module.css'

interface Props {
  readonly title: string
  readonly description?: ReactNode
  readonly children: ReactNode
  /** Its buttons, the one that goes on last. */
  readonly actions: ReactNode
  /** What gets the focus when it opens; its first control otherwise. */
  readonly initialFocus?: RefObject<HTMLElement | null>
  readonly onClose: () => void
}

/** A task of its own above the screen. Escape and a click beside it close it. */
export function Dialog({ title, description, children, actions, initialFocus, onClose }: Props) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup} {...(initialFocus === undefined ? {} : { initialFocus })}>
          <header className={styles.header}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close render={<IconButton label="Close" />}>
              <X size={15} aria-hidden="true" />
            </Base.Close>
          </header>
          <div className={styles.body}>
            {description !== undefined && (
              <Base.Description className={styles.description} render={<div />}>
                {description}
              </Base.Description>
            )}
            {children}
          </div>
          <footer className={styles.actions}>{actions}</footer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
