-- Accounts that are kept still while they move with everything below: nothing in them is written. The row counts until its
-- time, and no longer than its task is open, so that nobody who disappears leaves it behind.
CREATE TABLE account_moves (
  account_id  TEXT   NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  task_id     TEXT   NOT NULL DEFAULT '',   -- '' is the command line of the server
  still_until BIGINT NOT NULL
);
