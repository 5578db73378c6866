import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

interface Message {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly method?: string
  readonly params?: { readonly targetInfo?: { readonly type: string; readonly targetId: string } }
}

/** The Electron to measure and the switches that it needs on this machine, as `npm run bench` found them. */
export function electronCommand(): { readonly binary: string; readonly flags: readonly string[] } {
  const { EVENT_STREAM_CONSOLE_ELECTRON: binary, EVENT_STREAM_CONSOLE_ELECTRON_FLAGS: flags = '' } = process.env
  if (!binary) throw new Error('EVENT_STREAM_CONSOLE_ELECTRON is not set; start the benches with npm run bench.')
  return { binary, flags: flags.split(' ').filter(Boolean) }
}

/** An Electron that was started bare, without Playwright, whose attaching would be part of the time that is measured. */
export interface BareElectron {
  readonly process: ChildProcess
  /** `performance.now()` just before the process was created. */
  readonly startedAt: number
  readonly page: DevToolsPage
  /** Ends the app as a user would, and waits until it is gone. */
  quit(): Promise<void>
}

/**
 * Starts Electron on an app and attaches to its first page.
 *
 * @param args path of the app and its own arguments
 */
export async function startBare(args: readonly string[], env: Readonly<Record<string, string>>): Promise<BareElectron> {
  const { binary, flags } = electronCommand()
  const startedAt = performance.now()
  const child = spawn(binary, [...flags, '--remote-debugging-port=0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  const said: string[] = []
  const address = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line)
      const found = /^DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (found) resolve(found)
    })
    child.once('error', reject)
    void exited.then(() => reject(new Error(`Electron ended before it could be measured.\n${said.join('\n')}`)))
  })
  const page = await DevToolsPage.attach(await address)
  return {
    process: child,
    startedAt,
    page,
    async quit() {
      page.close()
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The first page of a browser, over the DevTools protocol. */
export class DevToolsPage {
  readonly #socket: WebSocket
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #onTarget: (targetId: string) => void = () => {}
  #lastId = 0
  #session: string | undefined

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Message))
    socket.addEventListener('close', () => {
      for (const { reject } of this.#open.values()) reject(new Error('Electron closed the DevTools connection.'))
      this.#open.clear()
    })
  }

  /** Attaches to the first page as soon as there is one. */
  static async attach(address: string): Promise<DevToolsPage> {
    const socket = new WebSocket(address)
    await once(socket, 'open')
    const page = new DevToolsPage(socket)
    const target = new Promise<string>((resolve) => {
      page.#onTarget = resolve
    })
    await page.#send('Target.setDiscoverTargets', { discover: true })
    const { sessionId } = (await page.#send('Target.attachToTarget', { targetId: await target, flatten: true })) as {
      sessionId: string
    }
    page.#session = sessionId
    return page
  }

  /** Waits until an element is laid out with an area, in a document that may still be on its way; gives its middle. */
  async visible(selector: string, text = ''): Promise<{ readonly x: number; readonly y: number }> {
    const expression = `new Promise((resolve) => {
      const look = () => {
        for (const element of document.querySelectorAll(${JSON.stringify(selector)})) {
          const box = element.getBoundingClientRect()
          if (box.width > 0 && box.height > 0 && element.textContent.includes(${JSON.stringify(text)}))
            return resolve({ x: box.x + box.width / 2, y: box.y + box.height / 2 })
        }
        requestAnimationFrame(look)
      }
      look()
    })`
    for (;;) {
      try {
        const answer = (await this.#send('Runtime.evaluate', {
          expression,
          awaitPromise: true,
          returnByValue: true,
        })) as { result: { value?: { x: number; y: number } } }
        if (answer.result.value) return answer.result.value
      } catch (error) {
        // The first document of a window is replaced by the app's, and what waits in it with it.
        if (!(error instanceof Error && /navigated|context|Inspected target/i.test(error.message))) throw error
      }
    }
  }

  /** A real click of the left button. */
  async click({ x, y }: { readonly x: number; readonly y: number }): Promise<void> {
    const button = { x, y, button: 'left', clickCount: 1 }
    await this.#send('Input.dispatchMouseEvent', { type: 'mousePressed', ...button })
    await this.#send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...button })
  }

  close(): void {
    this.#socket.close()
  }

  #send(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject })
      const session = this.#session === undefined ? {} : { sessionId: this.#session }
      this.#socket.send(JSON.stringify({ id, method, params, ...session }))
    })
  }

  #take({ id, result, error, method, params }: Message): void {
    if (method === 'Target.targetCreated' && params?.targetInfo?.type === 'page') {
      this.#onTarget(params.targetInfo.targetId)
    }
    if (id === undefined) return
    const call = this.#open.get(id)
    this.#open.delete(id)
    if (error) call?.reject(new Error(error.message))
    else call?.resolve(result)
  }
}
