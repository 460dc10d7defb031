-- What a credential's own key for a request stands for. The row is written first in the transaction of the write
-- itself, so that a request that is sent again is answered from it and done once.
CREATE TABLE idempotency (
  credential TEXT   NOT NULL,
  key        TEXT   NOT NULL,
  hash       BYTEA  NOT NULL,   -- of everything that was asked for
  result     TEXT   NOT NULL,   -- JSON array of what was made or changed: type, id and name
  created_at BIGINT NOT NULL,
  PRIMARY KEY (credential, key)
);
CREATE INDEX idempotency_created_idx ON idempotency (created_at);
