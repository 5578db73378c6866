import type { Selection } from '@shared/domain'
import { Chip } from '../../ui/badge'
import { Tooltip } from '../../ui/tooltip'
import styles from './event-chips.module.css'

interface Props {
  readonly selection: Selection
  /** Room for the chips, in pixels. */
  readonly width: number
}

const LINES = 2
const CHARACTER = 6.2
const PADDING = 14
const GAP = 4
const MORE = 32

/** The selected events as chips, as many as two lines take; the rest are a number with the whole list behind it. */
export function EventChips({ selection, width }: Props) {
  const names = [...selection.entities, ...selection.events]
  if (names.length === 0) return <Chip>All events</Chip>
  const shown = fitting(names, width)
  const rest = names.length - shown.length
  return (
    <ul className={styles.chips}>
      {shown.map((name) => (
        <li key={name} className={styles.item} title={name}>
          <Chip>{name}</Chip>
        </li>
      ))}
      {rest > 0 && (
        <li className={styles.item}>
          <Tooltip text={<NameList names={names} />} focusable>
            <span className={styles.more}>
              <Chip>+{rest}</Chip>
            </span>
          </Tooltip>
        </li>
      )}
    </ul>
  )
}

function NameList({ names }: { readonly names: readonly string[] }) {
  return names.map((name) => (
    <span key={name} className={styles.line}>
      {name}
    </span>
  ))
}

/** Packs names into lines by their estimated width. At least one is shown, however narrow it is. */
function fitting(names: readonly string[], width: number): readonly string[] {
  let line = 1
  let used = 0
  const shown: string[] = []
  for (const [i, name] of names.entries()) {
    const size = Math.min(width, name.length * CHARACTER + PADDING)
    const isLast = i === names.length - 1
    const reserve = line === LINES && !isLast ? MORE + GAP : 0
    if (used > 0 && used + GAP + size + reserve > width) {
      if (line === LINES) break
      line++
      used = 0
    }
    if (line === LINES && used === 0 && !isLast && size + MORE + GAP > width && shown.length > 0) break
    used += (used > 0 ? GAP : 0) + size
    shown.push(name)
  }
  return shown
}
