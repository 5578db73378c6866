import { integrationId } from '@shared/schemas/integration'
import { createHashHistory, createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { z } from 'zod'
import { AlertsPage } from '../features/alerts/alerts-page'
import { attemptSearch } from '../features/attempts/attempt-search'
import { EventsPage } from '../features/attempts/events-page'
import { AuditPage } from '../features/audit/audit-page'
import { ImportsPage } from '../features/imports/imports-page'
import { InboxPage } from '../features/inbox/inbox-page'
import { EditIntegrationPage } from '../features/integration-form/edit-integration-page'
import { NewIntegrationPage } from '../features/integration-form/new-integration-page'
import { IntegrationLayout } from '../features/integrations/integration-layout'
import { IntegrationListPage } from '../features/integrations/integration-list-page'
import { listSearch, listView } from '../features/integrations/list-search'
import { logSearch } from '../features/logs/log-search'
import { LogsPage } from '../features/logs/logs-page'
import { RejectedPage } from '../features/rejected/rejected-page'
import { rejectedSearch } from '../features/rejected/rejected-search'
import { ResendsPage } from '../features/resends/resends-page'
import { SettingsPage } from '../features/settings/settings-page'
import { Shell } from '../features/shell/shell'
import { NotFound, ScreenError } from './fallbacks'

const root = createRootRoute({ component: Shell })

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/event-stream/$view', params: { view: 'all' }, replace: true })
  },
})

const list = createRoute({
  getParentRoute: () => root,
  path: '/event-stream/$view',
  params: { parse: ({ view }) => ({ view: listView.parse(view) }) },
  validateSearch: listSearch,
  component: IntegrationListPage,
})

const newIntegration = createRoute({
  getParentRoute: () => root,
  path: '/integrations/new',
  validateSearch: z.object({
    callbackUrl: z.string().max(2048).optional().catch(undefined),
    /** The integration to be like. */
    like: integrationId.optional().catch(undefined),
  }),
  component: NewIntegrationPage,
})

const integration = createRoute({
  getParentRoute: () => root,
  path: '/integrations/$id',
  component: IntegrationLayout,
})

const events = createRoute({
  getParentRoute: () => integration,
  path: '/events',
  validateSearch: attemptSearch,
  component: EventsPage,
})

const rejected = createRoute({
  getParentRoute: () => integration,
  path: '/rejected',
  validateSearch: rejectedSearch,
  component: RejectedPage,
})

const logs = createRoute({
  getParentRoute: () => integration,
  path: '/logs',
  validateSearch: logSearch,
  component: LogsPage,
})

const resends = createRoute({ getParentRoute: () => integration, path: '/resends', component: ResendsPage })

const alerts = createRoute({ getParentRoute: () => root, path: '/alerts', component: AlertsPage })

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: z.object({ entry: z.number().int().positive().optional().catch(undefined) }),
  component: AuditPage,
})

const settings = createRoute({ getParentRoute: () => root, path: '/settings', component: SettingsPage })

const details = createRoute({
  getParentRoute: () => integration,
  path: '/settings',
  component: EditIntegrationPage,
})

const imports = createRoute({ getParentRoute: () => root, path: '/imports', component: ImportsPage })

const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  validateSearch: z.object({ request: z.number().int().positive().optional().catch(undefined) }),
  component: InboxPage,
})

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    list,
    newIntegration,
    integration.addChildren([events, rejected, logs, resends, details]),
    alerts,
    audit,
    settings,
    imports,
    inbox,
  ]),
  history: createHashHistory(),
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ScreenError,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
