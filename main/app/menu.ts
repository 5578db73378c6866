import { Menu, type MenuItemConstructorOptions } from 'electron'

export interface MenuActions {
  readonly importEvents: () => void
  readonly navigate: (to: string) => void
}

/** The application menu on every system. */
export function setMenu(actions: MenuActions): void {
  const mac = process.platform === 'darwin'
  const go = (label: string, to: string, accelerator: string): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => actions.navigate(to),
  })
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        go('New Integration', '/integrations/new', 'CmdOrCtrl+N'),
        { label: 'Import Events…', accelerator: 'CmdOrCtrl+O', click: actions.importEvents },
        { type: 'separator' },
        { role: mac ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        go('All', '/event-stream/all', 'CmdOrCtrl+1'),
        go('Active', '/event-stream/active', 'CmdOrCtrl+2'),
        go('Paused', '/event-stream/paused', 'CmdOrCtrl+3'),
        { type: 'separator' },
        go('Imports', '/imports', 'CmdOrCtrl+4'),
        go('Webhook Inbox', '/inbox', 'CmdOrCtrl+5'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
