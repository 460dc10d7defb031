-- The API key that put a task to work, '' for a person: each of its steps is done with what that key may do at that moment.
ALTER TABLE tasks ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
