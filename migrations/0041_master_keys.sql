-- What lies under which master key is found by bytes 2 to 5 of a sealed value, which name its key: to count it, and to seal
-- it anew after a rotation, without reading the values.
CREATE INDEX identities_totp_key_idx ON identities (substr(totp_secret, 2, 4), id) WHERE totp_secret IS NOT NULL;
CREATE INDEX file_part_key_idx ON file_part (substr(sealed, 2, 4), file_id, n);
CREATE INDEX captured_mail_key_idx ON captured_mail (substr(sealed, 2, 4), id);

-- Which key each running server seals with, so that none is dropped while something is still being sealed with it.
CREATE TABLE key_use (
  node   TEXT   NOT NULL PRIMARY KEY,
  key_id BYTEA  NOT NULL,
  until  BIGINT NOT NULL    -- a server that says nothing until then does not run any more
);
