-- The addresses from which keys may send with a sub-account, and when each was last used: traffic, written at most once a minute.
CREATE TABLE subaccount_addresses (
  subaccount_id TEXT   NOT NULL PRIMARY KEY REFERENCES subaccounts (id) ON DELETE CASCADE,
  networks      TEXT   NOT NULL,           -- JSON
  updated_at    BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;
CREATE TABLE subaccount_address_uses (
  subaccount_id TEXT   NOT NULL REFERENCES subaccounts (id) ON DELETE CASCADE,
  network       TEXT   NOT NULL,
  used_at       BIGINT NOT NULL,
  PRIMARY KEY (subaccount_id, network)
) /*sqlite WITHOUT ROWID*/;

-- News of them: see 0003.
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER subaccount_addresses_change AFTER INSERT OR DELETE OR UPDATE ON subaccount_addresses
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('setting', 'subaccount_id');
*/
/*sqlite CREATE TRIGGER subaccount_addresses_insert AFTER INSERT ON subaccount_addresses
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', NEW.subaccount_id); END;
CREATE TRIGGER subaccount_addresses_update AFTER UPDATE ON subaccount_addresses
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', NEW.subaccount_id); END;
CREATE TRIGGER subaccount_addresses_delete AFTER DELETE ON subaccount_addresses
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', OLD.subaccount_id); END;
*/
-- +goose StatementEnd
