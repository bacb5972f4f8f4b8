-- What runs of gates showed, by what they were about, so that the same run is not made twice. Not part of the log:
-- rows may be dropped, and the runs are made again.
CREATE TABLE evidence (
  -- The digest of the subject: gate, tree, toolchain, environment, tier.
  subject TEXT NOT NULL,
  -- Of several runs of one subject, which; from 0.
  run INTEGER NOT NULL CHECK (run >= 0),
  -- The digest of what it showed, and the blob of its JSON.
  digest TEXT NOT NULL,
  blob TEXT NOT NULL,
  PRIMARY KEY (subject, run)
) STRICT, WITHOUT ROWID;

CREATE INDEX evidence_by_digest ON evidence (digest);
