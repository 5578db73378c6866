import './bridge/zod-without-eval'
import './styles/tokens.css'
import './styles/base.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { subscribe } from './bridge/client'
import { showAlerts } from './features/alerts/alert-toasts'
import { createQueryClient, followChanges } from './query/live'
import { router } from './routes/router'
import { Toasts, toastError } from './ui/toast'
import { TooltipProvider } from './ui/tooltip'

const queryClient = createQueryClient()
followChanges(queryClient)
subscribe('navigate', ({ to }) => void router.navigate({ href: to }))
showAlerts(({ integrationId }) => {
  void router.navigate(
    integrationId === null ? { to: '/alerts' } : { to: '/integrations/$id/logs', params: { id: integrationId } },
  )
})
subscribe('notice', ({ message }) => toastError(message))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <TooltipProvider>
          <RouterProvider router={router} />
          <Toasts />
        </TooltipProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
