-- Long work: who asked for it, how far it is, where to go on, and the files it reads and writes.
DROP INDEX tasks_account_idx;
CREATE TABLE tasks_next (
  id              TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id      TEXT   NOT NULL,
  kind            TEXT   NOT NULL,
  perm            TEXT   NOT NULL DEFAULT '',   -- what its owner needs to see its result and to go on with it
  state           TEXT   NOT NULL,
  subject         TEXT   NOT NULL DEFAULT '',   -- what it is about, for people: a file's name
  args            TEXT   NOT NULL DEFAULT '{}', -- JSON
  done            BIGINT NOT NULL DEFAULT 0,
  total           BIGINT NOT NULL DEFAULT 0,    -- 0 while nobody knows
  position        TEXT   NOT NULL DEFAULT '',   -- where to resume
  summary         TEXT   NOT NULL DEFAULT '',   -- JSON: what came of it
  problem         TEXT   NOT NULL DEFAULT '',   -- JSON: why it failed
  upload_id       TEXT   NOT NULL DEFAULT '',
  result_id       TEXT   NOT NULL DEFAULT '',
  attempt         BIGINT NOT NULL DEFAULT 0,    -- counts who works on it: an earlier worker may no longer write
  created_by_kind TEXT   NOT NULL DEFAULT '',
  created_by      TEXT   NOT NULL,              -- actor id
  created_by_name TEXT   NOT NULL DEFAULT '',
  created_at      BIGINT NOT NULL,
  updated_at      BIGINT NOT NULL,
  expires_at      BIGINT NOT NULL DEFAULT 0,    -- when it and its files are removed; 0 stays
  CONSTRAINT tasks_state_ck CHECK (state IN ('waiting', 'running', 'confirm', 'done', 'failed', 'cancelled'))
);
INSERT INTO tasks_next (id, account_id, kind, state, done, total, position, created_by, created_at, updated_at)
  SELECT id, account_id, kind, state, done, total, position, created_by, created_at, updated_at FROM tasks;
DROP TABLE tasks;
ALTER TABLE tasks_next RENAME TO tasks;
CREATE INDEX tasks_account_idx ON tasks (account_id, created_at, id);
CREATE INDEX tasks_owner_idx ON tasks (account_id, created_by, created_at, id);
CREATE INDEX tasks_expiry_idx ON tasks (expires_at) WHERE expires_at > 0;
CREATE INDEX tasks_upload_idx ON tasks (upload_id) WHERE upload_id <> '';
CREATE INDEX tasks_result_idx ON tasks (result_id) WHERE result_id <> '';

-- Files lie sealed, in parts; each part's seal names its file, its number and whether it is the last.
CREATE TABLE files (
  id         TEXT   NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  bytes      BIGINT NOT NULL DEFAULT 0,
  parts      BIGINT NOT NULL DEFAULT 0,
  complete   BOOLEAN NOT NULL DEFAULT FALSE,
  created_at BIGINT NOT NULL
);
CREATE INDEX files_created_idx ON files (created_at);

CREATE TABLE file_part (
  file_id TEXT    NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  n       BIGINT  NOT NULL,
  sealed  BYTEA   NOT NULL,
  PRIMARY KEY (file_id, n)
);
