import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import type { Reading } from './definition'
import styles from './integration-form.module.css'

interface Props {
  readonly reading: Reading
  readonly onDismiss: () => void
}

/** What a pasted text filled in, and what of it was not taken over. */
export function ReadingRemark({ reading, onDismiss }: Props) {
  const { kind, filled, notes } = reading
  return (
    <div role="status">
      <Callout
        tone={notes.length === 0 ? 'info' : 'warning'}
        title={kind === 'curl' ? 'Filled in from a cURL command' : 'Filled in from a definition'}
        action={
          <Button small onClick={onDismiss}>
            Dismiss
          </Button>
        }
      >
        <p>{filled.join(', ')}.</p>
        {notes.length > 0 && (
          <ul className={styles.notes}>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </Callout>
    </div>
  )
}
