//! Evidence is found by what it is about, and never believed when it is not what its name says.

use model::{Evidence, EvidenceRecord, EvidenceSubject, GateKind, GateOutcome, SandboxTier};

use super::*;
use crate::{EVIDENCE_RUNS_MAX, EvidenceError};

fn evidence(tree: &str, outcome: GateOutcome) -> Evidence {
    let digest = |text: &str| Digest::of(text.as_bytes());
    Evidence {
        version: Evidence::VERSION,
        subject: EvidenceSubject {
            gate: "cargo.test".parse().unwrap(),
            kind: GateKind::Test,
            gate_digest: digest("gate"),
            tree: digest(tree),
            toolchain: digest("rustc"),
            environment: digest("linux"),
            tier: SandboxTier::Namespaces,
        },
        outcome,
        exit_code: Some(0),
        tests: vec![],
        findings: vec![],
        coverage: None,
        record: EvidenceRecord::default(),
    }
}

#[test]
fn runs_are_found_by_their_subject_in_order_and_by_their_name() {
    let world = World::new();
    let mut ledger = world.open();
    let (first, second) = (evidence("a", GateOutcome::Passed), evidence("a", GateOutcome::Failed));
    assert_eq!(ledger.evidence_of(&first.subject).unwrap(), []);
    for one in [&first, &second, &evidence("b", GateOutcome::Passed)] {
        ledger.keep_evidence(one).unwrap();
    }
    assert_eq!(ledger.evidence_of(&first.subject).unwrap(), [first.clone(), second.clone()]);
    assert_eq!(ledger.evidence(&second.digest()).unwrap(), Some(second.clone()));
    assert_eq!(ledger.evidence(&Digest::of(b"none")).unwrap(), None);
    for _ in 0..EVIDENCE_RUNS_MAX {
        ledger.keep_evidence(&first).unwrap();
    }
    assert_eq!(ledger.evidence_of(&first.subject).unwrap().len(), EVIDENCE_RUNS_MAX);
    ledger.verify().unwrap();
}

#[test]
fn what_is_not_what_its_name_says_is_run_again_and_told_when_asked_for() {
    let world = World::new();
    let mut ledger = world.open();
    let (one, other) = (evidence("a", GateOutcome::Failed), evidence("b", GateOutcome::Passed));
    ledger.keep_evidence(&one).unwrap();
    ledger.keep_evidence(&other).unwrap();
    let raw = world.raw();
    // Somebody lets a run of another tree pass for this one's.
    let swap = "UPDATE evidence SET blob = (SELECT blob FROM evidence WHERE digest = ?1) WHERE digest = ?2";
    raw.execute(swap, [other.digest().to_string(), one.digest().to_string()]).unwrap();
    assert_eq!(ledger.evidence_of(&one.subject).unwrap(), []);
    assert!(matches!(ledger.evidence(&one.digest()), Err(EvidenceError::Other { .. })));
}
