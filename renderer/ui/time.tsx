import type { EpochMs } from '@shared/domain'
import { formatDateTime, formatExact, formatRelative, formatUtc } from './format'
import { Tooltip } from './tooltip'
import { useNow } from './use-now'

interface Props {
  readonly at: EpochMs
}

/** A local time for a row of a long list: the title costs nothing per row, the detail pane has the same for the keyboard. */
export function RowTime({ at }: Props) {
  return (
    <time dateTime={new Date(at).toISOString()} title={formatUtc(at)}>
      {formatDateTime(at)}
    </time>
  )
}

/** A local time to the millisecond, UTC on hover and focus. */
export function ExactTime({ at }: Props) {
  return (
    <Tooltip text={formatUtc(at)}>
      <time dateTime={new Date(at).toISOString()}>{formatExact(at)}</time>
    </Tooltip>
  )
}

/** How long ago, with local time and UTC on hover and focus. */
export function RelativeTime({ at }: Props) {
  const now = useNow()
  return (
    <Tooltip text={formatExact(at)} detail={formatUtc(at)}>
      <time dateTime={new Date(at).toISOString()}>{formatRelative(at, now)}</time>
    </Tooltip>
  )
}
