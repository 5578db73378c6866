// The smallest Electron app: one window with one button that answers a click. What the console's start is compared with.
'use strict'

const { app, BrowserWindow } = require('electron')

const PAGE = `<!doctype html><title>Empty</title><button id="button">Click</button>
<script>button.onclick = () => { button.textContent = 'Clicked' }</script>`

app.on('window-all-closed', () => app.quit())
void app.whenReady().then(() => {
  const sandbox = !app.commandLine.hasSwitch('no-sandbox')
  const window = new BrowserWindow({ width: 1280, height: 820, show: false, webPreferences: { sandbox } })
  window.once('ready-to-show', () => window.show())
  void window.loadURL(`data:text/html,${encodeURIComponent(PAGE)}`)
})
