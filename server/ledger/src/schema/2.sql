-- The last snapshot is looked for by its kind.
CREATE INDEX events_by_kind ON events (kind, seq);
