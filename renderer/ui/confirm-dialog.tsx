import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type ReactNode, useRef } from 'react'
import { Button } from './button'
import { Callout } from './callout'
import styles from './confirm-dialog.module.css'

interface Props {
  readonly open: boolean
  readonly title: string
  readonly children: ReactNode
  readonly cancelLabel?: string
  readonly confirmLabel: string
  /** Primary where nothing is lost. */
  readonly confirmVariant?: 'primary' | 'danger'
  readonly pending?: boolean
  readonly disabled?: boolean
  /** Why the action failed; shown where it was asked for. */
  readonly error?: string | undefined
  readonly onCancel: () => void
  readonly onConfirm: () => void
}

/** Asks before something is lost. The harmless button has the focus. */
export function ConfirmDialog({
  open,
  title,
  children,
  cancelLabel = 'Cancel',
  confirmLabel,
  confirmVariant = 'danger',
  pending = false,
  disabled = false,
  error,
  onCancel,
  onConfirm,
}: Props) {
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && !pending && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Popup className={styles.popup} initialFocus={cancel}>
          <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={styles.description} render={<div />}>
            {children}
          </AlertDialog.Description>
          {error !== undefined && <Callout tone="danger">{error}</Callout>}
          <div className={styles.buttons}>
            <Button ref={cancel} onClick={onCancel} disabled={pending}>
              {cancelLabel}
            </Button>
            <Button variant={confirmVariant} pending={pending} disabled={disabled} onClick={onConfirm}>
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
