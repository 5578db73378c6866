import { Outlet } from '@tanstack/react-router'
import { DropZone } from './drop-zone'
import styles from './shell.module.css'
import { Sidebar } from './sidebar'

export function Shell() {
  return (
    <div className={styles.shell}>
      <Sidebar />
      <main className={styles.main}>
        <Outlet />
      </main>
      <DropZone />
    </div>
  )
}
