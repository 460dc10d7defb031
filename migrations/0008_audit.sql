-- The log of everything, newest first: for lists of large subtrees, and for retention, which deletes from its old end.
CREATE INDEX audit_events_at_idx ON audit_events (at, id);

-- Where a chain begins after retention took its oldest events: what was sealed with number seq, the last one deleted.
CREATE TABLE audit_checkpoints (
  account_id TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  seq        BIGINT NOT NULL,
  hash       BYTEA  NOT NULL,
  deleted    BIGINT NOT NULL,               -- events deleted so far
  at         BIGINT NOT NULL                -- when the latest were
);
