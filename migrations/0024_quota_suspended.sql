-- Suspended sub-accounts send nothing: see 0021.
-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER subaccounts_suspended_change AFTER UPDATE OF suspended ON subaccounts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('quota', 'id');
*/
/*sqlite CREATE TRIGGER subaccounts_suspended_update AFTER UPDATE OF suspended ON subaccounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'quota', OLD.id); END;
*/
-- +goose StatementEnd
