import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { CALL_CHANNEL, eventChannel } from '../shared/contract/channels'
import type { Bridge } from './bridge'

const events = new Set(['changed', 'navigate', 'notice', 'alert'])

const bridge: Bridge = {
  call: (name, input) => ipcRenderer.invoke(CALL_CHANNEL, name, input),
  subscribe(name, listener) {
    if (!events.has(name)) throw new Error('no such event')
    // The page must never see the event object: it leads to the sender.
    const relay = (_event: unknown, payload: Parameters<typeof listener>[0]) => listener(payload)
    ipcRenderer.on(eventChannel(name), relay)
    return () => {
      ipcRenderer.removeListener(eventChannel(name), relay)
    }
  },
  pathOf: (file) => webUtils.getPathForFile(file as File),
}

contextBridge.exposeInMainWorld('bridge', bridge)
