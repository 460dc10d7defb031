-- Where the links of removed contacts lead: who unsubscribes after that is still heard.
CREATE TABLE contacts_removed (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  address    TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- the folded email; of a contact without one, the phone
  removed_at BIGINT NOT NULL
);
CREATE INDEX contacts_removed_account_idx ON contacts_removed (account_id);
CREATE INDEX contacts_removed_at_idx ON contacts_removed (removed_at);
