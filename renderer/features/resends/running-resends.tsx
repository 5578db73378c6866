import type { Resend } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { Pause, Play, X } from 'lucide-react'
import { resendListQuery } from '../../query/queries'
import { Button } from '../../ui/button'
import { Progress } from '../../ui/progress'
import { handledOf, progressText, resendText } from './resend-words'
import styles from './running-resends.module.css'
import { useResendChange } from './use-resends'

interface Props {
  readonly id: string
}

/** Re-sends of an integration that have not ended. */
export function RunningResends({ id }: Props) {
  const rows = useQuery(resendListQuery(id)).data?.rows ?? []
  const open = rows.filter(({ state }) => state === 'running' || state === 'paused')
  if (open.length === 0) return null
  return (
    <section className={styles.resends} aria-label="Running re-sends">
      <ul>
        {open.map((resend) => (
          <Row key={resend.id} resend={resend} />
        ))}
      </ul>
    </section>
  )
}

function Row({ resend }: { readonly resend: Resend }) {
  const change = useResendChange(resend)
  const paused = resend.state === 'paused'
  const what = resendText(resend.filter)
  return (
    <li className={styles.row}>
      <span className={styles.what} title={what}>
        {paused ? 'Paused: ' : 'Sending again: '}
        {what}
      </span>
      <Progress
        label={`Re-send ${resend.id}`}
        value={handledOf(resend)}
        max={resend.total}
        tone={paused ? 'neutral' : 'accent'}
      />
      <span className={styles.figures}>{progressText(resend)}</span>
      <Button
        small
        icon={paused ? <Play size={13} aria-hidden="true" /> : <Pause size={13} aria-hidden="true" />}
        pending={change.isPending}
        onClick={() => change.mutate(paused ? 'resume' : 'pause')}
      >
        {paused ? 'Resume' : 'Pause'}
      </Button>
      <Button
        small
        variant="ghost"
        icon={<X size={13} aria-hidden="true" />}
        disabled={change.isPending}
        onClick={() => change.mutate('cancel')}
      >
        Cancel
      </Button>
    </li>
  )
}
