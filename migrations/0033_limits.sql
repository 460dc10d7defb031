-- What clients have instead of their packages, the latest first, and limits that end.
CREATE INDEX quota_limits_override_idx ON quota_limits (updated_at, subject) WHERE source = 'override';
CREATE INDEX quota_limits_ends_idx ON quota_limits (ends_at, account_id) WHERE ends_at IS NOT NULL;

-- A limit goes with the person or sub-account that it is of, by whatever door they go. What has lost its subject already goes now.
DELETE FROM quota_limits WHERE (subject LIKE 'mem/_%' ESCAPE '/' AND subject NOT IN (SELECT id FROM memberships)) OR (subject LIKE 'sub/_%' ESCAPE '/' AND subject NOT IN (SELECT id FROM subaccounts));
-- +goose StatementBegin
/*postgres CREATE FUNCTION drop_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM quota_limits WHERE subject = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER memberships_limits AFTER DELETE ON memberships FOR EACH ROW EXECUTE FUNCTION drop_limits();
CREATE TRIGGER subaccounts_limits AFTER DELETE ON subaccounts FOR EACH ROW EXECUTE FUNCTION drop_limits();
*/
/*sqlite CREATE TRIGGER memberships_limits AFTER DELETE ON memberships
BEGIN DELETE FROM quota_limits WHERE subject = OLD.id; END;
CREATE TRIGGER subaccounts_limits AFTER DELETE ON subaccounts
BEGIN DELETE FROM quota_limits WHERE subject = OLD.id; END;
*/
-- +goose StatementEnd
