import { useNavigate } from '@tanstack/react-router'
import { ListChecks, OctagonX, ScrollText } from 'lucide-react'
import { Menu, MenuItem } from '../../ui/menu'

interface Props {
  readonly id: string
}

export function ActionsMenu({ id }: Props) {
  const navigate = useNavigate()
  return (
    <Menu label="Actions" name={`Actions for ${id}`}>
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
    </Menu>
  )
}
