import { statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { app } from 'electron'
import { z } from 'zod'
import { integrationId } from '../../shared/schemas/integration'

const openRequest = z
  .object({ files: z.array(z.string()).readonly(), links: z.array(z.string()).readonly() })
  .readonly()

/** What the system asked the console to open: files of events, and links of the console's own scheme. */
export type OpenRequest = z.infer<typeof openRequest>

/** What a second process hands over. One of another version may hand over something else, which then asks for nothing. */
export function requestFrom(data: unknown): OpenRequest {
  return openRequest.catch({ files: [], links: [] }).parse(data)
}

export interface OpenRequests {
  /** Hands over what has been asked so far, and from then on each request as it comes. */
  deliverTo(open: (request: OpenRequest) => void): void
  /** Whether another console already has the user's own workspace; it was given this process's request. */
  handedOver(): boolean
}

const SCHEME = 'event-stream:'
const EVENT_FILES: readonly string[] = ['.export', '.ndjson', '.jsonl']

/** The screens that a link may lead to. A link can come from anywhere, so it navigates and does nothing else. */
const screens: Readonly<Record<string, string>> = {
  all: '/event-stream/all',
  active: '/event-stream/active',
  paused: '/event-stream/paused',
  imports: '/imports',
  inbox: '/inbox',
}
const integrationScreens: readonly string[] = ['events', 'rejected', 'logs']

/**
 * The route of a link: `event-stream://all` and its like, or `event-stream://integration/<id>[/events|/rejected|/logs]`.
 *
 * @returns null for any other link
 */
export function routeOfLink(link: string): string | null {
  const match = /^event-stream:\/\/([a-z]+)(?:\/([^/?#]+)(?:\/([a-z]+))?)?\/?$/.exec(link)
  if (match === null) return null
  const [, screen = '', id, part = 'events'] = match
  if (id === undefined) return Object.hasOwn(screens, screen) ? screens[screen]! : null
  if (screen !== 'integration' || !integrationId.safeParse(id).success || !integrationScreens.includes(part))
    return null
  return `/integrations/${id}/${part}`
}

/**
 * The files and links among a process's arguments; options and all else are passed over.
 *
 * @param cwd the folder that relative paths start from
 */
export function parseOpenRequest(argv: readonly string[], cwd: string): OpenRequest {
  const plain = argv.filter((arg) => !arg.startsWith('-'))
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true
  return {
    files: plain
      .filter((arg) => EVENT_FILES.includes(extname(arg).toLowerCase()))
      .map((arg) => resolve(cwd, arg))
      .filter(isFile),
    links: plain.filter((arg) => arg.startsWith(SCHEME)),
  }
}

/**
 * Makes the installed console the one that opens links on Windows; on other systems its package says so. A portable one leaves the
 * system as it is.
 */
export function claimLinks(): void {
  if (process.platform !== 'win32' || !app.isPackaged || process.env.PORTABLE_EXECUTABLE_FILE !== undefined) return
  app.setAsDefaultProtocolClient(SCHEME.slice(0, -1))
}

/** Gathers what the system asks this process, and later ones, to open. Must run before the app is ready. */
export function collectOpenRequests(): OpenRequests {
  const waiting: OpenRequest[] = []
  let open = (request: OpenRequest) => {
    waiting.push(request)
  }
  const own = parseOpenRequest(process.argv.slice(1), process.cwd())
  open(own)
  app.on('open-file', (event, path) => {
    event.preventDefault()
    open({ files: [path], links: [] })
  })
  app.on('open-url', (event, link) => {
    event.preventDefault()
    open({ files: [], links: [link] })
  })
  // The arguments of a second process reach this event in Chromium's order; what the process read from them itself does not change.
  app.on('second-instance', (_event, _argv, _cwd, data) => open(requestFrom(data)))
  return {
    deliverTo(receive) {
      open = receive
      for (const request of waiting.splice(0)) receive(request)
    },
    handedOver: () => !app.requestSingleInstanceLock({ ...own }),
  }
}
