import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme } from 'electron'
import { APP_ORIGIN } from './protocol'
import { askBeforeUnload } from './unsaved-changes'

/** The page's background in both themes, so that the window does not flash before it is painted. */
const BACKGROUND = { light: '#ffffff', dark: '#16181d' } as const

/** Opens the console's window; it shows once it has something to show. */
export function openWindow(title: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 820,
    minWidth: 960,
    minHeight: 600,
    show: false,
    title,
    ...(process.platform === 'linux' ? { icon: join(app.getAppPath(), 'main/resources/icons/linux/256x256.png') } : {}),
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      preload: join(__dirname, '../preload/index.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  askBeforeUnload(window)
  window.once('ready-to-show', () => window.show())
  window.on('page-title-updated', (event) => event.preventDefault())
  void window.loadURL(`${APP_ORIGIN}/index.html`)
  return window
}

/** Runs `then` as soon as the page listens: its script subscribes before the page counts as loaded. */
export function whenLoaded(window: BrowserWindow, then: () => void): void {
  if (window.webContents.isLoading()) window.webContents.once('did-finish-load', then)
  else then()
}

/** Puts a window that the user has seen before in front of the others; a new one comes there by itself. */
export function bringToFront(window: BrowserWindow): void {
  if (!window.isVisible() && !window.isMinimized()) return
  if (window.isMinimized()) window.restore()
  window.focus()
}
