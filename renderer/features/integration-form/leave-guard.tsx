import { useBlocker } from '@tanstack/react-router'
import { ConfirmDialog } from '../../ui/confirm-dialog'

interface Props {
  /** Asked at the moment of leaving. */
  readonly unsaved: () => boolean
  readonly title: string
}

/** Asks before what was entered is lost: inside the app here, on closing the window or quitting through the main process. */
export function LeaveGuard({ unsaved, title }: Props) {
  const leaving = useBlocker({
    shouldBlockFn: ({ current, next }) => unsaved() && placeOf(current) !== placeOf(next),
    enableBeforeUnload: unsaved,
    withResolver: true,
  })
  if (leaving.status !== 'blocked') return null
  return (
    <ConfirmDialog
      open
      title={title}
      cancelLabel="Keep editing"
      confirmLabel="Discard"
      onCancel={leaving.reset}
      onConfirm={leaving.proceed}
    >
      <p>What you have entered is not saved.</p>
    </ConfirmDialog>
  )
}

/** The search says what a form is filled with, so another one is another form. */
function placeOf({ pathname, search }: { readonly pathname: string; readonly search: unknown }): string {
  return JSON.stringify([pathname, search])
}
