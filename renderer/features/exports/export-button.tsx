import type { ExportSource } from '@shared/contract'
import type { ExportFormat } from '@shared/domain'
import { useQueryClient } from '@tanstack/react-query'
import { Braces, Table } from 'lucide-react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { ButtonMenu, MenuItem } from '../../ui/menu'
import { toastError } from '../../ui/toast'

interface Props {
  /** What is exported, asked for at the moment of the choice. */
  readonly source: () => ExportSource
}

/** Writes the list as it is filtered to a file; the tray at the bottom shows how far it is. */
export function ExportButton({ source }: Props) {
  const client = useQueryClient()
  const start = async (format: ExportFormat) => {
    try {
      await call('exports.choose', { source: source(), format })
      await client.invalidateQueries({ queryKey: keys.exports })
    } catch (error) {
      toastError('The export could not be started', sentenceOf(error))
    }
  }
  return (
    <ButtonMenu label="Export" name="Export">
      <MenuItem icon={<Table size={15} aria-hidden="true" />} onSelect={() => void start('csv')}>
        CSV, for spreadsheets
      </MenuItem>
      <MenuItem icon={<Braces size={15} aria-hidden="true" />} onSelect={() => void start('ndjson')}>
        NDJSON, one object per line
      </MenuItem>
    </ButtonMenu>
  )
}
