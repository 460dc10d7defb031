-- The words of clients without an index by client: a client's own words, which stand below its own id, name the others. Without
-- references, too: those who write words know their clients, and checking that took longer than storing them.
ALTER TABLE client_words RENAME TO client_words_before;
CREATE TABLE client_words (
  ancestor_id TEXT NOT NULL,
  word        TEXT /*postgres COLLATE "C"*/ NOT NULL,
  customer_id TEXT NOT NULL,
  PRIMARY KEY (ancestor_id, word, customer_id)
) /*sqlite WITHOUT ROWID*/;
INSERT INTO client_words (ancestor_id, word, customer_id) SELECT ancestor_id, word, customer_id FROM client_words_before ORDER BY ancestor_id, word, customer_id;
DROP TABLE client_words_before;

-- PostgreSQL asks for each row whether its ancestor is there. The rows of a client go with the client, whose ancestors cannot go before it.
/*postgres ALTER TABLE client_list DROP CONSTRAINT client_list_ancestor_id_fkey;*/
