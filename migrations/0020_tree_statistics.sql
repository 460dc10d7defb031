-- A few accounts have very many below them and all others hardly any. From a sample PostgreSQL takes the ancestors for far fewer
-- than there are, and reads whole tables for what is below an ordinary account; so it is told: every account is one.
/*postgres ALTER TABLE account_tree ALTER COLUMN ancestor_id SET (n_distinct = -0.3);
ANALYZE account_tree;*/
