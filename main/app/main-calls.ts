import { app, type BrowserWindow, dialog } from 'electron'
import type { ImportJob, SecretProtection, Settings } from '../../shared/domain'
import { unwrap } from '../../shared/errors'
import type { Host } from '../host/host'
import { consentToKeyFile } from '../host/workspace-key'
import type { MainHandlers } from '../ipc/dispatch'
import type { Actor } from '../store/audit'

export interface MainCallPorts {
  readonly host: Host
  readonly workspace: string
  readonly demo: boolean
  readonly actor: Actor
  readonly window: () => BrowserWindow | null
  protection: SecretProtection
}

const EXPORT_NAMES = { attempts: 'events', rejected: 'rejected-events', logs: 'logs' } as const

/** The calls that need Electron: the app itself, the file dialog, the key of the workspace. */
export function createMainCalls(ports: MainCallPorts): MainHandlers {
  return {
    'app.info': async () => ({
      version: app.getVersion(),
      runtime: {
        electron: process.versions.electron ?? '',
        chrome: process.versions.chrome ?? '',
        node: process.versions.node,
        sqlite: await ports.host.sqliteVersion(),
      },
      platform: process.platform,
      workspace: ports.workspace,
      demo: ports.demo,
      secretProtection: ports.protection,
      integrationLimit: (unwrap(await ports.host.engine('settings.get', {}, ports.actor)) as Settings).integrationLimit,
    }),

    'secrets.consent': async () => {
      if (ports.protection === 'none') {
        const made = consentToKeyFile(ports.workspace)
        ports.protection = made.protection
        await ports.host.unlock(made.key!)
      }
      return { protection: ports.protection }
    },

    'exports.choose': async ({ source, format }) => {
      const window = ports.window()
      const options = {
        title: 'Export',
        defaultPath: `${source.id}-${EXPORT_NAMES[source.kind]}.${format}`,
        filters: [format === 'csv' ? { name: 'CSV', extensions: ['csv'] } : { name: 'NDJSON', extensions: ['ndjson'] }],
      }
      const { filePath } = window ? await dialog.showSaveDialog(window, options) : await dialog.showSaveDialog(options)
      if (!filePath) return { job: null }
      return { job: await ports.host.startExport({ source, format, path: filePath }) }
    },

    'imports.choose': async () => {
      const window = ports.window()
      const options = {
        title: 'Import events',
        properties: ['openFile', 'multiSelections'] as ('openFile' | 'multiSelections')[],
        filters: [
          { name: 'Events (NDJSON, .export)', extensions: ['ndjson', 'jsonl', 'export', 'json'] },
          { name: 'All files', extensions: ['*'] },
        ],
      }
      const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options)
      const jobs: ImportJob[] = []
      for (const path of filePaths)
        jobs.push(unwrap(await ports.host.engine('imports.start', { path }, ports.actor)) as ImportJob)
      return { jobs }
    },
  }
}
