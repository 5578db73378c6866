import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, TriangleAlert, X } from 'lucide-react'
import { buttonClass, IconButton } from './button'
import styles from './toast.module.css'

const manager = Toast.createToastManager()

/** Says that something was done. */
export function toastSuccess(title: string): void {
  manager.add({ title, type: 'success', timeout: 5000 })
}

/** Says that something failed which no field or dialog on screen can show. Stays until it is dismissed. */
export function toastError(title: string, description?: string): void {
  manager.add({ title, description, type: 'error', timeout: 0, priority: 'high' })
}

interface Offer {
  readonly title: string
  readonly description?: string
  /** What the button says. */
  readonly action: string
  readonly timeoutMs: number
  /** Ends on time although the pointer is on it or the window is not in front, because what it offers ends then. */
  readonly strict?: boolean
  readonly tone?: 'success' | 'warning'
  readonly onAction: () => void
}

/** Says that something happened and offers one thing to do about it; the offer ends with the toast. */
export function toastOffer({
  title,
  description,
  action,
  timeoutMs,
  strict = false,
  tone = 'success',
  onAction,
}: Offer): void {
  const id = manager.add({
    title,
    description,
    type: tone,
    timeout: timeoutMs,
    actionProps: {
      children: action,
      onClick: () => {
        manager.close(id)
        onAction()
      },
    },
  })
  if (strict) setTimeout(() => manager.close(id), timeoutMs)
}

export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast} swipeDirection={['right', 'down']}>
      <Toast.Content className={styles.content}>
        <ToastIcon type={toast.type} />
        <div className={styles.text}>
          <Toast.Title className={styles.title} />
          <Toast.Description className={styles.description} />
        </div>
        {toast.actionProps && <Toast.Action className={buttonClass('secondary', true)} />}
        <Toast.Close render={<IconButton label="Dismiss" />}>
          <X size={14} aria-hidden="true" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}

function ToastIcon({ type }: { readonly type: string | undefined }) {
  if (type === 'error') return <CircleAlert size={16} className={styles.error} aria-hidden="true" />
  if (type === 'warning') return <TriangleAlert size={16} className={styles.warning} aria-hidden="true" />
  return <CircleCheck size={16} className={styles.success} aria-hidden="true" />
}
