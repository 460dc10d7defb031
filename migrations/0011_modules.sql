-- The operator's own modules: screens of its other applications that take their rights from here.
CREATE TABLE modules (
  key        TEXT   /*postgres COLLATE "C"*/ NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL,
  icon       TEXT   NOT NULL,
  link       TEXT   NOT NULL DEFAULT '',    -- https address or path that it opens at; '' stands in no navigation
  actions    TEXT   NOT NULL,               -- JSON: [{key, name}]
  version    BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
