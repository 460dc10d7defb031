-- News of settings: see 0003. Counting who has a setting below an account starts from its name.
CREATE INDEX settings_name_idx ON settings (name, account_id);
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER settings_change AFTER INSERT OR DELETE OR UPDATE OF value, locked ON settings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('setting', 'account_id');
*/
/*sqlite CREATE TRIGGER settings_insert AFTER INSERT ON settings
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', NEW.account_id); END;
CREATE TRIGGER settings_update AFTER UPDATE OF value, locked ON settings
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', NEW.account_id); END;
CREATE TRIGGER settings_delete AFTER DELETE ON settings
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'setting', OLD.account_id); END;
*/
-- +goose StatementEnd
