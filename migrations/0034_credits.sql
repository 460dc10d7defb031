-- Units that were paid for in advance. They extend the month of a client, and nothing else. Credits are governed data: nothing that is
-- sent changes them.
CREATE TABLE quota_credits (
  id          TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id  TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  channel     TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  units       BIGINT NOT NULL,
  expires_at  BIGINT NOT NULL,               -- a whole minute: from then on it gives nothing more
  reason      TEXT   NOT NULL,
  reference   TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- of whoever grants it, so that a repeated request grants once; '' none
  granted_at  BIGINT NOT NULL,
  granted_by  TEXT   NOT NULL,               -- a name, as the log has it
  granted_from TEXT  NOT NULL,               -- the account whose right it was
  voided_at   BIGINT,                        -- from then on it gives nothing more; what was drawn of it stays drawn
  voided_by   TEXT   NOT NULL DEFAULT '',
  voided_from TEXT   NOT NULL DEFAULT '',
  void_reason TEXT   NOT NULL DEFAULT '',
  CONSTRAINT quota_credits_channel_ck CHECK (channel IN ('email', 'sms')),
  CONSTRAINT quota_credits_units_ck CHECK (units > 0)
);
CREATE INDEX quota_credits_account_idx ON quota_credits (account_id, channel, expires_at, id);
CREATE INDEX quota_credits_list_idx ON quota_credits (account_id, id);
CREATE UNIQUE INDEX quota_credits_reference_uq ON quota_credits (account_id, reference) WHERE reference <> '';

-- How much of a credit was drawn in each month of its account, units that nodes have leased included.
CREATE TABLE quota_drawn (
  credit_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES quota_credits (id) ON DELETE CASCADE,
  month     BIGINT NOT NULL,                 -- the day on which it began, as in quota_ledger
  units     BIGINT NOT NULL,
  PRIMARY KEY (credit_id, month),
  CONSTRAINT quota_drawn_units_ck CHECK (units >= 0)
) /*sqlite WITHOUT ROWID*/;

-- The same by minute, for as long as units of a minute may come back.
CREATE TABLE quota_drawn_minutes (
  subject   TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel   TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  minute    BIGINT NOT NULL,                 -- Unix minutes: where the counter was charged
  month     BIGINT NOT NULL,
  credit_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES quota_credits (id) ON DELETE CASCADE,
  units     BIGINT NOT NULL,
  PRIMARY KEY (subject, channel, minute, month, credit_id),
  CONSTRAINT quota_drawn_minutes_units_ck CHECK (units >= 0)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_drawn_minutes_credit_idx ON quota_drawn_minutes (credit_id);
CREATE INDEX quota_drawn_minutes_minute_idx ON quota_drawn_minutes (minute);

-- News of credits: see 0003.
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER quota_credits_change AFTER INSERT OR DELETE OR UPDATE ON quota_credits
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('quota', 'account_id');
*/
/*sqlite CREATE TRIGGER quota_credits_insert AFTER INSERT ON quota_credits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', NEW.account_id); END;
CREATE TRIGGER quota_credits_update AFTER UPDATE ON quota_credits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', NEW.account_id); END;
CREATE TRIGGER quota_credits_delete AFTER DELETE ON quota_credits
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', OLD.account_id); END;
*/
-- +goose StatementEnd
