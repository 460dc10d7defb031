-- The last day of a credit as it was asked for, so that the same request is known again when the account's zone is another by then; '' for one
-- that was asked for until a moment.
ALTER TABLE quota_credits ADD COLUMN last_day TEXT NOT NULL DEFAULT '';
