-- What was sent in each hour, and on which day of the subject's calendar: an hour in which a day ends has two rows. Units spent
-- from leases that still run stand in quota_leases. Hours are folded into quota_sums once nothing can change them any more.
CREATE TABLE quota_usage_before AS SELECT subject, channel, hour, units, over FROM quota_usage;
DROP TABLE quota_usage;
CREATE TABLE quota_usage (
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  hour    BIGINT NOT NULL,                   -- Unix hours
  day     BIGINT NOT NULL,                   -- days since 1970 in the account's zone
  units   BIGINT NOT NULL,
  over    BIGINT NOT NULL,                   -- of them, those beyond a limit with overage
  PRIMARY KEY (subject, channel, hour, day)
) /*sqlite WITHOUT ROWID*/;
INSERT INTO quota_usage (subject, channel, hour, day, units, over) SELECT subject, channel, hour, hour / 24, units, over FROM quota_usage_before;
DROP TABLE quota_usage_before;
CREATE INDEX quota_usage_hour_idx ON quota_usage (hour, subject, channel, day);

-- What was sent on a day, and in a calendar month, of hours that have been folded.
CREATE TABLE quota_sums (
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  grain   TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  period  BIGINT NOT NULL,                   -- days since 1970: the day, or the first of the month
  units   BIGINT NOT NULL,
  over    BIGINT NOT NULL,
  PRIMARY KEY (subject, channel, grain, period),
  CONSTRAINT quota_sums_grain_ck CHECK (grain IN ('day', 'month'))
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX quota_sums_day_idx ON quota_sums (period, subject, channel) WHERE grain = 'day';

-- The row of quota_usage up to which all are folded, in the order of its index. There is one, once something was folded.
CREATE TABLE quota_folded (
  id      BIGINT NOT NULL PRIMARY KEY,
  hour    BIGINT NOT NULL,
  subject TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  channel TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  day     BIGINT NOT NULL,
  CONSTRAINT quota_folded_one_ck CHECK (id = 1)
);
