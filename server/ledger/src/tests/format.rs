//! Ledgers of every released format replay, for ever.

use std::env;
use std::path::Path;

use model::{
    Adoption, ChangeSet, ChangeSetState, FileSide, Fingerprint, HunkPrint, ProofRef, ProofSummary,
    Snapshot, SnapshotFile, SnapshotSide, StoredEvent,
};

use super::*;
use crate::verify_export;

const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v1.jsonl");
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v2.jsonl");
const V3: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v3.jsonl");
const V4: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v4.jsonl");
const V5: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v5.jsonl");
const V6: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/ledger/v6.jsonl");

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
        Event::Saved { changeset: id, path: path("b/1.txt"), hunks: vec![] },
        Event::UndoRequested(intent(&second, &[1, 2], &holder)),
        Event::PartlyUndone(failed(17)),
        Event::UndoRequested(intent(&second, &[2], &holder)),
        Event::UndoFailed(Outcome { hunks: vec![], landed: vec![], ..failed(19) }),
    ];
    let third = ChangeSet { adopted: Some(Adoption::default()), ..changeset("c", 2) };
    store_blobs(&ledger, "c", 2);
    let print = HunkPrint {
        work: Fingerprint(Digest::of(b"work")),
        surroundings: Fingerprint(Digest::of(b"surroundings")),
    };
    let reject = |hunk| Event::RejectRequested {
        intent: intent(&third, &[hunk], &holder),
        reason: Some("not asked for".to_owned()),
        prints: vec![(hunk, print)],
    };
    let (before, after) = (&third.files[0].before, &third.files[0].after);
    let state = |side: &Option<FileSide>| SnapshotSide::Saved(side.clone().unwrap());
    let gone = SnapshotFile { path: path("gone"), side: SnapshotSide::Deleted };
    let newer = [
        Event::SnapshotTaken {
            snapshot: Snapshot {
                worktree: String::new(),
                head: None,
                branch: Some("main".to_owned()),
                files: vec![SnapshotFile { path: path("c/1.txt"), side: state(before) }, gone],
            },
            label: Some("before the agent's turn".to_owned()),
        },
        Event::Edited {
            worktree: String::new(),
            path: path("c/1.txt"),
            before: before.as_ref().map(|side| side.blob),
            after: after.as_ref().map(|side| side.blob),
        },
        proposed(&third),
        reject(1),
        Event::TakenOut(outcome(&third, 24, &[1], true)),
        reject(2),
        Event::TakeOutFailed(outcome(&third, 26, &[], false)),
        reject(2),
        Event::PartlyTakenOut(outcome(&third, 28, &[], false)),
        Event::Restored { changeset: third.id, hunks: vec![1] },
        Event::Adopted { changeset: third.id, hunks: vec![1] },
        Event::Superseded { changeset: third.id, hunks: vec![2], by: second.id },
    ];
    let Event::ChangeSetJudged { verdict, .. } = judged(&second, 1, 0.5) else { unreachable!() };
    let envelope = ledger.put_blob(b"a signed proof").unwrap();
    let digest = |text: &str| Digest::of(text.as_bytes());
    let proof = ProofRef {
        digest: digest("proof"),
        envelope,
        base: digest("base"),
        speaks_for: digest("result"),
        hunks: vec![1, 2],
        summary: ProofSummary { proving_tests: 1, ..ProofSummary::default() },
    };
    let newest = [
        Event::Proved { changeset: id, proof },
        Event::GlassBroken {
            changeset: id,
            hunks: vec![1],
            reason: "the tests are wrong".to_owned(),
            verdict,
        },
    ];
    let asked = |end: model::TaskEnd, queued: u64| {
        let task = model::Task {
            kind: model::TaskKind::Docs,
            objective: "document it".to_owned(),
            place: None,
            diagnostic: None,
            constraints: model::TaskConstraints::default(),
            budget: model::TaskBudget::default(),
            depends_on: [].into(),
            worker: Some("scribe".to_owned()),
        };
        let (id, queued) = (task.id(), OperationId(queued));
        let holder = holder.clone();
        [
            Event::TaskQueued { task: Box::new(task), holder },
            Event::TaskEnded { queued, task: id, end },
        ]
    };
    let tasks = [
        asked(model::TaskEnd::Proposed { changesets: vec![id] }, 35),
        asked(model::TaskEnd::Unchanged, 37),
        asked(model::TaskEnd::Failed { reason: "it fell over".to_owned() }, 39),
        asked(model::TaskEnd::Cancelled, 41),
    ];
    let tasks = tasks.into_iter().flatten();
    let pauses = [Event::Paused {}, Event::Resumed {}];
    let attempts = [
        Event::AttemptStarted {
            task: model::TaskId(digest("task")),
            worker: "scribe".to_owned(),
            reserved_ms: 600_000,
            holder: holder.clone(),
        },
        Event::AttemptEnded { attempt: OperationId(45), spent_ms: 1_234 },
        Event::BudgetRaised { by_ms: 1_800_000 },
    ];
    let events = events.into_iter().chain(newer).chain(newest).chain(tasks);
    let events = events.chain(pauses).chain(attempts);
    let events: Vec<Event> = events.collect();
    ledger.append_all(Timestamp(1_700_000_000_000), &actor(), &events).unwrap();
    let kinds: std::collections::BTreeSet<_> =
        ledger.events(1, 100).unwrap().iter().map(|stored| stored.event.kind()).collect();
    assert_eq!(kinds.len(), 31, "one of every kind: {kinds:?}");
    ledger.verify().unwrap();
    exported(&ledger)
}

