-- From here on there are events of pausing, which older versions cannot read: `paused` and `resumed`.
CREATE INDEX pauses ON events (seq) WHERE kind IN ('paused', 'resumed');
