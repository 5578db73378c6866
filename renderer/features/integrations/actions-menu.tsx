import type { Integration } from '@shared/domain'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Braces, Copy, ListChecks, OctagonX, PlugZap, ScrollText, SquarePen } from 'lucide-react'
import { useState } from 'react'
import { sentenceOf } from '../../bridge/client'
import { integrationQuery } from '../../query/queries'
import { copyText } from '../../ui/copy-text'
import { createMenuHandle, Menu, MenuItem, MenuSeparator, MenuTrigger } from '../../ui/menu'
import { toastError, toastSuccess } from '../../ui/toast'
import { definitionOf } from '../integration-form/definition'
import { TestTargetDialog } from '../integration-form/test-target-dialog'

const handle = createMenuHandle<string>()

/** The button of an integration's actions; `ActionsMenu` has to be on the same screen. */
export function ActionsButton({ id }: { readonly id: string }) {
  return <MenuTrigger handle={handle} subject={id} label="Actions" name={`Actions for ${id}`} />
}

/** The menu that every `ActionsButton` opens. */
export function ActionsMenu() {
  const navigate = useNavigate()
  const client = useQueryClient()
  const [testing, setTesting] = useState<Integration | null>(null)
  /** As it is now, not as a list may have shown it. */
  const withIntegration = async (id: string, use: (integration: Integration) => unknown, failure: string) => {
    try {
      await use(await client.fetchQuery(integrationQuery(id)))
    } catch (error) {
      toastError(failure, sentenceOf(error))
    }
  }
  const copyJson = async (integration: Integration) => {
    if (await copyText(definitionOf(integration)))
      toastSuccess(`${integration.id} was copied as JSON, without its secrets`)
    else toastError('The text could not be copied.')
  }
  return (
    <>
      <Menu handle={handle}>
        {(id) => (
          <>
            <MenuItem
              icon={<ListChecks size={15} aria-hidden="true" />}
              onSelect={() => void navigate({ to: '/integrations/$id/events', params: { id } })}
            >
              View Events
            </MenuItem>
            <MenuItem
              icon={<OctagonX size={15} aria-hidden="true" />}
              onSelect={() => void navigate({ to: '/integrations/$id/rejected', params: { id } })}
            >
              View Rejected Events
            </MenuItem>
            <MenuItem
              icon={<ScrollText size={15} aria-hidden="true" />}
              onSelect={() => void navigate({ to: '/integrations/$id/logs', params: { id } })}
            >
              View Logs
            </MenuItem>
            <MenuSeparator />
            <MenuItem
              icon={<SquarePen size={15} aria-hidden="true" />}
              onSelect={() => void navigate({ to: '/integrations/$id/settings', params: { id } })}
            >
              Edit Integration Details
            </MenuItem>
            <MenuItem
              icon={<PlugZap size={15} aria-hidden="true" />}
              onSelect={() => void withIntegration(id, setTesting, `The target of ${id} could not be tested`)}
            >
              Test target
            </MenuItem>
            <MenuItem
              icon={<Copy size={15} aria-hidden="true" />}
              onSelect={() => void navigate({ to: '/integrations/new', search: { like: id } })}
            >
              Duplicate
            </MenuItem>
            <MenuItem
              icon={<Braces size={15} aria-hidden="true" />}
              onSelect={() => void withIntegration(id, copyJson, `${id} could not be copied`)}
            >
              Copy as JSON
            </MenuItem>
          </>
        )}
      </Menu>
      {testing !== null && <TestTargetDialog integration={testing} onClose={() => setTesting(null)} />}
    </>
  )
}
