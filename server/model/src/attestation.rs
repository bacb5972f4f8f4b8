//! What is signed, and the envelope around it: DSSE, in-toto Statement v1. Declared here, signed in `attest`.

use serde::{Deserialize, Serialize};

use crate::{Digest, Proof, Timestamp};

/// A signed payload, as DSSE 1.0 writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The payload, in base64 with padding.
    pub payload: String,
    /// What the payload is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Who signed it; Countersign writes and takes exactly one.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an [`Envelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// The SHA-256 of the public key's 32 bytes.
    pub keyid: Digest,
    /// The ed25519 signature over the pre-authentication encoding, in base64 with padding.
    pub sig: String,
}

/// An in-toto Statement, version 1, about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`Statement::TYPE`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// What it is about: `diff`, the file changes, and `result`, the tree they lead to.
    pub subject: Vec<StatementSubject>,
    /// [`Statement::PREDICATE`].
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is said.
    pub predicate: Proof,
}

/// One thing that a [`Statement`] is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementSubject {
    /// Which part.
    pub name: String,
    /// Its digest.
    pub digest: SubjectDigest,
}

/// The digests of a [`StatementSubject`], by algorithm: one, and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// The SHA-256.
    pub sha256: Digest,
}

impl Statement {
    /// Which form this is.
    pub const TYPE: &str = "https://in-toto.io/Statement/v1";
    /// Which predicate: a [`Proof`] of version 1.
    pub const PREDICATE: &str = "urn:countersign:proof:1";

    /// The one statement that a proof makes.
    pub fn of(proof: &Proof) -> Self {
        let subject = |name: &str, sha256| StatementSubject {
            name: name.to_owned(),
            digest: SubjectDigest { sha256 },
        };
        Self {
            kind: Self::TYPE.to_owned(),
            subject: vec![subject("diff", proof.diff.digest), subject("result", proof.speaks_for)],
            predicate_type: Self::PREDICATE.to_owned(),
            predicate: proof.clone(),
        }
    }
}

/// How far a ledger had come: who keeps it signed notices when the end of the log is cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerHead {
    /// Version of this contract: 1.
    pub version: u32,
    /// The last event.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// When that was so.
    pub time: Timestamp,
}

/// What a person trusts of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRecord {
    /// Version of this contract: 1.
    pub version: u32,
    /// The repository, for people; the name of the file says which it is.
    pub repository: String,
    /// The sets of gates that are trusted, oldest first.
    pub gates: Vec<TrustedGates>,
}

/// One set of gates that a person trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedGates {
    /// Their definitions, canonical and all together.
    pub digest: Digest,
    /// How many they are.
    pub count: u32,
    /// Who trusts them.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
}
