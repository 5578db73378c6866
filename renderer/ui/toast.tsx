import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { IconButton } from './button'
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
        {toast.type === 'error' ? (
          <CircleAlert size={16} className={styles.error} aria-hidden="true" />
        ) : (
          <CircleCheck size={16} className={styles.success} aria-hidden="true" />
        )}
        <div className={styles.text}>
          <Toast.Title className={styles.title} />
          <Toast.Description className={styles.description} />
        </div>
        <Toast.Close render={<IconButton label="Dismiss" />}>
          <X size={14} aria-hidden="true" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ))
}
