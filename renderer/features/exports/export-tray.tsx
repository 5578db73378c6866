import type { ExportJob } from '@shared/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import { call, sentenceOf } from '../../bridge/client'
import { keys } from '../../query/keys'
import { exportListQuery } from '../../query/queries'
import { Button, IconButton } from '../../ui/button'
import { Progress } from '../../ui/progress'
import { toastError } from '../../ui/toast'
import styles from './export-tray.module.css'
import { stateText } from './export-words'

/** Exports of this run of the console, until each is dismissed. */
export function ExportTray() {
  const { data } = useQuery(exportListQuery)
  const [dismissed, setDismissed] = useState<ReadonlySet<number>>(new Set())
  const jobs = data?.rows.filter((job) => !dismissed.has(job.id)) ?? []
  if (jobs.length === 0) return null
  return (
    <section className={styles.tray} aria-label="Exports">
      <ul>
        {jobs.map((job) => (
          <Job key={job.id} job={job} onDismiss={() => setDismissed((before) => new Set(before).add(job.id))} />
        ))}
      </ul>
    </section>
  )
}

interface JobProps {
  readonly job: ExportJob
  readonly onDismiss: () => void
}

function Job({ job, onDismiss }: JobProps) {
  const client = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => call('exports.cancel', { exportId: job.id }),
    onError: (error) => toastError('The export could not be cancelled', sentenceOf(error)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.exports }),
  })
  const name = job.path.split(/[\\/]/).at(-1) ?? job.path
  const running = job.state === 'running'
  return (
    <li className={styles.job} data-state={job.state}>
      <span className={styles.name} title={job.path}>
        {name}
      </span>
      <span role="status" className={styles.words}>
        {stateText(job)}
      </span>
      {running ? (
        <>
          <Progress label={`Export of ${name}`} value={null} max={1} />
          <Button small pending={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel
          </Button>
        </>
      ) : (
        <IconButton label={`Dismiss ${name}`} onClick={onDismiss}>
          <X size={14} aria-hidden="true" />
        </IconButton>
      )}
    </li>
  )
}
