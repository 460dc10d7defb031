-- How many contacts an account has, in parts: those who add contacts at the same time seldom change the same row. A limit of contacts
-- is held to their sum, which takes as long for a million contacts as for ten.
CREATE TABLE contact_counts (
  account_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  part       BIGINT NOT NULL,                -- 0 to 15, by the contact's id
  n          BIGINT NOT NULL,
  PRIMARY KEY (account_id, part)
) /*sqlite WITHOUT ROWID*/;
INSERT INTO contact_counts (account_id, part, n) SELECT account_id, 0, count(*) FROM contacts GROUP BY account_id;
