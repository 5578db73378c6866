-- What was attempted in each minute (start of the attempt / 60,000), for the strips and histograms of the console. A batch counts its events.
CREATE TABLE attempt_minutes (
  integration INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  PRIMARY KEY (integration, minute)
) STRICT, WITHOUT ROWID;
INSERT INTO attempt_minutes (integration, minute, delivered, failed)
  SELECT integration, started_at / 60000, sum(iif(failed = 0, events, 0)), sum(iif(failed = 1, events, 0))
  FROM (
    SELECT a.integration, a.started_at, a.failed, iif(a.batch IS NULL, 1, coalesce(b.events, 1)) AS events
    FROM attempts AS a LEFT JOIN batches AS b ON b.id = a.batch
  )
  GROUP BY 1, 2;

-- A deleted integration keeps everything until its purge begins, so that the deletion can be taken back.
ALTER TABLE integrations ADD COLUMN purging INTEGER NOT NULL DEFAULT 0 CHECK (purging IN (0, 1));
UPDATE integrations SET purging = 1 WHERE deleted_at IS NOT NULL;
