-- Everything that happened, in order. Nothing is ever changed or removed.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  -- Milliseconds since 1970-01-01T00:00:00Z.
  at INTEGER NOT NULL CHECK (at >= 0),
  -- JSON, one line, as it was hashed.
  actor TEXT NOT NULL,
  event TEXT NOT NULL,
  -- Hexadecimal SHA-256.
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  -- These repeat what the event says, so that it can be found.
  kind TEXT NOT NULL,
  changeset TEXT NOT NULL,
  settles INTEGER REFERENCES events (seq)
) STRICT;

CREATE INDEX events_by_changeset ON events (changeset, seq);

-- An operation has one outcome.
CREATE UNIQUE INDEX events_by_settled_operation ON events (settles) WHERE settles IS NOT NULL;

CREATE TRIGGER events_are_numbered_without_gaps BEFORE INSERT ON events
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN
  SELECT raise(ABORT, 'events are numbered without gaps');
END;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
  SELECT raise(ABORT, 'events are never changed');
END;

CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
BEGIN
  SELECT raise(ABORT, 'events are never removed');
END;

-- What the events about one ChangeSet fold to. May be dropped and replayed.
CREATE TABLE changesets (
  id TEXT PRIMARY KEY,
  proposed_seq INTEGER NOT NULL UNIQUE REFERENCES events (seq),
  updated_seq INTEGER NOT NULL REFERENCES events (seq),
  judged_seq INTEGER REFERENCES events (seq),
  open_operation INTEGER REFERENCES events (seq),
  -- JSON of the folded state.
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX changesets_with_open_operation ON changesets (open_operation)
WHERE open_operation IS NOT NULL;

-- Which unsaved files a live process has open. Not part of the log.
CREATE TABLE presence (
  holder TEXT NOT NULL,
  path TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (holder, path)
) STRICT, WITHOUT ROWID;
