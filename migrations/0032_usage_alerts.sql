-- How much of its month a client has used, in percent of the fuller channel, for the list of clients. The month in which it was
-- looked at ends at ends; from then on it is nothing.
CREATE TABLE quota_gauges (
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  share   BIGINT NOT NULL,
  ends    BIGINT NOT NULL
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_gauges_ends_idx ON quota_gauges (ends);

ALTER TABLE client_list ADD COLUMN use_share BIGINT NOT NULL DEFAULT 0;
CREATE INDEX client_list_use_idx ON client_list (ancestor_id, closed, use_share, customer_id);

-- What people were told of a limit: once for each of its periods, whichever node sees it.
CREATE TABLE quota_alerts (
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  period  TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  began   BIGINT NOT NULL,                   -- Unix hours of an hour, days since 1970 of a day and a month
  percent BIGINT NOT NULL,                   -- 80 or 100
  told_at BIGINT NOT NULL,
  PRIMARY KEY (subject, channel, period, began, percent)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_alerts_told_idx ON quota_alerts (told_at);
