-- Those who run an account, Owners before Admins, are named on its page, and are few among its people.
CREATE INDEX memberships_leaders_idx ON memberships (account_id, role DESC, id) WHERE role IN ('owner', 'admin') AND deactivated_at IS NULL;
