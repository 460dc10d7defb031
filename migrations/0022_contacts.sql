-- Contacts: to whom accounts send, the lists they are on, and the addresses to which nothing is sent.
CREATE TABLE contacts (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  address    TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- the folded email; of a contact without one, the phone
  email      TEXT   NOT NULL,                          -- as it was typed, or ''
  phone      TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- digits, led by + or not, or ''
  name       TEXT   NOT NULL,
  shown_fold TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- the folded name; of a contact without one, the address
  language   TEXT   NOT NULL,
  fields     TEXT   NOT NULL,                          -- JSON: the names and values of further details, in their order
  asked_at   BIGINT NOT NULL DEFAULT 0,                -- when the contact was last asked to confirm
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT contacts_address_uq UNIQUE (account_id, address)
);
CREATE INDEX contacts_shown_idx ON contacts (account_id, shown_fold, id);
CREATE INDEX contacts_phone_idx ON contacts (account_id, phone, id);

CREATE TABLE contact_lists (
  id          TEXT    /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id  TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name        TEXT    NOT NULL,
  name_fold   TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  description TEXT    NOT NULL,
  public      BOOLEAN NOT NULL,                        -- shown to contacts on their page
  version     BIGINT  NOT NULL DEFAULT 1,
  created_at  BIGINT  NOT NULL,
  updated_at  BIGINT  NOT NULL,
  CONSTRAINT contact_lists_name_uq UNIQUE (account_id, name_fold)
);

CREATE TABLE contact_subscriptions (
  list_id    TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES contact_lists (id) ON DELETE CASCADE,
  contact_id TEXT   /*postgres COLLATE "C"*/ NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
  state      TEXT   NOT NULL,
  since      BIGINT NOT NULL,
  CONSTRAINT contact_subscriptions_state_ck CHECK (state IN ('active', 'pending')),
  PRIMARY KEY (list_id, contact_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX contact_subscriptions_contact_idx ON contact_subscriptions (contact_id, list_id);

-- What an account and all below it do not send to: an address altogether, or one list alone.
CREATE TABLE suppressions (
  id         TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  list_id    TEXT   NOT NULL DEFAULT '',               -- '' for everything
  address    TEXT   /*postgres COLLATE "C"*/ NOT NULL, -- a folded email or a phone
  reason     TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT suppressions_reason_ck CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'manual')),
  CONSTRAINT suppressions_address_uq UNIQUE (account_id, address, list_id)
);
CREATE INDEX suppressions_newest_idx ON suppressions (account_id, id);
