use model::Timestamp;
use proptest::prelude::*;

use super::*;

/// A proof with every part of it used, as its contract is kept.
fn proof() -> Proof {
    serde_json::from_str(include_str!("../../../../fixtures/proofs/proof.json")).unwrap()
}

fn key() -> SigningKey {
    let home = tempfile::tempdir().unwrap();
    SigningKey::open(home.path()).unwrap()
}

fn read(bytes: &[u8], trusted: &[PublicKey]) -> Result<Proof, EnvelopeError> {
    verify(&parse(bytes)?, trusted).map(|verified| verified.said)
}

#[test]
fn what_was_signed_is_verified_and_says_who_signed() {
    let key = key();
    let bytes = to_bytes(&sign(&key, &proof()));
    let verified = verify(&parse(&bytes).unwrap(), &[self::key().public(), key.public()]).unwrap();
    assert_eq!(verified, Verified { said: proof(), key: key.public() });
    assert_eq!(bytes, to_bytes(&sign(&key, &proof())), "signing is deterministic");
}

/// The example of the DSSE specification, so that other programs verify what we sign.
#[test]
fn the_encoding_is_that_of_the_specification() {
    let encoded = pre_authentication("http://example.com/HelloWorld", b"hello world");
    assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

#[test]
fn the_payload_is_an_in_toto_statement_about_the_diff_and_the_result() {
    let envelope = sign(&key(), &proof());
    let payload: serde_json::Value =
        serde_json::from_slice(&STANDARD.decode(&envelope.payload).unwrap()).unwrap();
    assert_eq!(payload["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(payload["subject"][0]["name"], "diff");
    assert_eq!(payload["subject"][0]["digest"]["sha256"], proof().diff.digest.to_string());
    assert_eq!(payload["subject"][1]["digest"]["sha256"], proof().speaks_for.to_string());
    assert_eq!(payload["predicate"]["version"], 1);
}

#[test]
fn nobody_else_signs_for_a_key() {
    let (ours, theirs) = (key(), key());
    let forged = sign(&theirs, &proof());
    let id = theirs.public().id();
    assert_eq!(verify(&forged, &[ours.public()]), Err(EnvelopeError::UnknownKey(id)));
    assert_eq!(verify(&forged, &[]), Err(EnvelopeError::UnknownKey(id)));
    let mut renamed = forged;
    renamed.signatures[0].keyid = ours.public().id();
    assert_eq!(verify(&renamed, &[ours.public()]), Err(EnvelopeError::Forged));
}

#[test]
fn only_one_form_is_taken() {
    let key = key();
    let trusted = [key.public()];
    let whole = String::from_utf8(to_bytes(&sign(&key, &proof()))).unwrap();
    let twice = whole.replacen('{', "{\"payloadType\":\"x\",", 1);
    assert!(matches!(read(twice.as_bytes(), &trusted), Err(EnvelopeError::Malformed(_))));
    let more = whole.replacen('{', "{\"extra\":1,", 1);
    assert!(matches!(read(more.as_bytes(), &trusted), Err(EnvelopeError::Malformed(_))));
    let spaced = format!("{whole} ");
    assert_eq!(read(spaced.as_bytes(), &trusted), Err(EnvelopeError::NotCanonical("the envelope")));
    let mut double = sign(&key, &proof());
    double.signatures.push(double.signatures[0].clone());
    assert_eq!(verify(&double, &trusted), Err(EnvelopeError::Signatures(2)));
    double.signatures.clear();
    assert_eq!(verify(&double, &trusted), Err(EnvelopeError::Signatures(0)));
}

/// A payload that a trusted key signed is not thereby in order.
#[test]
fn what_is_signed_has_one_form_too() {
    let key = key();
    let trusted = [key.public()];
    let signed = |payload: &[u8]| {
        let sig = STANDARD.encode(key.sign(&pre_authentication(STATEMENT_TYPE, payload)));
        let signatures = vec![EnvelopeSignature { keyid: key.public().id(), sig }];
        let (payload, payload_type) = (STANDARD.encode(payload), STATEMENT_TYPE.to_owned());
        verify(&Envelope { payload, payload_type, signatures }, &trusted).map(|v| v.said)
    };
    let statement = Statement::of(&proof());
    let whole = String::from_utf8(canonical_json(&statement)).unwrap();
    assert_eq!(signed(whole.as_bytes()), Ok(proof()));
    let inner = whole.replacen("\"predicate\":{", "\"predicate\":{\"aaa\":1,", 1);
    assert_eq!(signed(inner.as_bytes()), Err(EnvelopeError::NotCanonical("the payload")));
    let other = Statement { subject: statement.subject[..1].to_vec(), ..statement.clone() };
    assert!(matches!(signed(&canonical_json(&other)), Err(EnvelopeError::Contradiction(_))));
    let later = Statement { predicate: Proof { version: 2, ..proof() }, ..statement };
    assert!(matches!(signed(&canonical_json(&later)), Err(EnvelopeError::Contradiction(_))));
}

#[test]
fn a_head_is_no_proof_and_a_proof_no_head() {
    let key = key();
    let trusted = [key.public()];
    let head = LedgerHead { version: 1, seq: 7, hash: Digest::of(b"event"), time: Timestamp(12) };
    let envelope = sign_head(&key, &head);
    assert_eq!(verify_head(&envelope, &trusted).unwrap().said, head);
    assert!(matches!(verify(&envelope, &trusted), Err(EnvelopeError::OtherPayload { .. })));
    // Nor by another name: the type is signed, too.
    let renamed = Envelope { payload_type: STATEMENT_TYPE.to_owned(), ..envelope };
    assert_eq!(verify(&renamed, &trusted), Err(EnvelopeError::Forged));
    let proof = sign(&key, &proof());
    assert!(matches!(verify_head(&proof, &trusted), Err(EnvelopeError::OtherPayload { .. })));
}

/// A proof with little in it, so that there are few bytes to try.
fn small() -> Proof {
    let whole = proof();
    let validation = model::Validation::default();
    Proof { validation, risks: Vec::new(), tests: Vec::new(), rationale: String::new(), ..whole }
}

#[test]
fn every_byte_counts() {
    let key = key();
    let trusted = [key.public()];
    let whole = to_bytes(&sign(&key, &small()));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(read(&bytes, &trusted).is_err(), "byte {at} of {}", whole.len());
    }
}

static SIGNED: std::sync::LazyLock<(PublicKey, Vec<u8>)> = std::sync::LazyLock::new(|| {
    let key = key();
    (key.public(), to_bytes(&sign(&key, &small())))
});

proptest! {
    #[test]
    fn no_other_bytes_are_taken_for_it(
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
        what in 0..3,
    ) {
        let (key, whole) = &*SIGNED;
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        match what {
            0 => bytes[at] = with,
            1 => bytes.insert(at, with),
            _ => bytes.truncate(at),
        }
        prop_assert_eq!(read(&bytes, &[*key]).is_ok(), bytes == *whole);
    }
}
