//! What policy says of a change.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Digest, RelPath, Severity};

/// What may happen to a change. Ordered: the stricter is the greater.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be accepted, by policy alone where the person allowed that.
    Allow,
    /// A person must look.
    Review,
    /// It may not be accepted.
    Deny,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allow => "allow",
            Self::Review => "review",
            Self::Deny => "deny",
        })
    }
}

/// The decision on one change, with every reason for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The strictest of the reasons; `allow` needs the rules to say so.
    pub decision: Decision,
    /// Which rules spoke, strictest first.
    pub reasons: Vec<VerdictReason>,
    /// Digest of the text of all policies that judged.
    pub policy_digest: Digest,
    /// Digest of the input they judged.
    pub input_digest: Digest,
}

/// One rule's word in a [`Verdict`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct VerdictReason {
    /// The rule: its package below `countersign`, e.g. `secrets.added`. Stable.
    pub rule: String,
    /// What it asks for.
    pub decision: Decision,
    /// How bad, for SARIF and editors.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The file it speaks of, if one.
    pub path: Option<RelPath>,
    /// Line from 0, if one.
    pub line: Option<u32>,
}
