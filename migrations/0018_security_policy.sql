-- Rules of security: since when each has been in force, the lists of addresses, former passwords, and what was told.

-- When the value was last switched on (left the default, or became another rule), in milliseconds; 0 is not known.
ALTER TABLE settings ADD COLUMN since BIGINT NOT NULL DEFAULT 0;

-- The person has signed in with a password that has expired: the session is good for choosing another one and nothing else.
ALTER TABLE sessions ADD COLUMN renew BOOLEAN NOT NULL DEFAULT FALSE;

-- When an address of a list was last used. Traffic, written at most once a minute.
CREATE TABLE allowlist_uses (
  account_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  list       TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  network    TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  used_at    BIGINT NOT NULL,
  PRIMARY KEY (account_id, list, network)
) /*sqlite WITHOUT ROWID*/;

-- A list that excludes who made it is tried for some minutes; then the one before returns unless it was confirmed.
CREATE TABLE allowlist_trials (
  account_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  list       TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  id         TEXT   NOT NULL,
  prior      TEXT   NOT NULL,               -- JSON, '' when the account had none
  until      BIGINT NOT NULL,
  PRIMARY KEY (account_id, list)
) /*sqlite WITHOUT ROWID*/;

-- Hashes of passwords that a person must not take again.
CREATE TABLE former_passwords (
  user_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  left_at BIGINT NOT NULL,
  hash    TEXT   NOT NULL,
  PRIMARY KEY (user_id, left_at)
) /*sqlite WITHOUT ROWID*/;

-- The last warning that a password expires: of that expiry each is sent once.
CREATE TABLE password_warnings (
  user_id    TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY REFERENCES identities (id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL,
  days       BIGINT NOT NULL                -- 14, 3 or 1
);
