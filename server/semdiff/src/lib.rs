//! Two texts to hunks and entity changes; anchoring of hunks.
