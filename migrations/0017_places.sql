-- The accounts of a person by name, so that the switcher reads a page of them, however many there are. The database keeps the name
-- itself: nobody who makes a membership or renames an account can forget to.
ALTER TABLE memberships ADD COLUMN account_fold TEXT /*postgres COLLATE "C"*/ NOT NULL DEFAULT '';
UPDATE memberships SET account_fold = (SELECT a.name_fold FROM accounts a WHERE a.id = memberships.account_id);
CREATE INDEX memberships_place_idx ON memberships (user_id, account_fold, account_id) WHERE deactivated_at IS NULL;
-- +goose StatementBegin
/*postgres CREATE FUNCTION name_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.account_fold := COALESCE((SELECT a.name_fold FROM accounts a WHERE a.id = NEW.account_id), '');
  RETURN NEW;
END $$;
CREATE TRIGGER memberships_place BEFORE INSERT ON memberships FOR EACH ROW EXECUTE FUNCTION name_place();
CREATE FUNCTION rename_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE memberships SET account_fold = NEW.name_fold WHERE account_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER accounts_place AFTER UPDATE OF name_fold ON accounts
  FOR EACH ROW WHEN (OLD.name_fold <> NEW.name_fold) EXECUTE FUNCTION rename_places();
*/
/*sqlite CREATE TRIGGER memberships_place AFTER INSERT ON memberships
BEGIN UPDATE memberships SET account_fold = COALESCE((SELECT a.name_fold FROM accounts a WHERE a.id = NEW.account_id), '') WHERE id = NEW.id; END;
CREATE TRIGGER accounts_place AFTER UPDATE OF name_fold ON accounts WHEN OLD.name_fold <> NEW.name_fold
BEGIN UPDATE memberships SET account_fold = NEW.name_fold WHERE account_id = NEW.id; END;
*/
-- +goose StatementEnd
