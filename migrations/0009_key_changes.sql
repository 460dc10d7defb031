-- News of API keys, and of the name by which people stand in the log: see 0003. A new key was known to nobody.
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER api_keys_change AFTER DELETE OR UPDATE OF account_id, membership_id, secret_hash, scopes, expires_at, revoked_at ON api_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('key', 'id');
CREATE CONSTRAINT TRIGGER identities_change AFTER UPDATE OF name ON identities
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('user', 'id');
*/
/*sqlite CREATE TRIGGER api_keys_update AFTER UPDATE OF account_id, membership_id, secret_hash, scopes, expires_at, revoked_at ON api_keys
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'key', OLD.id); END;
CREATE TRIGGER api_keys_delete AFTER DELETE ON api_keys
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'key', OLD.id); END;
CREATE TRIGGER identities_update AFTER UPDATE OF name ON identities
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'user', OLD.id); END;
*/
-- +goose StatementEnd
