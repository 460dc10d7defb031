-- What a person has set for themselves in one account, below the settings of the account.
CREATE TABLE member_settings (
  membership_id TEXT   NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
  name          TEXT   NOT NULL,
  value         TEXT   NOT NULL,  -- JSON
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (membership_id, name)
) /*sqlite WITHOUT ROWID*/;
