import { useNavigate } from '@tanstack/react-router'
import { ListChecks, OctagonX, ScrollText } from 'lucide-react'
import { createMenuHandle, Menu, MenuItem, MenuTrigger } from '../../ui/menu'

const handle = createMenuHandle<string>()

/** The button of an integration's actions; `ActionsMenu` has to be on the same screen. */
export function ActionsButton({ id }: { readonly id: string }) {
  return <MenuTrigger handle={handle} subject={id} label="Actions" name={`Actions for ${id}`} />
}

/** The menu that every `ActionsButton` opens. */
export function ActionsMenu() {
  const navigate = useNavigate()
  return (
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
        </>
      )}
    </Menu>
  )
}
