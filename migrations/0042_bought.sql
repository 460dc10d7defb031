-- What an account has handed out is added up from the packages of those right below it, which this index names without their rows.
CREATE INDEX accounts_bought_idx ON accounts (parent_id, closed_at, package_id, id);
