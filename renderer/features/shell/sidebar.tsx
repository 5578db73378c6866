import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  Bell,
  BookCheck,
  CirclePause,
  CirclePlay,
  FileInput,
  Inbox,
  Layers,
  type LucideIcon,
  Settings,
  TriangleAlert,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { infoQuery, integrationListQuery, unseenAlertsQuery } from '../../query/queries'
import { Badge } from '../../ui/badge'
import { formatFigure, formatNumber } from '../../ui/format'
import { Tooltip } from '../../ui/tooltip'
import type { ListView } from '../integrations/list-search'
import styles from './sidebar.module.css'

const views: readonly { readonly view: ListView; readonly label: string; readonly icon: LucideIcon }[] = [
  { view: 'all', label: 'All', icon: Layers },
  { view: 'active', label: 'Active', icon: CirclePlay },
  { view: 'paused', label: 'Paused', icon: CirclePause },
]

const tools = [
  { to: '/alerts', label: 'Alerts', icon: Bell },
  { to: '/imports', label: 'Imports', icon: FileInput },
  { to: '/inbox', label: 'Webhook Inbox', icon: Inbox },
  { to: '/audit', label: 'Audit Log', icon: BookCheck },
  { to: '/settings', label: 'Settings', icon: Settings },
] as const

export function Sidebar() {
  const counts = useQuery(integrationListQuery).data?.counts
  const unseen = useQuery(unseenAlertsQuery).data?.count ?? 0
  return (
    <nav className={styles.sidebar} aria-label="Main">
      <div className={styles.brand}>
        <Mark />
        Event Stream Console
      </div>
      <Group title="Event Stream">
        {views.map(({ view, label, icon: Icon }) => (
          <li key={view}>
            <Link
              to="/event-stream/$view"
              params={{ view }}
              className={styles.link}
              activeOptions={{ includeSearch: false }}
              aria-label={label}
              aria-describedby={counts && `count-${view}`}
            >
              <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
              <span className={styles.label}>{label}</span>
              {counts && (
                <span className={styles.count} id={`count-${view}`}>
                  {formatNumber(counts[view])}
                </span>
              )}
            </Link>
          </li>
        ))}
      </Group>
      <Group title="Tools">
        {tools.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              className={styles.link}
              activeOptions={{ includeSearch: false }}
              aria-label={label}
              aria-describedby={to === '/alerts' && unseen > 0 ? 'unseen-alerts' : undefined}
            >
              <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
              <span className={styles.label}>{label}</span>
              {to === '/alerts' && unseen > 0 && (
                <span className={styles.unseen} id="unseen-alerts">
                  {formatFigure(unseen)}
                  <span className={styles.hidden}> new</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </Group>
      <Footer />
    </nav>
  )
}

interface GroupProps {
  readonly title: string
  readonly children: ReactNode
}

function Group({ title, children }: GroupProps) {
  return (
    <section className={styles.group}>
      <h2 className={styles.groupTitle}>{title}</h2>
      <ul aria-label={title}>{children}</ul>
    </section>
  )
}

const protectionWarnings = {
  none: {
    text: 'API keys cannot be saved yet',
    detail: 'This system has no keychain. The form of a new integration asks whether a key file may be used.',
  },
  locked: {
    text: 'API keys are locked',
    detail:
      'This machine or user cannot unlock the key they are encrypted with. Integrations with an API key cannot deliver.',
  },
} as const

function Footer() {
  const { data: info } = useQuery(infoQuery)
  if (!info) return null
  const { secretProtection: protection } = info
  const warning = protection === 'none' || protection === 'locked' ? protectionWarnings[protection] : undefined
  return (
    <footer className={styles.footer}>
      {warning && (
        <Tooltip text={warning.detail} side="right" focusable>
          <p className={styles.warning}>
            <TriangleAlert size={14} aria-hidden="true" />
            {warning.text}
          </p>
        </Tooltip>
      )}
      {info.demo && (
        <div>
          <Badge tone="accent">Demo workspace</Badge>
        </div>
      )}
      <div className={styles.workspace}>
        <span className={styles.name} title={info.workspace}>
          {nameOf(info.workspace)}
        </span>
        <span className={styles.version}>{info.version}</span>
      </div>
    </footer>
  )
}

/** The last folder of a path; anything else is a name already. */
function nameOf(workspace: string): string {
  return workspace.split(/[\\/]/).findLast((part) => part !== '') ?? workspace
}

function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" fill="none" aria-hidden="true" className={styles.mark}>
      <path d="M1.5 4.5h7M1.5 9h11M1.5 13.5h5" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      <circle cx="13" cy="4.5" r="2" fill="currentColor" />
      <circle cx="11" cy="13.5" r="2" fill="currentColor" />
    </svg>
  )
}
