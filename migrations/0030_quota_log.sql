-- What nodes promise is written one after the other into a log: many reserves in a row of it, so that promising a thousand costs little
-- more than promising one. Whoever writes to it, or returns leases, holds the
-- row of quota_log, which is made when it is first needed.
CREATE TABLE quota_log (
  one    BIGINT NOT NULL PRIMARY KEY,
  seq    BIGINT NOT NULL,                    -- the newest of quota_chunks
  folded BIGINT NOT NULL,                    -- up to here, what was spent stands in quota_leases
  CONSTRAINT quota_log_one_ck CHECK (one = 1),
  CONSTRAINT quota_log_folded_ck CHECK (folded BETWEEN 0 AND seq)
);

CREATE TABLE quota_chunks (
  seq    /*postgres BIGINT*/ /*sqlite INTEGER*/ NOT NULL PRIMARY KEY,
  id     TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- of its first reserve; the others have the same beginning
  at     BIGINT NOT NULL,
  ended  TEXT   NOT NULL,                    -- ids of leases that were returned, with spaces between
  leases BYTEA  NOT NULL,                    -- those that were spent from, and how much
  keys   BYTEA  NOT NULL,                    -- 8 bytes of the hash of each key
  body   BYTEA  NOT NULL,                    -- the reserves
  CONSTRAINT quota_chunks_id_uq UNIQUE (id)
);
CREATE INDEX quota_chunks_at_idx ON quota_chunks (at);

-- What became of the reserves of a chunk: a byte for each, in their order. A chunk without a row has only reserves that are held.
CREATE TABLE quota_settled (
  seq    BIGINT NOT NULL PRIMARY KEY REFERENCES quota_chunks (seq) ON DELETE CASCADE,
  states BYTEA  NOT NULL
);

-- Keys are remembered for a day, and what was promised in the meantime can be settled for as long.
DROP TABLE quota_reserves;
