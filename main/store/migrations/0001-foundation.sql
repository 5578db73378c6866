-- Event types seen so far. `events` counts every event ever accepted and never falls, so that a backlog is a
-- subtraction instead of a scan.
CREATE TABLE event_types (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  events INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The event log: append-only. `body` comes last so that scans of the other columns do not touch its pages.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  event_id BLOB NOT NULL,
  type_id INTEGER NOT NULL REFERENCES event_types (id),
  domain_entity_id TEXT,
  published_at INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_event_id ON events (event_id);
CREATE INDEX events_by_type ON events (type_id, seq);
CREATE INDEX events_by_domain_entity ON events (domain_entity_id, seq) WHERE domain_entity_id IS NOT NULL;
CREATE INDEX events_by_published_at ON events (published_at);

-- `no` is never used again, so rows of a deleted integration cannot turn up under a new one with the same id.
CREATE TABLE integrations (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  integration_type TEXT NOT NULL CHECK (integration_type IN ('permanent', 'temporary')),
  status TEXT NOT NULL CHECK (status IN ('running', 'stopped')),
  stop_cause TEXT CHECK (stop_cause IN ('operator', 'failure', 'ended')),
  starts_at INTEGER,
  ends_at INTEGER,
  entity_filter TEXT NOT NULL,
  event_filter TEXT NOT NULL,
  target_kind TEXT NOT NULL CHECK (target_kind IN ('webhook')),
  target TEXT NOT NULL,
  secrets BLOB,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  -- Delivery state. Every matching event up to `cursor` is settled or in `waiting`.
  cursor INTEGER NOT NULL,
  -- Events of the selected types that lie before the integration's beginning, so that
  -- backlog = accepted of these types - matched_base - delivered - rejected - passed_over.
  matched_base INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  -- Events of the selected types that were published outside the integration's dates.
  passed_over INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  last_attempt_failed INTEGER NOT NULL DEFAULT 0,
  CHECK ((status = 'running') = (stop_cause IS NULL))
) STRICT;
CREATE UNIQUE INDEX integrations_by_id ON integrations (id) WHERE deleted_at IS NULL;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  integration INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  failed INTEGER NOT NULL CHECK (failed IN (0, 1)),
  status_code INTEGER,
  error_code TEXT
) STRICT;
CREATE INDEX attempts_by_time ON attempts (integration, failed, started_at);
CREATE INDEX attempts_by_event ON attempts (integration, seq);

CREATE TABLE attempt_failures (
  attempt INTEGER PRIMARY KEY,
  detail TEXT,
  response_body TEXT
) STRICT;

-- Events that the cursor has passed although they are not settled: failed ones with the time of their next try.
CREATE TABLE waiting (
  integration INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  PRIMARY KEY (integration, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_by_due ON waiting (integration, due_at);

CREATE TABLE rejected_events (
  integration INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  rejected_at INTEGER NOT NULL,
  PRIMARY KEY (integration, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX rejected_events_by_time ON rejected_events (integration, rejected_at, seq);

CREATE TABLE log_entries (
  id INTEGER PRIMARY KEY,
  integration INTEGER NOT NULL,
  action TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX log_entries_by_time ON log_entries (integration, created_at);

CREATE TABLE imports (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed', 'interrupted')),
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  bytes_total INTEGER NOT NULL,
  bytes_read INTEGER NOT NULL DEFAULT 0,
  lines INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  error_code TEXT,
  error_message TEXT
) STRICT;

CREATE TABLE import_problems (
  import INTEGER NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  excerpt TEXT NOT NULL,
  PRIMARY KEY (import, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
