//! DSSE envelopes: signing, and verifying offline, with nothing taken that is not exactly what would be written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Digest, Envelope, EnvelopeSignature, LedgerHead, Proof, Statement, canonical_json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::key::{PublicKey, SigningKey};

/// The payload type of a [`Statement`].
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";

/// The payload type of a [`LedgerHead`].
pub const HEAD_TYPE: &str = "application/vnd.countersign.ledger-head+json";

/// The longest envelope that is read.
pub const ENVELOPE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// Why an envelope says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Above [`ENVELOPE_LIMIT_BYTES`].
    #[error("the envelope has more than {ENVELOPE_LIMIT_BYTES} bytes")]
    TooLong,
    /// It is no envelope.
    #[error("not an envelope: {0}")]
    Malformed(String),
    /// It, or what is in it, is written in another form than the one that is signed: white space, order, a member
    /// twice or one that is not known.
    #[error("{0} is not in canonical form: it was changed after it was written")]
    NotCanonical(&'static str),
    /// It holds something else.
    #[error("the payload is `{found}`, where `{wanted}` is needed")]
    OtherPayload {
        /// What it is.
        found: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// Not exactly one signature.
    #[error("it has {0} signatures, where one is needed")]
    Signatures(usize),
    /// None of the trusted keys signed it.
    #[error("it names the key {}, which is not among those you trust", .0.short())]
    UnknownKey(Digest),
    /// The signature is not that of the key over this payload.
    #[error("the signature does not match: the payload or the signature was changed")]
    Forged,
    /// The statement contradicts what it carries, or is of another version.
    #[error("the statement does not match the proof in it: {0}")]
    Contradiction(&'static str),
}

/// What an envelope says, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    /// What is said.
    pub said: T,
    /// The key that signed it.
    pub key: PublicKey,
}

/// Signs a proof: an in-toto statement about its diff and its resulting tree.
pub fn sign(key: &SigningKey, proof: &Proof) -> Envelope {
    seal(key, STATEMENT_TYPE, &Statement::of(proof))
}

/// The proof in an envelope, if one of the `trusted` keys signed exactly this.
///
/// # Errors
/// [`EnvelopeError`]; nothing it holds is then to be believed.
/// # Cost
/// One signature; the payload is read and written once. Offline.
pub fn verify(
    envelope: &Envelope,
    trusted: &[PublicKey],
) -> Result<Verified<Proof>, EnvelopeError> {
    let Verified { said, key } = open::<Statement>(envelope, STATEMENT_TYPE, trusted)?;
    if said.predicate.version != Proof::VERSION {
        return Err(EnvelopeError::Contradiction("the proof is of another version"));
    }
    if said != Statement::of(&said.predicate) {
        return Err(EnvelopeError::Contradiction("its type or its subjects differ"));
    }
    Ok(Verified { said: said.predicate, key })
}

/// The proof in an envelope as it stands there. Nothing is verified: for showing what a ledger of one's own holds, whose
/// events say what the digest of the proof is.
///
/// # Errors
/// [`EnvelopeError`]: it holds no proof.
pub fn stated(envelope: &Envelope) -> Result<Proof, EnvelopeError> {
    let said: Statement = exactly(&decoded(&envelope.payload)?, "the payload")?;
    Ok(said.predicate)
}

/// Signs how far a ledger had come.
pub fn sign_head(key: &SigningKey, head: &LedgerHead) -> Envelope {
    seal(key, HEAD_TYPE, head)
}

/// How far a ledger had come, if one of the `trusted` keys signed exactly this.
///
/// # Errors
/// As [`verify`].
pub fn verify_head(
    envelope: &Envelope,
    trusted: &[PublicKey],
) -> Result<Verified<LedgerHead>, EnvelopeError> {
    let verified = open::<LedgerHead>(envelope, HEAD_TYPE, trusted)?;
    if verified.said.version != 1 {
        return Err(EnvelopeError::Contradiction("the head is of another version"));
    }
    Ok(verified)
}

/// The bytes of an envelope, which [`parse`] reads.
pub fn to_bytes(envelope: &Envelope) -> Vec<u8> {
    canonical_json(envelope)
}

/// Reads an envelope; only what [`to_bytes`] writes is one. Nothing is verified yet.
///
/// # Errors
/// [`EnvelopeError::TooLong`], [`EnvelopeError::Malformed`], [`EnvelopeError::NotCanonical`].
pub fn parse(bytes: &[u8]) -> Result<Envelope, EnvelopeError> {
    if bytes.len() > ENVELOPE_LIMIT_BYTES {
        return Err(EnvelopeError::TooLong);
    }
    exactly(bytes, "the envelope")
}

fn seal<T: Serialize>(key: &SigningKey, payload_type: &str, payload: &T) -> Envelope {
    let payload = canonical_json(payload);
    let sig = STANDARD.encode(key.sign(&pre_authentication(payload_type, &payload)));
    Envelope {
        payload: STANDARD.encode(&payload),
        payload_type: payload_type.to_owned(),
        signatures: vec![EnvelopeSignature { keyid: key.public().id(), sig }],
    }
}

/// The signature comes first: what nobody trusted signed is not even read.
fn open<T: Serialize + DeserializeOwned>(
    envelope: &Envelope,
    wanted: &'static str,
    trusted: &[PublicKey],
) -> Result<Verified<T>, EnvelopeError> {
    if envelope.payload_type != wanted {
        let found = envelope.payload_type.chars().take(80).collect();
        return Err(EnvelopeError::OtherPayload { found, wanted });
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(EnvelopeError::Signatures(envelope.signatures.len()));
    };
    let key = trusted.iter().find(|key| key.id() == signature.keyid);
    let key = *key.ok_or(EnvelopeError::UnknownKey(signature.keyid))?;
    let payload = decoded(&envelope.payload)?;
    let bytes: [u8; 64] = decoded(&signature.sig)?.try_into().map_err(|_| EnvelopeError::Forged)?;
    if !key.verifies(&pre_authentication(wanted, &payload), &bytes) {
        return Err(EnvelopeError::Forged);
    }
    Ok(Verified { said: exactly(&payload, "the payload")?, key })
}

/// The pre-authentication encoding of DSSE 1.0: nobody can take the type of one payload for another's.
fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

fn decoded(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    STANDARD.decode(text).map_err(|error| EnvelopeError::Malformed(error.to_string()))
}

/// Reads JSON that is byte for byte what would be written for it.
fn exactly<T: Serialize + DeserializeOwned>(
    bytes: &[u8],
    what: &'static str,
) -> Result<T, EnvelopeError> {
    let value: T = serde_json::from_slice(bytes)
        .map_err(|error| EnvelopeError::Malformed(format!("{what}: {error}")))?;
    if canonical_json(&value) == bytes { Ok(value) } else { Err(EnvelopeError::NotCanonical(what)) }
}

#[cfg(test)]
mod tests;
