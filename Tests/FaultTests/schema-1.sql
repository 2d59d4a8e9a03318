-- A store as the first release made it, empty: the schema of step 1, letter by letter, which never changes.

CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  owner TEXT NOT NULL,
  integration TEXT NOT NULL,
  scopes TEXT NOT NULL,
  labels TEXT NOT NULL,
  prefix TEXT NOT NULL,
  issuer TEXT NOT NULL,
  external_id TEXT,
  state TEXT NOT NULL CHECK (state = 'active' OR state = 'quarantined' OR state = 'revoked' OR state = 'expired'),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  lifetime INTEGER,
  last_used_at INTEGER,
  tracked_since INTEGER,
  idle_since INTEGER,
  provenance TEXT NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  ended_cause TEXT,
  current_version INTEGER,
  value_issued_at INTEGER,
  oldest_issued_at INTEGER,
  rotation_open INTEGER NOT NULL,
  awaiting_retirement INTEGER NOT NULL,
  overlap_ends_at INTEGER,
  destination_count INTEGER NOT NULL,
  event_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_name ON tokens (name, id);
CREATE UNIQUE INDEX tokens_live_name ON tokens (name) WHERE state IN ('active', 'quarantined');
CREATE UNIQUE INDEX tokens_external ON tokens (issuer, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX tokens_by_age ON tokens (oldest_issued_at)
  WHERE state = 'active' AND oldest_issued_at IS NOT NULL;
CREATE INDEX tokens_by_idleness ON tokens (idle_since)
  WHERE state = 'active' AND idle_since IS NOT NULL;
CREATE INDEX tokens_by_lifetime ON tokens (lifetime) WHERE state = 'active' AND lifetime IS NOT NULL;
CREATE INDEX tokens_by_end ON tokens (expires_at) WHERE state = 'active';

CREATE TABLE versions (
  token_id TEXT NOT NULL REFERENCES tokens (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL
    CHECK (state = 'pending' OR state = 'current' OR state = 'previous' OR state = 'unconfirmed' OR state = 'revoked' OR state = 'expired'),
  digest BLOB,
  hint TEXT NOT NULL,
  issued_at INTEGER,
  ends_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (token_id, number)
) STRICT;
CREATE UNIQUE INDEX versions_digest ON versions (digest) WHERE digest IS NOT NULL;
CREATE UNIQUE INDEX versions_pending ON versions (token_id) WHERE state = 'pending';
CREATE UNIQUE INDEX versions_current ON versions (token_id) WHERE state = 'current';

CREATE TABLE destinations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_id TEXT NOT NULL REFERENCES tokens (id),
  vault TEXT NOT NULL,
  path TEXT NOT NULL,
  field TEXT NOT NULL,
  baseline BLOB
) STRICT;
CREATE UNIQUE INDEX destinations_place ON destinations (token_id, vault, path, field);

CREATE TABLE rotations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_id TEXT NOT NULL REFERENCES tokens (id),
  from_version INTEGER NOT NULL,
  to_version INTEGER,
  phase TEXT NOT NULL CHECK (phase = 'open' OR phase = 'overlap' OR phase = 'done' OR phase = 'closed'),
  overlap INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  claim_actor TEXT NOT NULL,
  claim_cause TEXT NOT NULL,
  claim_run TEXT,
  policy TEXT,
  failures INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  cause TEXT
) STRICT;
CREATE UNIQUE INDEX rotations_unfinished ON rotations (token_id) WHERE phase IN ('open', 'overlap');

CREATE TABLE pushes (
  token_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  destination_id INTEGER NOT NULL REFERENCES destinations (id),
  state TEXT NOT NULL CHECK (state = 'unsent' OR state = 'sending' OR state = 'verified' OR state = 'fenced'),
  base TEXT,
  attempt INTEGER NOT NULL,
  verified_base TEXT,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (token_id, version, destination_id),
  FOREIGN KEY (token_id, version) REFERENCES versions (token_id, number)
) STRICT;

CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  plan TEXT NOT NULL,
  actor TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  aborted TEXT
) STRICT;
CREATE INDEX runs_by_finish ON runs (finished_at, number);

CREATE TABLE run_actions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  run TEXT NOT NULL REFERENCES runs (id),
  token_id TEXT NOT NULL,
  name TEXT NOT NULL,
  action TEXT NOT NULL,
  policy TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  deadline INTEGER,
  outcome TEXT NOT NULL,
  cause TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_actions_by_run ON run_actions (run, number);

CREATE TABLE findings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_id TEXT NOT NULL REFERENCES tokens (id),
  policy TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  closed_how TEXT
) STRICT;
CREATE UNIQUE INDEX findings_open ON findings (token_id, policy, rule) WHERE closed_at IS NULL;
CREATE INDEX findings_by_token ON findings (token_id, id);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_object ON audit (object, number);

CREATE TABLE events (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  token_id TEXT,
  seq INTEGER,
  at INTEGER NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_token ON events (token_id, seq) WHERE token_id IS NOT NULL;

CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL REFERENCES events (id),
  endpoint TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'delivered' OR state = 'dead'),
  attempts INTEGER NOT NULL,
  next_attempt_at INTEGER NOT NULL,
  status INTEGER,
  cause TEXT,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX deliveries_once ON deliveries (event_id, endpoint);
CREATE INDEX deliveries_waiting ON deliveries (endpoint, number, next_attempt_at)
  WHERE state = 'waiting';
CREATE INDEX deliveries_due ON deliveries (endpoint, next_attempt_at) WHERE state = 'waiting';
CREATE INDEX deliveries_by_state ON deliveries (state);

PRAGMA application_id = 1919906913;
PRAGMA user_version = 1;
