//! Ledgers of every released format replay, for ever.

use std::env;
use std::path::Path;

use model::{ChangeSetState, StoredEvent};

use super::*;
use crate::verify_export;

const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v1.jsonl");

/// One event of every kind.
fn every_kind() -> String {
    let world = World::new();
    let mut ledger = world.open();
    let first = story(&mut ledger, "a");
    let second = changeset("b", 2);
    store_blobs(&ledger, "b", 2);
    let holder = HolderId("1-dead".to_owned());
    let (id, failed) = (second.id, |operation| Outcome {
        failed: vec![model::FailedFile {
            path: path("b/2.txt"),
            reason: "it changed meanwhile".to_owned(),
        }],
        ..outcome(&second, operation, &[1], false)
    });
    let events = [
        Event::AcceptFailed(Outcome {
            hunks: vec![],
            landed: vec![],
            ..outcome(&first, 8, &[], true)
        }),
        proposed(&second),
        Event::AcceptRequested(intent(&second, &[1, 2], &holder)),
        Event::PartlyAccepted(failed(11)),
        Event::Withdrawn { changeset: id, hunks: vec![1], reason: "closed unsaved".to_owned() },
        Event::AcceptRequested(intent(&second, &[1, 2], &holder)),
        Event::Accepted(outcome(&second, 14, &[1, 2], false)),
        Event::Saved { changeset: id, path: path("b/1.txt") },
        Event::UndoRequested(intent(&second, &[1, 2], &holder)),
        Event::PartlyUndone(failed(17)),
        Event::UndoRequested(intent(&second, &[2], &holder)),
        Event::UndoFailed(Outcome { hunks: vec![], landed: vec![], ..failed(19) }),
    ];
    ledger.append_all(Timestamp(1_700_000_000_000), &actor(), &events).unwrap();
    let kinds: std::collections::BTreeSet<_> =
        ledger.events(1, 100).unwrap().iter().map(|stored| stored.event.kind()).collect();
    assert_eq!(kinds.len(), 13, "one of every kind: {kinds:?}");
    ledger.verify().unwrap();
    exported(&ledger)
}

#[test]
fn format_1_replays() {
    // The fixture is written once. What is written today may have more fields; the old text stays.
    if env::var_os("UPDATE_EXPECT").is_some() && !Path::new(V1).exists() {
        fs::create_dir_all(Path::new(V1).parent().unwrap()).unwrap();
        fs::write(V1, every_kind()).unwrap();
    }
    let stored = fs::read_to_string(V1).unwrap();
    let verified = verify_export(stored.as_bytes()).unwrap();
    assert_eq!((verified.events, verified.changesets, verified.blobs), (20, 2, 8));
    expect_test::expect!["557da68b2dab0c1debf016cb6118f38490d80ad2b805890e9ed4208f3b27b392"]
        .assert_eq(&verified.head.to_string());

    let mut states = std::collections::BTreeMap::new();
    for line in stored.lines() {
        let StoredEvent { seq, event, .. } = serde_json::from_str(line).unwrap();
        let state = ChangeSetState::fold(states.remove(&event.changeset()), seq, &event).unwrap();
        states.insert(event.changeset(), state);
    }
    let mut shown: Vec<_> = states
        .values()
        .map(|state| {
            let hunks: Vec<_> = state.hunks.values().map(|hunk| hunk.word()).collect();
            format!("{}: {}: {}", state.title, state.stage(), hunks.join(", "))
        })
        .collect();
    shown.sort();
    expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn every_kind_of_event_is_exported_as_a_stored_event() {
    let text = every_kind();
    assert_eq!(verify_export(text.as_bytes()).unwrap().events, 20);
    for line in text.lines() {
        let stored: StoredEvent = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&stored).unwrap(), line);
    }
}
