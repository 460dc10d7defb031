-- The account tree. Kinds are data: platform > reseller (any depth) > customer > department (may nest).
CREATE TABLE accounts (
  id               TEXT    NOT NULL PRIMARY KEY,
  parent_id        TEXT    REFERENCES accounts (id) ON DELETE RESTRICT DEFERRABLE, -- deferred by a restore
  kind             TEXT    NOT NULL,
  name             TEXT    NOT NULL,
  name_fold        TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  legal_name       TEXT    NOT NULL DEFAULT '',
  email            TEXT    NOT NULL DEFAULT '',
  email_fold       TEXT    /*postgres COLLATE "C"*/ NOT NULL DEFAULT '',
  phone            TEXT    NOT NULL DEFAULT '',
  address          TEXT    NOT NULL DEFAULT '',
  website          TEXT    NOT NULL DEFAULT '',
  industry         TEXT    NOT NULL DEFAULT '',
  membership_start TEXT    NOT NULL DEFAULT '',   -- YYYY-MM-DD or ''
  membership_end   TEXT    NOT NULL DEFAULT '',   -- YYYY-MM-DD in the account's zone, '' never ends
  closed_at        BIGINT,
  closed_with      TEXT,                          -- the account whose closing closed this one
  version          BIGINT  NOT NULL DEFAULT 1,
  created_at       BIGINT  NOT NULL,
  updated_at       BIGINT  NOT NULL,
  CONSTRAINT accounts_kind_ck CHECK (kind IN ('platform', 'reseller', 'customer', 'department')),
  CONSTRAINT accounts_parent_ck CHECK ((kind = 'platform') = (parent_id IS NULL))
);
CREATE UNIQUE INDEX accounts_platform_uq ON accounts (kind) WHERE kind = 'platform';
CREATE UNIQUE INDEX accounts_department_name_uq ON accounts (parent_id, name_fold) WHERE kind = 'department';
CREATE INDEX accounts_parent_idx ON accounts (parent_id, kind, name_fold, id);
CREATE INDEX accounts_ending_idx ON accounts (membership_end, id) WHERE membership_end <> '';
CREATE INDEX accounts_closed_idx ON accounts (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE account_tree (
  ancestor_id   TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  descendant_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  depth         BIGINT NOT NULL,
  PRIMARY KEY (ancestor_id, descendant_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX account_tree_descendant_idx ON account_tree (descendant_id, depth, ancestor_id);

CREATE TABLE external_refs (
  account_id     TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  scope_id       TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, -- the nearest platform or reseller above
  source         TEXT NOT NULL,
  reference      TEXT NOT NULL,
  source_fold    TEXT /*postgres COLLATE "C"*/ NOT NULL,
  reference_fold TEXT /*postgres COLLATE "C"*/ NOT NULL,
  PRIMARY KEY (scope_id, source_fold, reference_fold)
);
CREATE INDEX external_refs_account_idx ON external_refs (account_id);

CREATE TABLE holds (
  id          TEXT   NOT NULL PRIMARY KEY,
  account_id  TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  source      TEXT   NOT NULL,
  set_from    TEXT   NOT NULL,       -- the account it was set from
  reason      TEXT   NOT NULL,
  set_by      TEXT   NOT NULL,       -- actor id
  set_by_name TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  CONSTRAINT holds_source_ck CHECK (source IN ('operator', 'parent', 'billing', 'abuse', 'expiry', 'self')),
  CONSTRAINT holds_account_source_uq UNIQUE (account_id, source, set_from)
);

-- One row per customer and ancestor: every list of clients starts from its ancestor's index.
CREATE TABLE client_list (
  ancestor_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  customer_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name_fold   TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  end_sort    TEXT    /*postgres COLLATE "C"*/ NOT NULL, -- the end date, '9999-12-31' for none
  created_at  BIGINT  NOT NULL,
  users       BIGINT  NOT NULL,
  locations   BIGINT  NOT NULL,
  held        BOOLEAN NOT NULL,
  closed      BOOLEAN NOT NULL,
  PRIMARY KEY (ancestor_id, customer_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX client_list_customer_idx ON client_list (customer_id);
CREATE INDEX client_list_name_idx ON client_list (ancestor_id, closed, name_fold, customer_id);
CREATE INDEX client_list_end_idx ON client_list (ancestor_id, closed, end_sort, customer_id);
CREATE INDEX client_list_created_idx ON client_list (ancestor_id, closed, created_at, customer_id);
CREATE INDEX client_list_users_idx ON client_list (ancestor_id, closed, users, customer_id);
CREATE INDEX client_list_locations_idx ON client_list (ancestor_id, closed, locations, customer_id);
CREATE INDEX client_list_held_idx ON client_list (ancestor_id, closed, held, name_fold, customer_id);

-- Words of a customer's name, its email and references, for search by prefix.
CREATE TABLE client_words (
  ancestor_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  word        TEXT /*postgres COLLATE "C"*/ NOT NULL,
  customer_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  PRIMARY KEY (ancestor_id, word, customer_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX client_words_customer_idx ON client_words (customer_id);

CREATE TABLE locations (
  id         TEXT   NOT NULL PRIMARY KEY,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name       TEXT   NOT NULL,
  name_fold  TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  address    TEXT   NOT NULL,
  country    TEXT   NOT NULL,        -- ISO 3166-1 alpha-2, or ''
  time_zone  TEXT   NOT NULL,        -- IANA name, or '' for the account's
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CONSTRAINT locations_name_uq UNIQUE (account_id, name_fold)
);

CREATE TABLE subaccounts (
  id          TEXT    NOT NULL PRIMARY KEY,
  customer_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  account_id  TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE, -- its owner: the customer or a department
  name        TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  purpose     TEXT    NOT NULL,
  suspended   BOOLEAN NOT NULL DEFAULT FALSE,
  version     BIGINT  NOT NULL DEFAULT 1,
  created_at  BIGINT  NOT NULL,
  updated_at  BIGINT  NOT NULL,
  CONSTRAINT subaccounts_purpose_ck CHECK (purpose IN ('transactional', 'marketing')),
  CONSTRAINT subaccounts_name_uq UNIQUE (customer_id, name)
);
CREATE INDEX subaccounts_account_idx ON subaccounts (account_id, name);

-- People: one identity, and a membership in each account they belong to.
CREATE TABLE identities (
  id                  TEXT    NOT NULL PRIMARY KEY,
  email               TEXT    NOT NULL,
  email_fold          TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  email_verified_at   BIGINT,
  username            TEXT    NOT NULL,
  username_fold       TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  name                TEXT    NOT NULL,
  name_fold           TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  language            TEXT    NOT NULL DEFAULT '',
  time_zone           TEXT    NOT NULL DEFAULT '',
  password_hash       TEXT    NOT NULL DEFAULT '',   -- '' until one is set
  password_short      BOOLEAN NOT NULL DEFAULT FALSE, -- under 15 characters, allowed beside a second factor only
  password_changed_at BIGINT,
  totp_secret         BYTEA,                          -- sealed; in force from totp_since
  totp_since          BIGINT,
  totp_last_step      BIGINT  NOT NULL DEFAULT 0,     -- steps up to this one are spent
  credential_version  BIGINT  NOT NULL DEFAULT 1,     -- reset links of an older version are dead
  version             BIGINT  NOT NULL DEFAULT 1,
  created_at          BIGINT  NOT NULL,
  updated_at          BIGINT  NOT NULL,
  CONSTRAINT identities_email_uq UNIQUE (email_fold),
  CONSTRAINT identities_username_uq UNIQUE (username_fold)
);

CREATE TABLE roles (
  id          TEXT   NOT NULL PRIMARY KEY,
  account_id  TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name        TEXT   NOT NULL,
  name_fold   TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  description TEXT   NOT NULL,
  perms       TEXT   NOT NULL,   -- JSON array of permission names
  version     BIGINT NOT NULL DEFAULT 1,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  CONSTRAINT roles_name_uq UNIQUE (account_id, name_fold)
);

CREATE TABLE memberships (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  user_id         TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  role            TEXT    NOT NULL,                 -- 'owner', 'admin', 'user', 'guest', 'support' or a role group's id
  perms           TEXT    NOT NULL DEFAULT '[]',    -- JSON array: what is ticked for User and Support, what is granted besides the role
  all_subaccounts BOOLEAN NOT NULL DEFAULT TRUE,    -- including future ones; else membership_subaccounts
  job_title       TEXT    NOT NULL DEFAULT '',
  phone           TEXT    NOT NULL DEFAULT '',
  deactivated_at  BIGINT,
  last_active_at  BIGINT,
  version         BIGINT  NOT NULL DEFAULT 1,
  created_at      BIGINT  NOT NULL,
  updated_at      BIGINT  NOT NULL,
  CONSTRAINT memberships_account_user_uq UNIQUE (account_id, user_id)
);
CREATE INDEX memberships_user_idx ON memberships (user_id, account_id);
CREATE INDEX memberships_role_idx ON memberships (role);

-- The list of an account's people, in the order people look for them.
CREATE TABLE member_list (
  account_id    TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  membership_id TEXT    NOT NULL PRIMARY KEY REFERENCES memberships (id) ON DELETE CASCADE,
  name_fold     TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  email_fold    TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  active        BOOLEAN NOT NULL,
  created_at    BIGINT  NOT NULL
);
CREATE INDEX member_list_name_idx ON member_list (account_id, active, name_fold, membership_id);
CREATE INDEX member_list_email_idx ON member_list (account_id, active, email_fold, membership_id);
CREATE INDEX member_list_created_idx ON member_list (account_id, active, created_at, membership_id);

CREATE TABLE membership_subaccounts (
  membership_id TEXT NOT NULL REFERENCES memberships (id) ON DELETE CASCADE,
  subaccount_id TEXT NOT NULL REFERENCES subaccounts (id) ON DELETE CASCADE,
  PRIMARY KEY (membership_id, subaccount_id)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX membership_subaccounts_sub_idx ON membership_subaccounts (subaccount_id);

CREATE TABLE invitations (
  id              TEXT    NOT NULL PRIMARY KEY,
  account_id      TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  email           TEXT    NOT NULL,
  email_fold      TEXT    /*postgres COLLATE "C"*/ NOT NULL,
  name            TEXT    NOT NULL DEFAULT '',      -- given when a user is created directly
  role            TEXT    NOT NULL,
  perms           TEXT    NOT NULL DEFAULT '[]',
  all_subaccounts BOOLEAN NOT NULL DEFAULT TRUE,
  subaccounts     TEXT    NOT NULL DEFAULT '[]',    -- JSON array of ids, checked again at acceptance
  token_hash      BYTEA   NOT NULL,
  by_mail         BOOLEAN NOT NULL,                 -- false: the link was shown, so it proves no mailbox
  invited_by      TEXT    NOT NULL,                 -- actor id of the inviter, or of the last resender
  invited_by_name TEXT    NOT NULL,
  sent_at         BIGINT  NOT NULL,
  expires_at      BIGINT  NOT NULL,
  accepted_at     BIGINT,
  revoked_at      BIGINT,
  version         BIGINT  NOT NULL DEFAULT 1,
  created_at      BIGINT  NOT NULL,
  CONSTRAINT invitations_token_uq UNIQUE (token_hash)
);
CREATE UNIQUE INDEX invitations_open_uq ON invitations (account_id, email_fold) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_list_idx ON invitations (account_id, sent_at, id) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_role_idx ON invitations (role) WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE invitation_allowance (
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  day        TEXT   NOT NULL,       -- YYYY-MM-DD UTC
  sent       BIGINT NOT NULL,
  PRIMARY KEY (account_id, day)
);

-- One-time links of an identity: password reset, set-password of a new user, change of email.
CREATE TABLE one_time_links (
  id                 TEXT   NOT NULL PRIMARY KEY,
  user_id            TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  purpose            TEXT   NOT NULL,
  token_hash         BYTEA  NOT NULL,
  data               TEXT   NOT NULL DEFAULT '',    -- the new address of a change of email
  credential_version BIGINT NOT NULL,
  expires_at         BIGINT NOT NULL,
  used_at            BIGINT,
  created_at         BIGINT NOT NULL,
  CONSTRAINT one_time_links_purpose_ck CHECK (purpose IN ('reset', 'set_password', 'change_email')),
  CONSTRAINT one_time_links_token_uq UNIQUE (token_hash)
);
CREATE INDEX one_time_links_user_idx ON one_time_links (user_id, purpose);

CREATE TABLE sessions (
  id           TEXT    NOT NULL PRIMARY KEY,
  token_hash   BYTEA   NOT NULL,
  user_id      TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  account_id   TEXT,                               -- the account chosen in the switcher
  stage        TEXT    NOT NULL,                   -- 'code' waits for the second factor, 'full' is signed in
  remember     BOOLEAN NOT NULL DEFAULT FALSE,
  ip           TEXT    NOT NULL,
  user_agent   TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  seen_at      BIGINT  NOT NULL,
  expires_at   BIGINT  NOT NULL,                   -- absolute
  revoked_at   BIGINT,
  CONSTRAINT sessions_stage_ck CHECK (stage IN ('code', 'full')),
  CONSTRAINT sessions_token_uq UNIQUE (token_hash)
);
CREATE INDEX sessions_user_idx ON sessions (user_id, seen_at);
CREATE INDEX sessions_expiry_idx ON sessions (expires_at);

CREATE TABLE recovery_codes (
  user_id   TEXT  NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  code_hash BYTEA NOT NULL,
  used_at   BIGINT,
  PRIMARY KEY (user_id, code_hash)
);

-- A browser in which a person has signed in before; its attempts are counted apart, so strangers lock nobody out.
CREATE TABLE known_devices (
  token_hash BYTEA  NOT NULL PRIMARY KEY,
  user_id    TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL
);
CREATE INDEX known_devices_user_idx ON known_devices (user_id);

CREATE TABLE attempts (
  subject    TEXT   NOT NULL PRIMARY KEY,   -- what is counted: an address, an account, or the two together
  failures   BIGINT NOT NULL,
  first_at   BIGINT NOT NULL,
  last_at    BIGINT NOT NULL
);
CREATE INDEX attempts_last_idx ON attempts (last_at);

-- Settings: one row per own value; the chain is folded from the root down.
CREATE TABLE settings (
  account_id TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name       TEXT    NOT NULL,
  value      TEXT    NOT NULL,              -- JSON
  locked     BOOLEAN NOT NULL DEFAULT FALSE,
  updated_at BIGINT  NOT NULL,
  PRIMARY KEY (account_id, name)
);

-- The audit log. Events are appended by the write itself; the sealer numbers and hashes them afterwards.
CREATE TABLE audit_events (
  id           TEXT   NOT NULL PRIMARY KEY,
  account_id   TEXT   NOT NULL,             -- no foreign key: the log outlives the account
  at           BIGINT NOT NULL,
  actor_kind   TEXT   NOT NULL,
  actor_id     TEXT   NOT NULL,
  acting_as    TEXT   NOT NULL DEFAULT '',
  credential   TEXT   NOT NULL,
  request_id   TEXT   NOT NULL,
  action       TEXT   NOT NULL,
  target_type  TEXT   NOT NULL,
  target_id    TEXT   NOT NULL,
  result       TEXT   NOT NULL DEFAULT 'done', -- or 'refused'
  personal     BYTEA  NOT NULL              -- hash of the personal part with its salt
);
CREATE INDEX audit_events_account_idx ON audit_events (account_id, at, id);
CREATE INDEX audit_events_target_idx ON audit_events (account_id, target_id, at, id);
CREATE INDEX audit_events_actor_idx ON audit_events (account_id, actor_id, at, id);

CREATE TABLE audit_personal (
  event_id   TEXT  NOT NULL PRIMARY KEY REFERENCES audit_events (id),
  salt       BYTEA NOT NULL,
  actor_name TEXT  NOT NULL,
  ip         TEXT  NOT NULL,
  target     TEXT  NOT NULL,                -- display name of the target
  changes    TEXT  NOT NULL                 -- JSON: [{field, before, after}]
);

CREATE TABLE audit_unsealed (
  event_id   TEXT   NOT NULL PRIMARY KEY REFERENCES audit_events (id),
  account_id TEXT   NOT NULL,
  at         BIGINT NOT NULL
);
CREATE INDEX audit_unsealed_order_idx ON audit_unsealed (account_id, at, event_id);

CREATE TABLE audit_seals (
  account_id TEXT   NOT NULL,
  seq        BIGINT NOT NULL,
  event_id   TEXT   NOT NULL REFERENCES audit_events (id),
  hash       BYTEA  NOT NULL,
  sealed_at  BIGINT NOT NULL,
  PRIMARY KEY (account_id, seq),
  CONSTRAINT audit_seals_event_uq UNIQUE (event_id)
);

-- Refused attempts: one row for each actor, permission, account and minute.
CREATE TABLE audit_refused (
  actor_id   TEXT   NOT NULL,
  perm       TEXT   NOT NULL,
  account_id TEXT   NOT NULL,
  minute     BIGINT NOT NULL,               -- Unix minutes
  times      BIGINT NOT NULL,
  PRIMARY KEY (actor_id, perm, account_id, minute)
);

CREATE TABLE jobs (
  id           TEXT   NOT NULL PRIMARY KEY,
  queue        TEXT   NOT NULL,
  kind         TEXT   NOT NULL,
  args         TEXT   NOT NULL,              -- JSON; erased when a job that carried a sealed secret is done
  state        TEXT   NOT NULL,
  account_id   TEXT   NOT NULL DEFAULT '',   -- the account the job is about
  unique_key   TEXT,
  run_at       BIGINT NOT NULL,
  attempt      BIGINT NOT NULL DEFAULT 0,
  max_attempts BIGINT NOT NULL,
  owner        TEXT   NOT NULL DEFAULT '',
  lease_until  BIGINT NOT NULL DEFAULT 0,
  last_error   TEXT   NOT NULL DEFAULT '',
  created_at   BIGINT NOT NULL,
  finished_at  BIGINT,
  CONSTRAINT jobs_state_ck CHECK (state IN ('ready', 'running', 'done', 'dead'))
);
CREATE INDEX jobs_ready_idx ON jobs (queue, run_at, id) WHERE state = 'ready';
CREATE INDEX jobs_running_idx ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished_idx ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique_uq ON jobs (kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'running');

CREATE TABLE leases (
  name       TEXT   NOT NULL PRIMARY KEY,    -- what only one process may do: a periodic job, the audit sealer
  owner      TEXT   NOT NULL,
  until      BIGINT NOT NULL,
  next_at    BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE membership_reminders (
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  end_date   TEXT   NOT NULL,
  step       TEXT   NOT NULL,                -- 'before-30', 'grace-2', ...: each is told once
  sent_at    BIGINT NOT NULL,
  PRIMARY KEY (account_id, end_date, step)
);

CREATE TABLE tasks (
  id          TEXT   NOT NULL PRIMARY KEY,
  account_id  TEXT   NOT NULL,
  kind        TEXT   NOT NULL,
  state       TEXT   NOT NULL,
  done        BIGINT NOT NULL DEFAULT 0,
  total       BIGINT NOT NULL DEFAULT 0,
  position    TEXT   NOT NULL DEFAULT '',    -- where to resume
  message     TEXT   NOT NULL DEFAULT '',
  created_by  TEXT   NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  CONSTRAINT tasks_state_ck CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX tasks_account_idx ON tasks (account_id, created_at);

CREATE TABLE saved_views (
  id         TEXT   NOT NULL PRIMARY KEY,
  user_id    TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  page       TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  name_fold  TEXT   /*postgres COLLATE "C"*/ NOT NULL,
  query      TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  CONSTRAINT saved_views_name_uq UNIQUE (user_id, account_id, page, name_fold)
);

CREATE TABLE installation (
  id         TEXT   NOT NULL PRIMARY KEY,
  value      TEXT   NOT NULL,
  updated_at BIGINT NOT NULL
);
