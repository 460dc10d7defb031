-- Where a person was last, so that signing in looks at one membership, however many there are.
CREATE INDEX memberships_recent_idx ON memberships (user_id, (COALESCE(last_active_at, 0)) DESC, created_at, id) WHERE deactivated_at IS NULL;
