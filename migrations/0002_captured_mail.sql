-- Mail that is kept instead of sent. The text lies sealed: it holds links that sign people in.
CREATE TABLE captured_mail (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  message_id TEXT   NOT NULL,   -- the message's own id: a repeated attempt is kept once
  at         BIGINT NOT NULL,
  mail_from  TEXT   NOT NULL,
  rcpt       TEXT   NOT NULL,
  subject    TEXT   NOT NULL,
  sealed     BYTEA  NOT NULL,   -- text, HTML and further headers
  CONSTRAINT captured_mail_message_id_uq UNIQUE (message_id, rcpt)
);
CREATE INDEX captured_mail_at_idx ON captured_mail (at);
