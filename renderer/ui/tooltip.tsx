import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import styles from './tooltip.module.css'

interface Props {
  readonly text: ReactNode
  readonly detail?: ReactNode
  readonly side?: 'top' | 'bottom' | 'left' | 'right'
  /** Put the trigger into the tab order, for text that is not a control of its own. */
  readonly focusable?: boolean
  readonly children: ReactElement
}

/** A hint on hover and focus. It repeats or details what the element says; nothing is told by it alone. */
export function Tooltip({ text, detail, side = 'top', focusable = false, children }: Props) {
  return (
    <Base.Root>
      <Base.Trigger delay={350} render={children} {...(focusable ? { tabIndex: 0 } : {})} />
      <Base.Portal>
        <Base.Positioner className={styles.positioner} side={side} sideOffset={6} collisionPadding={8}>
          <Base.Popup className={styles.popup}>
            {text}
            {detail !== undefined && <span className={styles.detail}>{detail}</span>}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

/** Once one hint is open, the next one opens at once. */
export const TooltipProvider = Base.Provider
