-- API keys: a person through one of their memberships, cut by scopes.
CREATE TABLE api_keys (
  id            TEXT   NOT NULL PRIMARY KEY,   -- stands in the key itself and is no secret
  account_id    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  membership_id TEXT   NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
  name          TEXT   NOT NULL,
  secret_hash   BYTEA  NOT NULL,               -- SHA-256 of the whole key
  scopes        TEXT   NOT NULL,               -- JSON array of permission names
  expires_at    BIGINT,                        -- NULL never
  last_used_at  BIGINT,                        -- noted once a minute at most
  last_used_ip  TEXT   NOT NULL DEFAULT '',
  created_at    BIGINT NOT NULL,
  revoked_at    BIGINT
);
CREATE INDEX api_keys_account_idx ON api_keys (account_id, id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_membership_idx ON api_keys (membership_id, id) WHERE revoked_at IS NULL;
