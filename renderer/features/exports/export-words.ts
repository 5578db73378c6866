import type { ExportJob } from '@shared/domain'
import { countOf, formatBytes } from '../../ui/format'

/** How an export is doing, in words. */
export function stateText({ state, rows, bytes, errorMessage }: ExportJob): string {
  const size = `${countOf(rows, 'row')}, ${formatBytes(bytes)}`
  switch (state) {
    case 'running':
      return size
    case 'done':
      return rows === 0 ? 'Exported, but no row matched' : `Exported: ${size}`
    case 'cancelled':
      return 'Cancelled, nothing was kept'
    case 'failed':
      return `Failed: ${errorMessage}`
  }
}
