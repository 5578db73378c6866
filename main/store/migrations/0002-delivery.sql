-- Event types are told apart by tenant too: an S3 object holds the events of one tenant.
CREATE TABLE new_event_types (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  name TEXT NOT NULL,
  events INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tenant, name)
) STRICT;
INSERT INTO new_event_types (tenant, name, events)
  SELECT coalesce(json_extract(CAST(e.body AS TEXT), '$.tenant'), ''), t.name, count(*)
  FROM events AS e JOIN event_types AS t ON t.id = e.type_id GROUP BY 1, 2;
UPDATE events SET type_id = (
  SELECT n.id FROM new_event_types AS n JOIN event_types AS t ON t.name = n.name
  WHERE t.id = events.type_id AND n.tenant = coalesce(json_extract(CAST(events.body AS TEXT), '$.tenant'), '')
);
DROP TABLE event_types;
ALTER TABLE new_event_types RENAME TO event_types;

-- Bounds of the publishing times in each stretch of 4,096 places of the log, so that a start date finds its place in the
-- log without a walk through all events.
CREATE TABLE event_blocks (
  block INTEGER PRIMARY KEY,
  first_published_at INTEGER NOT NULL,
  last_published_at INTEGER NOT NULL
) STRICT;
INSERT INTO event_blocks SELECT seq >> 12, min(published_at), max(published_at) FROM events GROUP BY 1;

CREATE TABLE new_integrations (
  no INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  integration_type TEXT NOT NULL CHECK (integration_type IN ('permanent', 'temporary')),
  status TEXT NOT NULL CHECK (status IN ('running', 'stopped')),
  stop_cause TEXT CHECK (stop_cause IN ('operator', 'failure', 'ended')),
  -- Stopped by failure, and to be started again as soon as its target answers.
  restart_pending INTEGER NOT NULL DEFAULT 0 CHECK (restart_pending IN (0, 1)),
  starts_at INTEGER,
  ends_at INTEGER,
  entity_filter TEXT NOT NULL,
  event_filter TEXT NOT NULL,
  target_kind TEXT NOT NULL CHECK (target_kind IN ('webhook', 's3')),
  target TEXT NOT NULL,
  secrets BLOB,
  options TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  -- Delivery state. Every matching event up to `cursor` is settled or in `waiting`.
  cursor INTEGER NOT NULL,
  -- Offset of the counters, so that
  -- backlog = accepted of the selected types - matched_base - delivered - rejected - passed_over - expired.
  matched_base INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  -- Refused for good, those included that an operator has deleted since.
  rejected INTEGER NOT NULL DEFAULT 0,
  rejected_deleted INTEGER NOT NULL DEFAULT 0,
  -- Events of the selected types that were published outside the integration's dates.
  passed_over INTEGER NOT NULL DEFAULT 0,
  -- Events that the log gave up before a paused integration took them.
  expired INTEGER NOT NULL DEFAULT 0,
  -- Part of `expired` that a log entry has told.
  expired_told INTEGER NOT NULL DEFAULT 0,
  -- Milliseconds in which attempts were possible: active, awake, circuit closed.
  possible_ms INTEGER NOT NULL DEFAULT 0,
  -- JSON of the outage while nothing succeeds.
  outage TEXT,
  last_attempt_at INTEGER,
  last_attempt_failed INTEGER NOT NULL DEFAULT 0,
  CHECK ((status = 'running') = (stop_cause IS NULL)),
  CHECK (restart_pending = 0 OR stop_cause = 'failure')
) STRICT;
INSERT INTO new_integrations (no, id, integration_type, status, stop_cause, starts_at, ends_at, entity_filter, event_filter,
    target_kind, target, secrets, created_at, updated_at, deleted_at, cursor, matched_base, delivered, rejected, passed_over,
    last_attempt_at, last_attempt_failed)
  SELECT no, id, integration_type, status, stop_cause, starts_at, ends_at, entity_filter, event_filter,
    target_kind, json_object('callbackUrl', target ->> 'callbackUrl', 'hasApiKey', json(iif(target ->> 'hasApiKey', 'true', 'false')),
      'signingSecrets', 0),
    secrets, created_at, updated_at, deleted_at, cursor, matched_base, delivered, rejected, passed_over,
    last_attempt_at, last_attempt_failed
  FROM integrations;
