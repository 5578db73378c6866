import { useQuery } from '@tanstack/react-query'
import { FileInput } from 'lucide-react'
import { importListQuery } from '../../query/queries'
import { PageHeader } from '../../ui/page'
import { SkeletonRows } from '../../ui/skeleton'
import { EmptyState, ErrorState } from '../../ui/state-view'
import { ImportButton } from './import-button'
import { ImportJobRow } from './import-job-row'
import styles from './imports-page.module.css'

export function ImportsPage() {
  const list = useQuery(importListQuery)
  const jobs = list.data?.rows ?? []
  return (
    <>
      <PageHeader title="Imports">{jobs.length > 0 && <ImportButton primary />}</PageHeader>
      <div className={styles.content}>
        {list.isPending ? (
          <SkeletonRows rows={4} rowHeight={92} />
        ) : list.isError && !list.data ? (
          <ErrorState title="The imports could not be loaded" error={list.error} onRetry={() => void list.refetch()} />
        ) : jobs.length === 0 ? (
          <EmptyState icon={FileInput} title="Import events from a file" actions={<ImportButton primary />}>
            <Format />
          </EmptyState>
        ) : (
          <>
            <div className={styles.hint}>
              <Format />
            </div>
            <ul aria-label="Imports">
              {jobs.map((job) => (
                <ImportJobRow key={job.id} job={job} />
              ))}
            </ul>
          </>
        )}
      </div>
    </>
  )
}

function Format() {
  return (
    <p>
      Choose files or drop them anywhere on the window: NDJSON with one event envelope per line, or <code>.export</code>{' '}
      files as an S3 target writes them. A bad line is listed and never stops the good ones.
    </p>
  )
}
