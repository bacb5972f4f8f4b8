//! The hash chain: how an event becomes text, and how its hash is made.
//!
//! Hashes are over the stored text and never over a value written again, so events of an older version
//! keep their hash when fields are added.

use model::{Actor, Digest, Event, StoredEvent, Timestamp};

use crate::replay::Flaw;

/// What the text that is hashed starts with. A change of the recipe changes this line.
const RECIPE: &str = "countersign-event-1";

/// The hash before the first event: the digest of nothing.
pub fn genesis() -> Digest {
    Digest::of(b"")
}

/// The hash of an event: SHA-256 over these six lines, each ended by one `\n`.
///
/// ```text
/// countersign-event-1
/// <seq, decimal>
/// <at: milliseconds since 1970, decimal>
/// <actor: JSON as stored>
/// <event: JSON as stored>
/// <previous: 64 lower-case hexadecimal digits>
/// ```
///
/// Stored JSON holds no line break, so no two events have the same lines.
pub fn chain_hash(seq: u64, at: Timestamp, actor: &str, event: &str, previous: &Digest) -> Digest {
    let at = at.0;
    Digest::of(format!("{RECIPE}\n{seq}\n{at}\n{actor}\n{event}\n{previous}\n").as_bytes())
}

/// An event as its row or its line holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawEvent {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    /// JSON, verbatim.
    pub(crate) actor: String,
    /// JSON, verbatim.
    pub(crate) event: String,
    pub(crate) previous: Digest,
    pub(crate) hash: Digest,
}

impl RawEvent {
    /// The event after the one with the hash `previous`.
    pub(crate) fn sealed(
        seq: u64,
        at: Timestamp,
        actor: String,
        event: String,
        previous: Digest,
    ) -> Self {
        let hash = chain_hash(seq, at, &actor, &event, &previous);
        Self { seq, at, actor, event, previous, hash }
    }

    /// Checks it by itself and reads it. Cost: one pass to hash, one to parse.
    pub(crate) fn open(&self) -> Result<StoredEvent, Flaw> {
        self.check_hash()?;
        let actor: Actor = parse("actor", &self.actor)?;
        let event: Event = parse("event", &self.event)?;
        let (seq, at, previous, hash) = (self.seq, self.at, self.previous, self.hash);
        Ok(StoredEvent { seq, at, actor, event, previous, hash })
    }

    /// Checks that the content has the hash.
    pub(crate) fn check_hash(&self) -> Result<(), Flaw> {
        for (part, text) in [("actor", &self.actor), ("event", &self.event)] {
            if text.contains('\n') {
                return Err(Flaw::Unreadable { part, reason: "it holds a line break".to_owned() });
            }
        }
        let hash = chain_hash(self.seq, self.at, &self.actor, &self.event, &self.previous);
        if hash == self.hash { Ok(()) } else { Err(Flaw::Hash) }
    }
}

fn parse<'t, T: serde::Deserialize<'t>>(part: &'static str, text: &'t str) -> Result<T, Flaw> {
    serde_json::from_str(text).map_err(|error| Flaw::Unreadable { part, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipe_is_the_documented_one() {
        // printf 'countersign-event-1\n1\n5\n{}\n[]\n%s\n' "$(printf '' | sha256sum | cut -c1-64)" | sha256sum
        let hash = chain_hash(1, Timestamp(5), "{}", "[]", &genesis());
        assert_eq!(genesis().short(), "e3b0c44298fc");
        expect_test::expect!["1ea492ef1020f16283ab119efde2f08baf6f5d8459adbedea89025b5dc8244d4"]
            .assert_eq(&hash.to_string());
    }
}
