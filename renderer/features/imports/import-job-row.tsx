import type { ImportJob, ImportState } from '@shared/domain'
import { useQuery } from '@tanstack/react-query'
import { ChevronRight, FileText } from 'lucide-react'
import { useId, useState } from 'react'
import { importProblemsQuery } from '../../query/queries'
import { Badge } from '../../ui/badge'
import { Button } from '../../ui/button'
import { Callout } from '../../ui/callout'
import { cx } from '../../ui/cx'
import { countOf, formatBytes, formatNumber, formatSpan } from '../../ui/format'
import { SkeletonRows } from '../../ui/skeleton'
import { ErrorState } from '../../ui/state-view'
import { RelativeTime } from '../../ui/time'
import styles from './import-job-row.module.css'
import { useCancelImport } from './use-imports'

interface Props {
  readonly job: ImportJob
}

const states: Readonly<
  Record<
    ImportState,
    { readonly label: string; readonly tone: 'accent' | 'success' | 'neutral' | 'danger' | 'warning' }
  >
> = {
  running: { label: 'Running', tone: 'accent' },
  done: { label: 'Done', tone: 'success' },
  cancelled: { label: 'Cancelled', tone: 'neutral' },
  failed: { label: 'Failed', tone: 'danger' },
  interrupted: { label: 'Interrupted', tone: 'warning' },
}

export function ImportJobRow({ job }: Props) {
  const [open, setOpen] = useState(false)
  const problemsId = useId()
  const name = fileName(job.path)
  const running = job.state === 'running'
  return (
    <li className={styles.job} data-import={job.id}>
      <div className={styles.head}>
        <FileText size={16} strokeWidth={1.75} aria-hidden="true" className={styles.icon} />
        <span className={styles.name} title={job.path}>
          {name}
        </span>
        <Badge tone={states[job.state].tone}>{states[job.state].label}</Badge>
        <span className={styles.when}>
          <RelativeTime at={job.startedAt} />
          {job.endedAt !== null && `, took ${formatSpan(Math.max(1000, job.endedAt - job.startedAt))}`}
        </span>
        {running && <CancelButton job={job} name={name} />}
      </div>
      {job.state !== 'done' && <Progress job={job} name={name} />}
      <dl className={styles.figures}>
        <Figure label="Lines" value={job.lines} />
        <Figure label="Accepted" value={job.accepted} />
        <Figure label="Duplicates" value={job.duplicates} />
        <Figure label="Skipped" value={job.skipped} />
        <Figure label="Refused" value={job.refused} bad={job.refused > 0} />
        {job.refused > 0 && (
          <Button
            small
            variant="ghost"
            className={styles.expand}
            aria-expanded={open}
            aria-controls={problemsId}
            icon={
              <ChevronRight size={14} aria-hidden="true" className={cx(styles.chevron, open && styles.chevronOpen)} />
            }
            onClick={() => setOpen(!open)}
          >
            {open ? 'Hide problems' : 'Show problems'}
          </Button>
        )}
      </dl>
      {job.errorMessage !== null && (
        <div className={styles.remark}>
          <Callout tone="danger">{job.errorMessage}</Callout>
        </div>
      )}
      {job.state === 'interrupted' && (
        <div className={styles.remark}>
          <Callout tone="warning">
            The console ended during this import. What was accepted is in the log; import the file again to get the
            rest, duplicates are recognised.
          </Callout>
        </div>
      )}
      {open && (
        <div id={problemsId}>
          <Problems job={job} />
        </div>
      )}
    </li>
  )
}

function CancelButton({ job, name }: { readonly job: ImportJob; readonly name: string }) {
  const cancel = useCancelImport(job.id)
  return (
    <Button small aria-label={`Cancel import of ${name}`} pending={cancel.isPending} onClick={() => cancel.mutate()}>
      Cancel
    </Button>
  )
}

function Progress({ job, name }: { readonly job: ImportJob; readonly name: string }) {
  const share = job.bytesTotal === 0 ? 1 : Math.min(1, job.bytesRead / job.bytesTotal)
  return (
    <div className={styles.progress}>
      <progress
        className={styles.bar}
        data-state={job.state}
        max={1}
        value={share}
        aria-label={`Progress of ${name}`}
      />
      <span className={styles.bytes}>
        {formatBytes(job.bytesRead)} of {formatBytes(job.bytesTotal)}, {Math.floor(share * 100)} %
      </span>
    </div>
  )
}

function Figure({
  label,
  value,
  bad = false,
}: {
  readonly label: string
  readonly value: number
  readonly bad?: boolean
}) {
  return (
    <div className={styles.figure}>
      <dt>{label}</dt>
      <dd className={cx(bad && styles.bad)}>{formatNumber(value)}</dd>
    </div>
  )
}

function Problems({ job }: Props) {
  const { data, error, refetch } = useQuery(importProblemsQuery(job.id))
  if (!data && error)
    return <ErrorState title="The problems could not be loaded" error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={2} rowHeight={40} />
  const { rows } = data
  return (
    <>
      <table className={styles.problems} aria-label={`Problems of ${fileName(job.path)}`}>
        <thead>
          <tr>
            <th scope="col" className={styles.line}>
              Line
            </th>
            <th scope="col">Reason</th>
            <th scope="col">Start of the line</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((problem) => (
            <tr key={problem.line}>
              <td className={styles.line}>{formatNumber(problem.line)}</td>
              <td>{problem.message}</td>
              <td>
                <code className={styles.excerpt} title={problem.excerpt}>
                  {problem.excerpt}
                </code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < job.refused && (
        <p className={styles.rest}>
          The first {formatNumber(rows.length)} of {countOf(job.refused, 'refused line')}.
        </p>
      )}
    </>
  )
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path
}
