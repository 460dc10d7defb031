-- What customers buy. A package is made at the platform or a reseller, and customers below may have it.
CREATE TABLE packages (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name       TEXT   NOT NULL,
  name_fold  TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  price_note TEXT   NOT NULL,
  perms      TEXT   NOT NULL,             -- '' is every module, those to come included, else a JSON array of the permissions of its modules
  role       TEXT   NOT NULL DEFAULT '',  -- the role group of who is made a user without one
  retired_at BIGINT,                      -- no customer gets it any more
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT packages_name_uq UNIQUE (account_id, name_fold)
);
CREATE INDEX packages_role_idx ON packages (role) WHERE role <> '';

-- How much of what. What has no row is without a limit; 0 is none.
CREATE TABLE package_terms (
  package_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
  term       TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  amount     BIGINT NOT NULL,
  PRIMARY KEY (package_id, term),
  CONSTRAINT package_terms_amount_ck CHECK (amount >= 0)
) /*sqlite WITHOUT ROWID*/;

-- What one customer has instead of an amount of its package, until a moment or for good. An edit of the package leaves it alone.
CREATE TABLE package_overrides (
  account_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  term       TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  amount     BIGINT NOT NULL,            -- -1 is without a limit
  last_day   TEXT   NOT NULL DEFAULT '', -- YYYY-MM-DD in the account's zone, '' for good
  until      BIGINT NOT NULL DEFAULT 0,  -- the end of that day in milliseconds, 0 for good
  PRIMARY KEY (account_id, term),
  CONSTRAINT package_overrides_amount_ck CHECK (amount >= -1)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX package_overrides_until_idx ON package_overrides (until) WHERE until > 0;

ALTER TABLE accounts ADD COLUMN package_id TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '';
CREATE INDEX accounts_package_idx ON accounts (package_id, id) WHERE package_id <> '';

-- The list of clients by package: sorted by its name, and of one package by name.
ALTER TABLE client_list ADD COLUMN package_id TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '';
ALTER TABLE client_list ADD COLUMN package_fold TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '';
CREATE INDEX client_list_package_idx ON client_list (ancestor_id, closed, package_fold, customer_id);
CREATE INDEX client_list_of_package_idx ON client_list (ancestor_id, closed, package_id, name_fold, customer_id);

-- News: see 0003. What an account has bought decides what its people may do.
-- +goose StatementBegin
/*postgres DROP TRIGGER accounts_change ON accounts;
CREATE CONSTRAINT TRIGGER accounts_change AFTER DELETE OR UPDATE OF parent_id, kind, name, closed_at, package_id ON accounts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('account', 'id');
CREATE CONSTRAINT TRIGGER packages_change AFTER DELETE OR UPDATE OF name, perms ON packages
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell_change('package', 'id');
*/
/*sqlite DROP TRIGGER accounts_update;
CREATE TRIGGER accounts_update AFTER UPDATE OF parent_id, kind, name, closed_at, package_id ON accounts
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'account', OLD.id); END;
CREATE TRIGGER packages_update AFTER UPDATE OF name, perms ON packages
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'package', OLD.id); END;
CREATE TRIGGER packages_delete AFTER DELETE ON packages
BEGIN INSERT INTO changes (at, kind, subject) VALUES (CAST(unixepoch('subsec') * 1000 AS INTEGER), 'package', OLD.id); END;
*/
-- +goose StatementEnd
