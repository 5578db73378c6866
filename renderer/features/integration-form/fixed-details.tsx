import type { Integration } from '@shared/domain'
import { Link } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { Definitions } from '../../ui/definitions'
import { ExactTime } from '../../ui/time'
import { Area } from './area'
import styles from './integration-form.module.css'

/** *Integration Details* of a saved integration: there to be read, with why they cannot be changed. */
export function FixedDetails({ integration }: { readonly integration: Integration }) {
  const { id, integrationType, startsAt, endsAt, createdAt } = integration
  return (
    <Area
      title="Integration Details"
      about={
        <>
          Fixed since the integration was created: its events, logs and rejected events belong to this ID and these
          dates.{' '}
          <Link to="/integrations/new" search={{ like: id }} className={styles.link}>
            Duplicate it
          </Link>{' '}
          to change them.
        </>
      }
    >
      <div className={styles.fixed}>
        <Lock size={14} aria-hidden="true" className={styles.lock} />
        <Definitions
          items={[
            ['Integration ID', <code key="id">{id}</code>],
            ['Integration Type', integrationType === 'permanent' ? 'Permanent' : 'Temporary'],
            [
              'Start Date',
              startsAt === null ? 'None: events from its creation on' : <ExactTime key="start" at={startsAt} />,
            ],
            ...(endsAt === null ? [] : ([['End Date', <ExactTime key="end" at={endsAt} />]] as const)),
            ['Created at', <ExactTime key="created" at={createdAt} />],
          ]}
        />
      </div>
    </Area>
  )
}
