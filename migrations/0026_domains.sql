-- The host name at which the people of an account and below reach the portal. Several accounts may ask for one; it
-- belongs to the one that has shown, by a record in its DNS, that it is theirs.
CREATE TABLE domains (
  account_id    TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  host          TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  token         TEXT   NOT NULL,            -- what the record says; it is public
  claimed_at    BIGINT NOT NULL,
  checked_at    BIGINT NOT NULL DEFAULT 0,  -- when the record was last looked for
  verified_at   BIGINT,                     -- NULL until it was found
  missing_since BIGINT                      -- NULL while it is there
);
CREATE UNIQUE INDEX domains_verified_idx ON domains (host) WHERE verified_at IS NOT NULL;
CREATE INDEX domains_checked_idx ON domains (checked_at);

-- +goose StatementBegin
/*postgres CREATE CONSTRAINT TRIGGER domains_change AFTER INSERT OR DELETE OR UPDATE OF host, verified_at ON domains
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('domain', 'account_id');
CREATE CONSTRAINT TRIGGER domains_host_change AFTER INSERT OR DELETE OR UPDATE OF host, verified_at ON domains
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('domain', 'host');
*/
/*sqlite CREATE TRIGGER domains_insert AFTER INSERT ON domains
BEGIN INSERT INTO changes (at, kind, subject) SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), 'domain', s FROM (SELECT NEW.host AS s UNION SELECT NEW.account_id); END;
CREATE TRIGGER domains_update AFTER UPDATE OF host, verified_at ON domains
BEGIN INSERT INTO changes (at, kind, subject) SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), 'domain', s FROM (SELECT OLD.host AS s UNION SELECT NEW.host UNION SELECT NEW.account_id); END;
CREATE TRIGGER domains_delete AFTER DELETE ON domains
BEGIN INSERT INTO changes (at, kind, subject) SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER), 'domain', s FROM (SELECT OLD.host AS s UNION SELECT OLD.account_id); END;
*/
-- +goose StatementEnd
