-- Reminders before an API key ends: of how many days ahead its owner was told last, 0 for not yet.
ALTER TABLE api_keys ADD COLUMN told_days BIGINT NOT NULL DEFAULT 0;
CREATE INDEX api_keys_expires_idx ON api_keys (expires_at, id) WHERE revoked_at IS NULL AND expires_at IS NOT NULL;
