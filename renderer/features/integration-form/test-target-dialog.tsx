import type { Integration } from '@shared/domain'
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { Checkbox } from '../../ui/checkbox'
import { Dialog } from '../../ui/dialog'
import { targetText } from '../integrations/words'
import styles from './integration-form.module.css'
import { TargetTestSteps } from './target-test-steps'

interface Props {
  readonly integration: Integration
  readonly onClose: () => void
}

/** *Test target* of a saved integration, with its saved secrets. */
export function TestTargetDialog({ integration, onClose }: Props) {
  const { id, target } = integration
  const boxId = useId()
  const webhook = target.kind === 'webhook'
  const [sendTestEvent, setSendTestEvent] = useState(false)
  const test = useMutation({
    mutationFn: () =>
      call('targets.test', { id, target: { kind: target.kind }, sendTestEvent: webhook ? sendTestEvent : true }),
  })
  const { kind, address } = targetText(target)
  return (
    <Dialog
      title={`Test the target of ${id}`}
      description={
        <p>
          {kind} <code className={styles.address}>{address}</code>
        </p>
      }
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button variant="primary" pending={test.isPending} onClick={() => test.mutate()}>
            {test.isSuccess ? 'Test again' : 'Test target'}
          </Button>
        </>
      }
    >
      {webhook ? (
        <div className={styles.check}>
          <Checkbox
            id={boxId}
            label="Send a test event"
            describedBy={`${boxId}-hint`}
            checked={sendTestEvent}
            onChange={setSendTestEvent}
          />
          <label htmlFor={boxId}>
            Send a test event
            <span id={`${boxId}-hint`} className={styles.hint}>
              One request named console.test, with webhook-test: true and the saved API key. Without it nothing is sent.
            </span>
          </label>
        </div>
      ) : (
        <p className={styles.hint}>Writes a small test object under the key prefix, reads it back and deletes it.</p>
      )}
      <div aria-live="polite">
        {test.isError && !test.isPending && <Callout tone="danger">{sentenceOf(test.error)}</Callout>}
        {test.isSuccess && (
          <>
            <p className={styles.verdict} data-ok={test.data.ok}>
              {test.data.ok ? 'The target can be reached' : 'The target cannot take events like this'}
            </p>
            <TargetTestSteps result={test.data} />
          </>
        )}
      </div>
    </Dialog>
  )
}
