-- Whether a person wants the portal's shortcuts of single keys.
ALTER TABLE identities ADD COLUMN keys_off BOOLEAN NOT NULL DEFAULT FALSE;