/// How many events, ChangeSets and blobs an export has, its head, and what its events come to.
#[track_caller]
fn replays(
    file: &str,
    counts: (u64, u64, u64),
    head: &expect_test::Expect,
    states: &expect_test::Expect,
) {
    let stored = fs::read_to_string(file).unwrap();
    let verified = verify_export(stored.as_bytes()).unwrap();
    assert_eq!((verified.events, verified.changesets, verified.blobs), counts);
    head.assert_eq(&verified.head.to_string());
    states.assert_eq(&folded(&stored));
}

#[test]
fn format_1_replays() {
    replays(
        V1,
        (20, 2, 8),
        &expect_test::expect!["557da68b2dab0c1debf016cb6118f38490d80ad2b805890e9ed4208f3b27b392"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)"#]],
    );
}

#[test]
fn format_2_replays() {
    replays(
        V2,
        (32, 3, 12),
        &expect_test::expect!["8608c51c6b14b7dd64ded24ed47587de5ddaca2525aa11b6ea01f590e5dba3ae"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)
        change c: adopted: adopted, superseded"#]],
    );
}

#[test]
fn format_3_replays() {
    replays(
        V3,
        (34, 3, 13),
        &expect_test::expect!["a3be09571c751674b82cbadb61e4dfd26c6b1f0c0313577fd8ecb8e544f45ca4"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)
        change c: adopted: adopted, superseded"#]],
    );
}

#[test]
fn format_6_replays() {
    // A fixture is written once. What is written today may have more fields; the old text stays.
    if env::var_os("UPDATE_EXPECT").is_some() && !Path::new(V6).exists() {
        fs::write(V6, every_kind()).unwrap();
    }
    replays(
        V6,
        (47, 3, 13),
        &expect_test::expect!["e313b7dd2986cc89364b4c7a22ae273df93ee70bc21b18618f29a930c6af4591"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)
        change c: adopted: adopted, superseded"#]],
    );
}

#[test]
fn format_5_replays() {
    replays(
        V5,
        (44, 3, 13),
        &expect_test::expect!["b95e9e9119e8488d942571898e165f5f52970adc2d751df4310b1eb08a996a86"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)
        change c: adopted: adopted, superseded"#]],
    );
}

#[test]
fn format_4_replays() {
    replays(
        V4,
        (42, 3, 13),
        &expect_test::expect!["65403d636712296aaa7faa61de3f73e75794e2e7e849dc455fb30ff4a27ddd01"],
        &expect_test::expect![[r#"
        change a: undone: undone, rejected
        change b: partly accepted: undone (unsaved), accepted (unsaved)
        change c: adopted: adopted, superseded"#]],
    );
}

#[test]
fn what_format_1_kept_beside_its_events_is_replayed() {
    let world = World::new();
    let mut ledger = world.open();
    story(&mut ledger, "a");
    let before = ledger.states().unwrap();
    drop(ledger);
    let raw = world.raw();
    raw.execute_batch("DROP INDEX events_by_kind; DROP INDEX open_tasks; DROP TABLE evidence")
        .unwrap();
    raw.execute("UPDATE changesets SET state = '{\"as\": \"format 1 had it\"}'", []).unwrap();
    raw.pragma_update(None, "user_version", 1).unwrap();
    drop(raw);
    let ledger = world.open();
    assert_eq!(ledger.states().unwrap(), before);
    ledger.verify().unwrap();
}

/// What the events of an export come to.
fn folded(stored: &str) -> String {
    let mut states = std::collections::BTreeMap::new();
    for line in stored.lines() {
        let StoredEvent { seq, event, .. } = serde_json::from_str(line).unwrap();
        let Some(id) = event.changeset() else { continue };
        let state = ChangeSetState::fold(states.remove(&id), seq, &event).unwrap();
        states.insert(id, state);
    }
    let mut shown: Vec<_> = states
        .values()
        .map(|state| {
            let hunks: Vec<_> = state.hunks.values().map(|hunk| hunk.word()).collect();
            format!("{}: {}: {}", state.title, state.stage(), hunks.join(", "))
        })
        .collect();
    shown.sort();
    shown.join("\n")
}

#[test]
fn every_kind_of_event_is_exported_as_a_stored_event() {
    let text = every_kind();
    assert_eq!(verify_export(text.as_bytes()).unwrap().events, 47);
    for line in text.lines() {
        let stored: StoredEvent = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&stored).unwrap(), line);
    }
}
