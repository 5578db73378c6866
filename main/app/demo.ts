import { unwrap } from '../../shared/errors'
import type { Host } from '../host/host'
import type { Dispatch } from '../ipc/dispatch'
import { callerOf } from '../ipc/dispatch'

const DEMO_INTEGRATION = 'demo-orders'

/** Fills a demo workspace: the inbox runs, an integration delivers to it, and the file's events flow. @returns the inbox's address */
export async function startDemo(host: Host, dispatch: Dispatch, eventFile: string): Promise<string> {
  const call = callerOf(dispatch)
  const { url } = unwrap(await call('inbox.start', {}))
  const { rows } = unwrap(await call('integrations.list', {}))
  if (rows.length === 0) {
    unwrap(
      await call('integrations.create', {
        id: DEMO_INTEGRATION,
        integrationType: 'permanent',
        startsAt: null,
        endsAt: null,
        selection: { entities: ['order', 'return', 'fulfillment_request'], events: [] },
        target: { kind: 'webhook', callbackUrl: url!, apiKey: 'demo-api-key' },
      }),
    )
  }
  await host.startDemo(eventFile)
  return url!
}
