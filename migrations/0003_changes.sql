-- News for the caches of every node: whose rights may have become others. The database writes it itself, so that no
-- writer can forget to: neither a cascade, nor a job, nor the command line beside a running server.
-- What makes no held answer wrong tells nothing: a new account, and the columns that no decision depends on.
CREATE TABLE changes (
  id      /*postgres BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY*/ /*sqlite INTEGER PRIMARY KEY AUTOINCREMENT*/,
  at      BIGINT NOT NULL,          -- by the clock of the database, for forgetting old news alone
  kind    TEXT   NOT NULL,          -- 'account', 'user' or 'role'
  subject TEXT   NOT NULL
);
CREATE INDEX changes_at_idx ON changes (at);

-- On PostgreSQL the news is written at the end of the transaction, so that its ids follow the order of commits closely.
-- +goose StatementBegin
/*postgres CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (at, kind, subject)
  SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT), TG_ARGV[0], s
  FROM (SELECT to_jsonb(OLD) ->> TG_ARGV[1] UNION SELECT to_jsonb(NEW) ->> TG_ARGV[1]) AS both_sides (s) WHERE s IS NOT NULL;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accounts_change AFTER DELETE OR UPDATE OF parent_id, kind, name, closed_at ON accounts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('account', 'id');
CREATE CONSTRAINT TRIGGER holds_change AFTER INSERT OR DELETE OR UPDATE ON holds
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('account', 'account_id');
CREATE CONSTRAINT TRIGGER memberships_change AFTER INSERT OR DELETE OR UPDATE OF account_id, user_id, role, perms, all_subaccounts, deactivated_at ON memberships
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('user', 'user_id');
CREATE CONSTRAINT TRIGGER roles_change AFTER DELETE OR UPDATE OF perms ON roles
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('role', 'id');
*/
/*sqlite CREATE TRIGGER accounts_update AFTER UPDATE OF parent_id, kind, name, closed_at ON accounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', OLD.id); END;
CREATE TRIGGER accounts_delete AFTER DELETE ON accounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', OLD.id); END;
CREATE TRIGGER holds_insert AFTER INSERT ON holds
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', NEW.account_id); END;
CREATE TRIGGER holds_update AFTER UPDATE ON holds
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', OLD.account_id), (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', NEW.account_id); END;
CREATE TRIGGER holds_delete AFTER DELETE ON holds
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', OLD.account_id); END;
CREATE TRIGGER memberships_insert AFTER INSERT ON memberships
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'user', NEW.user_id); END;
CREATE TRIGGER memberships_update AFTER UPDATE OF account_id, user_id, role, perms, all_subaccounts, deactivated_at ON memberships
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'user', OLD.user_id), (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'user', NEW.user_id); END;
CREATE TRIGGER memberships_delete AFTER DELETE ON memberships
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'user', OLD.user_id); END;
CREATE TRIGGER roles_update AFTER UPDATE OF perms ON roles
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'role', OLD.id); END;
CREATE TRIGGER roles_delete AFTER DELETE ON roles
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'role', OLD.id); END;
*/
-- +goose StatementEnd
