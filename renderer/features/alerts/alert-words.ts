import type { AlertKind } from '@shared/domain'
import { CirclePlay, Clock, Hourglass, type LucideIcon, OctagonX } from 'lucide-react'

interface Kind {
  readonly label: string
  readonly tone: 'danger' | 'warning' | 'success'
  readonly icon: LucideIcon
  /** It has a duration; the others are over when they are raised. */
  readonly lasts: boolean
}

const kinds: Readonly<Record<AlertKind, Kind>> = {
  stopped: { label: 'stopped itself', tone: 'danger', icon: OctagonX, lasts: true },
  restarted: { label: 'runs again', tone: 'success', icon: CirclePlay, lasts: false },
  late: { label: 'delivers late', tone: 'warning', icon: Clock, lasts: true },
  lag: { label: 'lags behind', tone: 'warning', icon: Hourglass, lasts: true },
}

/** How an alert of a kind is shown. */
export function kindOf(kind: AlertKind): Kind {
  return kinds[kind]
}
