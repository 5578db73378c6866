import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import styles from './tooltip.module.css'

type Side = 'top' | 'bottom' | 'left' | 'right'

interface Hint {
  readonly text: ReactNode
  readonly detail: ReactNode
  readonly side: Side
}

interface Props {
  readonly text: ReactNode
  readonly detail?: ReactNode
  readonly side?: Side
  /** Put the trigger into the tab order, for text that is not a control of its own. */
  readonly focusable?: boolean
  readonly children: ReactElement
}

/** One hint is shown at a time, so one serves all: a list would otherwise pay for a hint of its own in every row. */
const shared = Base.createHandle<Hint>()

/** A hint on hover and focus. It repeats or details what the element says; nothing is told by it alone. */
export function Tooltip({ text, detail, side = 'top', focusable = false, children }: Props) {
  return (
    <Base.Trigger
      handle={shared}
      payload={{ text, detail, side }}
      delay={350}
      render={children}
      {...(focusable ? { tabIndex: 0 } : {})}
    />
  )
}

/** Shows the hints of the page inside it; once one is open, the next one opens at once. */
export function TooltipProvider({ children }: { readonly children: ReactNode }) {
  return (
    <Base.Provider>
      {children}
      <Base.Root handle={shared}>
        {({ payload: hint }) =>
          hint && (
            <Base.Portal>
              <Base.Positioner className={styles.positioner} side={hint.side} sideOffset={6} collisionPadding={8}>
                <Base.Popup className={styles.popup}>
                  {hint.text}
                  {hint.detail !== undefined && <span className={styles.detail}>{hint.detail}</span>}
                </Base.Popup>
              </Base.Positioner>
            </Base.Portal>
          )
        }
      </Base.Root>
    </Base.Provider>
  )
}
