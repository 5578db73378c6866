import { useMutation } from '@tanstack/react-query'
import { CircleAlert, CircleCheck } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { Checkbox } from '../../ui/checkbox'
import { targetFields, toTargetTest } from './form-model'
import styles from './integration-form.module.css'
import { TargetTestSteps } from './target-test-steps'
import type { IntegrationForm } from './use-integration-form'

/** *Test target* before it is saved, with what is in the form. A test event goes out on the operator's word only. */
export function TargetTestPanel({ form: state }: { readonly form: IntegrationForm }) {
  const { values, saved, inputId } = state
  const webhook = values.kind === 'webhook'
  const [sendTestEvent, setSendTestEvent] = useState(false)
  const test = useMutation({
    mutationFn: (input: ReturnType<typeof toTargetTest>) => call('targets.test', input),
  })
  const result = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (test.isSuccess || test.isError) result.current?.scrollIntoView({ block: 'nearest' })
  }, [test.isSuccess, test.isError])
  // Writing and deleting an object is all that a bucket can be tested with; the button says so.
  const input = toTargetTest(values, saved, webhook ? sendTestEvent : true)
  const outdated = test.variables !== undefined && JSON.stringify(test.variables) !== JSON.stringify(input)
  const run = async () => {
    if (await state.check(targetFields[values.kind])) test.mutate(input)
  }
  const id = `${inputId('callbackUrl')}-test-event`
  return (
    <section className={styles.test} aria-label="Test target">
      <div className={styles.testBar}>
        <Button pending={test.isPending} onClick={() => void run()}>
          Test target
        </Button>
        {webhook ? (
          <div className={styles.check}>
            <Checkbox
              id={id}
              label="Send a test event"
              describedBy={`${id}-hint`}
              checked={sendTestEvent}
              onChange={setSendTestEvent}
            />
            <label htmlFor={id}>
              Send a test event
              <span id={`${id}-hint`} className={styles.hint}>
                One request named console.test, with webhook-test: true. Without it nothing is sent.
              </span>
            </label>
          </div>
        ) : (
          <p className={styles.hint}>
            Writes a small test object under the key prefix, reads it back and deletes it. Nothing is saved.
          </p>
        )}
      </div>
      <div ref={result} aria-live="polite" className={styles.result}>
        {test.isError && !test.isPending && <Callout tone="danger">{sentenceOf(test.error)}</Callout>}
        {test.isSuccess && (
          <div className={styles.testResult} data-outdated={outdated || undefined}>
            <p className={styles.verdict} data-ok={test.data.ok}>
              {test.data.ok ? (
                <CircleCheck size={15} aria-hidden="true" />
              ) : (
                <CircleAlert size={15} aria-hidden="true" />
              )}
              {test.data.ok ? 'The target can be reached' : 'The target cannot take events like this'}
              {outdated && <span className={styles.hint}>The target was changed after this test.</span>}
            </p>
            <TargetTestSteps result={test.data} />
          </div>
        )}
      </div>
    </section>
  )
}
