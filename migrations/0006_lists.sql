-- What a client is searched by: its name, email and references, folded, a line each. Words in the middle of the text are found
-- by its three-letter parts: SQLite keeps them in a table of its own, which follows by triggers, PostgreSQL in an index of pg_trgm.
-- Where the role may not create that extension, search goes by the beginnings of words; doctor says how to mend it.
CREATE TABLE client_search (
  number      /*sqlite INTEGER PRIMARY KEY,*/ /*postgres BIGINT,*/ -- the row in client_search_trigrams; unused on PostgreSQL
  customer_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  text        TEXT /*postgres COLLATE "C"*/ NOT NULL,
  CONSTRAINT client_search_customer_uq UNIQUE (customer_id)
);

/*sqlite
CREATE VIRTUAL TABLE client_search_trigrams USING fts5 (text, content='', contentless_delete=1, tokenize='trigram case_sensitive 1');
CREATE TRIGGER client_search_added AFTER INSERT ON client_search BEGIN INSERT INTO client_search_trigrams (rowid, text) VALUES (new.number, new.text); END;
CREATE TRIGGER client_search_changed AFTER UPDATE OF text ON client_search BEGIN UPDATE client_search_trigrams SET text = new.text WHERE rowid = new.number; END;
CREATE TRIGGER client_search_gone AFTER DELETE ON client_search BEGIN DELETE FROM client_search_trigrams WHERE rowid = old.number; END;
*/

INSERT INTO client_search (customer_id, text)
SELECT a.id, a.name_fold || CASE WHEN a.email_fold = '' THEN '' ELSE chr10 || a.email_fold END
  || COALESCE((SELECT /*sqlite group_concat(chr10 || r.reference_fold, '')*/ /*postgres string_agg(chr10 || r.reference_fold, '')*/ FROM external_refs r WHERE r.account_id = a.id), '')
FROM accounts a, (SELECT /*sqlite char(10)*/ /*postgres chr(10)*/ AS chr10) n WHERE a.kind = 'customer';

/*postgres
DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX client_search_trgm_idx ON client_search USING gin (text gin_trgm_ops); EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN RAISE NOTICE 'no substring search: pg_trgm cannot be used'; END $$;
*/


