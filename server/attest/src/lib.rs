//! The person's signing key, what is signed with it, and what the person trusts.
//!
//! The only holder of private keys. [`SigningKey::open`] opens the key and makes it on first use; [`sign`] and
//! [`verify`] put a proof into an envelope and take it out again, offline; [`sign_head`] and [`verify_head`] do so
//! with how far a ledger had come, which [`HeadStore`] keeps; [`TrustStore`] keeps which gates may run. What a proof or a gate means is
//! not known here.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests build their own worlds"))]

mod envelope;
mod heads;
mod key;
mod private;
mod trust;

pub use envelope::{
    ENVELOPE_LIMIT_BYTES, EnvelopeError, HEAD_TYPE, STATEMENT_TYPE, Verified, parse, sign,
    sign_head, stated, to_bytes, verify, verify_head,
};
pub use heads::{HeadError, HeadStore};
pub use key::{PublicKey, PublicKeyError, SigningKey};
pub use private::StoreError;
pub use trust::{TRUSTED_MAX, TrustStore};
