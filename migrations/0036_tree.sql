-- PostgreSQL asks for each line of the tree whether its ancestor is there, and locks it. The lines of an account go with the
-- account, whose ancestors cannot go before it.
/*postgres ALTER TABLE account_tree DROP CONSTRAINT account_tree_ancestor_id_fkey;*/
