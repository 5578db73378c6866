import type { TargetTest, TargetTestOutcome, TargetTestStepName } from '@shared/target-test'
import { CircleAlert, CircleCheck, CircleMinus, Info, type LucideIcon } from 'lucide-react'
import { formatDuration } from '../../ui/format'
import styles from './target-test-steps.module.css'

const names: Readonly<Record<TargetTestStepName, string>> = {
  resolve: 'Find the host',
  connect: 'Connect',
  tls: 'Secure the connection',
  request: 'Send a test event',
  put: 'Write a test object',
  verify: 'Read it back',
  delete: 'Delete it',
}

const outcomes: Readonly<Record<TargetTestOutcome, { readonly icon: LucideIcon; readonly word: string }>> = {
  ok: { icon: CircleCheck, word: 'done' },
  failed: { icon: CircleAlert, word: 'failed' },
  note: { icon: Info, word: 'note' },
  skipped: { icon: CircleMinus, word: 'skipped' },
}

/** What *Test target* found, step by step in the order of a delivery. */
export function TargetTestSteps({ result }: { readonly result: TargetTest }) {
  return (
    <ol className={styles.steps} aria-label="Test result">
      {result.steps.map(({ name, outcome, message, durationMs }) => {
        const { icon: Icon, word } = outcomes[outcome]
        return (
          <li key={name} className={styles.step} data-outcome={outcome}>
            <Icon size={15} aria-hidden="true" className={styles.icon} />
            <div className={styles.words}>
              <p className={styles.name}>
                {names[name]}
                <span className={styles.word}>{word}</span>
              </p>
              <p className={styles.message}>{message}</p>
            </div>
            <span className={styles.time}>{durationMs === null ? '' : formatDuration(durationMs)}</span>
          </li>
        )
      })}
    </ol>
  )
}
