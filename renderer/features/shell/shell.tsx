import { Outlet } from '@tanstack/react-router'
import { ExportTray } from '../exports/export-tray'
import { DropZone } from './drop-zone'
import styles from './shell.module.css'
import { Sidebar } from './sidebar'

export function Shell() {
  return (
    <div className={styles.shell}>
      <Sidebar />
      <main className={styles.main}>
        <div className={styles.page}>
          <Outlet />
        </div>
        <ExportTray />
      </main>
      <DropZone />
    </div>
  )
}
