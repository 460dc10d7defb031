-- What people are told by the bell. A notice to an account is one row for all of its people; who of them sees it is decided when it is read.
CREATE TABLE notices (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  at         BIGINT NOT NULL,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  user_id    TEXT   REFERENCES identities (id) ON DELETE CASCADE,  -- the one person it is for; NULL for all of the account
  kind       TEXT   NOT NULL,
  below      BOOLEAN NOT NULL DEFAULT FALSE, -- also for the people of the accounts below
  target     TEXT   NOT NULL DEFAULT '',     -- the id of what it leads to, when that is not the account
  facts      TEXT   NOT NULL DEFAULT '{}',   -- JSON: names and numbers at that time, filled into the texts of the reader's language
  by_id      TEXT   NOT NULL DEFAULT '',     -- actor id: whoever did it need not be told
  once       TEXT   NOT NULL,                -- what is told under the same word again is told once
  read_at    BIGINT                          -- of a notice for one person
) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX notices_once_idx ON notices (account_id, once);
CREATE INDEX notices_account_idx ON notices (account_id, id) WHERE user_id IS NULL;
CREATE INDEX notices_user_idx ON notices (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX notices_unread_idx ON notices (user_id, id) WHERE user_id IS NOT NULL AND read_at IS NULL;

-- Which notices to an account somebody has read: all from before an instant, and single ones since.
CREATE TABLE notice_marks (
  membership_id TEXT   NOT NULL PRIMARY KEY REFERENCES memberships (id) ON DELETE CASCADE,
  read_before   BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;
CREATE TABLE notice_reads (
  notice_id     TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
  membership_id TEXT   NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
  PRIMARY KEY (notice_id, membership_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX notice_reads_membership_idx ON notice_reads (membership_id);