-- Numbers are never used again, those of integrations that are gone included.
DELETE FROM sqlite_sequence WHERE name = 'new_integrations';
INSERT INTO sqlite_sequence (name, seq) SELECT 'new_integrations', seq FROM sqlite_sequence WHERE name = 'integrations';
DROP TABLE integrations;
ALTER TABLE new_integrations RENAME TO integrations;
CREATE UNIQUE INDEX integrations_by_id ON integrations (id) WHERE deleted_at IS NULL;

-- `batch` is set for an attempt of an S3 batch, whose `seq` is that of its first event; `manual` for one that an operator asked for.
ALTER TABLE attempts ADD COLUMN first_byte_us INTEGER;
ALTER TABLE attempts ADD COLUMN reused INTEGER;
ALTER TABLE attempts ADD COLUMN batch INTEGER;
ALTER TABLE attempts ADD COLUMN manual INTEGER;
CREATE INDEX attempts_by_batch ON attempts (batch) WHERE batch IS NOT NULL;

-- What only some attempts have: failures, the first on a connection, those whose answers are kept.
ALTER TABLE attempt_failures RENAME TO attempt_details;
ALTER TABLE attempt_details ADD COLUMN response_headers TEXT;
ALTER TABLE attempt_details ADD COLUMN next_try_at INTEGER;
ALTER TABLE attempt_details ADD COLUMN dns_us INTEGER;
ALTER TABLE attempt_details ADD COLUMN connect_us INTEGER;
ALTER TABLE attempt_details ADD COLUMN tls_us INTEGER;

-- `window_from` is the integration's `possible_ms` at the first failure: from there on the delivery window counts.
ALTER TABLE waiting ADD COLUMN window_from INTEGER NOT NULL DEFAULT 0;
UPDATE waiting SET window_from = 0;

ALTER TABLE rejected_events ADD COLUMN reason TEXT NOT NULL DEFAULT 'rejected_by_receiver';

-- The objects of an S3 target: what each batch holds is written down before its first upload, so that a retry after any crash
-- writes the same object again. The events of a batch are those in (after_seq, last_seq] that its own selection takes.
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  integration INTEGER NOT NULL,
  after_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  selection TEXT NOT NULL,
  starts_at INTEGER,
  ends_at INTEGER,
  events INTEGER NOT NULL,
  passed_over INTEGER NOT NULL,
  gzip INTEGER NOT NULL CHECK (gzip IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('sealed', 'stored')),
  sealed_at INTEGER NOT NULL,
  stored_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_by_range ON batches (integration, last_seq);
CREATE INDEX batches_open ON batches (integration, id) WHERE state = 'sealed';

CREATE TABLE batch_objects (
  batch INTEGER NOT NULL,
  tenant TEXT NOT NULL,
  object_key TEXT NOT NULL,
  events INTEGER NOT NULL,
  -- Bytes of the object as it is written.
  bytes INTEGER NOT NULL,
  -- Name of the compressed file that waits for its upload.
  spool TEXT,
  stored_at INTEGER,
  etag TEXT,
  verification TEXT,
  PRIMARY KEY (batch, tenant)
) STRICT, WITHOUT ROWID;

-- Re-sends that an operator asked for. Everything up to `position` is handled.
CREATE TABLE resends (
  id INTEGER PRIMARY KEY,
  integration INTEGER NOT NULL,
  filter TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done', 'cancelled')),
  total INTEGER NOT NULL,
  succeeded INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0,
  position_at INTEGER NOT NULL DEFAULT -1,
  position_seq INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  ended_at INTEGER
) STRICT;
CREATE INDEX resends_by_integration ON resends (integration, id);

CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  integration INTEGER,
  integration_id TEXT,
  kind TEXT NOT NULL,
  message TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  resolved_at INTEGER,
  seen_at INTEGER
) STRICT;
CREATE INDEX alerts_open ON alerts (integration, kind) WHERE resolved_at IS NULL;

-- Who changed what. Each row's hash covers the row and the hash of the row before it, so that a change of the past shows.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  via TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT,
  before TEXT,
  after TEXT,
  hash BLOB NOT NULL
) STRICT;

-- When an integration was last started, without a walk through its bursts of retries.
CREATE INDEX log_entries_of_starts ON log_entries (integration, created_at) WHERE action = 'integration_started';
