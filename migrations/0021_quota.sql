-- How much may be sent, and what was. Limits are governed data; all else here is traffic, in rows of its own.

-- A limit of a subject: an account, a sub-account, a membership or a role group. An override stands in for any other source.
CREATE TABLE quota_limits (
  account_id TEXT    /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, -- it is, or belongs to
  subject    TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  channel    TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  period     TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  source     TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  amount     BIGINT  NOT NULL,               -- -1 unlimited
  action     TEXT    NOT NULL,
  cap        BIGINT  NOT NULL,               -- with 'overage'; else 0
  paced      BOOLEAN NOT NULL,
  ends_at    BIGINT,                         -- from then on it is not in force
  updated_at BIGINT  NOT NULL,
  PRIMARY KEY (subject, channel, period, source),
  CONSTRAINT quota_limits_channel_ck CHECK (channel IN ('email', 'sms')),
  CONSTRAINT quota_limits_period_ck CHECK (period IN ('hour', 'day', 'month')),
  CONSTRAINT quota_limits_source_ck CHECK (source IN ('pool', 'package', 'allocation', 'role', 'limit', 'override')),
  CONSTRAINT quota_limits_action_ck CHECK (action IN ('reject', 'hold', 'overage')),
  CONSTRAINT quota_limits_amount_ck CHECK (amount >= -1 AND cap >= 0)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_limits_account_idx ON quota_limits (account_id);

-- What a subject has used, units that nodes have leased included. Rows are locked in the order of their keys.
CREATE TABLE quota_ledger (
  subject    TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel    TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  minute     BIGINT NOT NULL,                -- the newest of the ring, Unix minutes
  ring       BYTEA  NOT NULL,                -- 62 numbers, big-endian: what was charged to each minute
  day        BIGINT NOT NULL,                -- days since 1970 in the account's zone
  day_used   BIGINT NOT NULL,
  month      BIGINT NOT NULL,                -- the day on which it began
  month_used BIGINT NOT NULL,
  PRIMARY KEY (subject, channel)
) /*sqlite WITHOUT ROWID*/;

-- Units that a node has taken out of the ledger, to spend without asking. What it has not spent by the end returns.
CREATE TABLE quota_leases (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  subject    TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel    TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  minute     BIGINT NOT NULL,                -- where it was charged
  day        BIGINT NOT NULL,
  month      BIGINT NOT NULL,
  size       BIGINT NOT NULL,
  spent      BIGINT NOT NULL,                -- promised durably
  until      BIGINT NOT NULL,                -- by the ledger's clock
  CONSTRAINT quota_leases_spent_ck CHECK (spent BETWEEN 0 AND size)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_leases_until_idx ON quota_leases (until);
CREATE INDEX quota_leases_subject_idx ON quota_leases (subject, channel);

-- Units promised to somebody, under a key of theirs.
CREATE TABLE quota_reserves (
  credential TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  key        TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  hash       BYTEA  NOT NULL,                -- of what was asked for
  account_id TEXT   NOT NULL,
  channel    TEXT   NOT NULL,
  units      BIGINT NOT NULL,
  state      TEXT   NOT NULL,
  charges    TEXT   NOT NULL,                -- JSON: where the units were counted
  deadline   BIGINT NOT NULL,                -- until then it can be committed or released; after it, it counts as spent
  created_at BIGINT NOT NULL,
  PRIMARY KEY (credential, key),
  CONSTRAINT quota_reserves_id_uq UNIQUE (id),
  CONSTRAINT quota_reserves_state_ck CHECK (state IN ('held', 'committed', 'released'))
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_reserves_created_idx ON quota_reserves (created_at);

-- What was sent in each hour. Units spent from leases that still run stand in quota_leases.
CREATE TABLE quota_usage (
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  hour    BIGINT NOT NULL,                   -- Unix hours
  units   BIGINT NOT NULL,
  over    BIGINT NOT NULL,                   -- of them, those beyond a limit with overage
  PRIMARY KEY (subject, channel, hour)
) /*sqlite WITHOUT ROWID*/;

-- News of limits, and of where a sub-account belongs: see 0003.
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER quota_limits_change AFTER INSERT OR DELETE OR UPDATE ON quota_limits
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('quota', 'subject');
CREATE CONSTRAINT TRIGGER subaccounts_quota_change AFTER DELETE OR UPDATE OF account_id, customer_id, name ON subaccounts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('quota', 'id');
*/
/*sqlite CREATE TRIGGER subaccounts_quota_update AFTER UPDATE OF account_id, customer_id, name ON subaccounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', OLD.id); END;
CREATE TRIGGER subaccounts_quota_delete AFTER DELETE ON subaccounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', OLD.id); END;
CREATE TRIGGER quota_limits_insert AFTER INSERT ON quota_limits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', NEW.subject); END;
CREATE TRIGGER quota_limits_update AFTER UPDATE ON quota_limits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', NEW.subject); END;
CREATE TRIGGER quota_limits_delete AFTER DELETE ON quota_limits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', OLD.subject); END;
*/
-- +goose StatementEnd
