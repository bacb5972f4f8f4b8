//! What a proposed hunk says, whatever stands around it: so that work once turned down is known again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Digest, DigestError};

/// The digest of a normalised text, shown as 64 hexadecimal digits. `semdiff` says what is normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub Digest);

impl Fingerprint {
    /// The first 12 digits, for people.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Fingerprint {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// By what a hunk is known again in a later proposal.
///
/// The same `work` and the same `surroundings`: it was judged before. The same `work` alone: what it is
/// about has changed since, so it deserves another look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HunkPrint {
    /// What it takes away and puts there, and in which named thing.
    pub work: Fingerprint,
    /// The named thing around it before the change.
    pub surroundings: Fingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_two_digests_in_json() {
        let print = HunkPrint {
            work: Fingerprint(Digest::of(b"a")),
            surroundings: Fingerprint(Digest::of(b"b")),
        };
        let json = serde_json::to_value(print).unwrap();
        assert_eq!(json["work"], Digest::of(b"a").to_string());
        assert_eq!(serde_json::from_value::<HunkPrint>(json).unwrap(), print);
        assert_eq!(print.work.to_string().parse(), Ok(print.work));
    }
}
